/** Reads the declaration of one partition. */
import * as z from 'zod';
import type { DeviceConfig } from '../../config/schema.ts';
import { EMPTY_STATE } from '../../domain/declared/declared.ts';
import { declarationOf } from '../rest/answers.ts';
import { readTenant } from '../as3/read.ts';
import type { As3Tenant } from '../as3/types.ts';
import type { DeclaredPartition, PartitionReading } from '../../device/reading.ts';
import { DeviceError } from '../../device/errors.ts';
import type { Session } from '../rest/session.ts';
import type { DeviceResponse } from '../rest/transport.ts';

/** A partition's declaration, and the name of the unit that declared it last, if known. */
export interface FoundDeclaration {
  readonly reading: PartitionReading;
  readonly declaredBy: string | undefined;
}

/** URL path of the declaration of one partition. */
export function declarePath(partition: string): string {
  return `/mgmt/shared/appsvcs/declare/${partition}?showHash=true`;
}

/** Reads the partitions of one device. */
export type PartitionReader = (partition: string) => Promise<FoundDeclaration>;

/**
 * The last declaration of each partition. The lock key is a digest of everything stored in a
 * partition (as3.md §9.4), so a reading with the same key is equal, whichever unit answers: a
 * thousand exposures are parsed once per declaration, not once per event. apply and express have
 * connections of their own and share this in one process.
 */
const LAST = new WeakMap<
  DeviceConfig,
  Map<string, { readonly key: string; readonly found: FoundDeclaration }>
>();

function lastOf(config: DeviceConfig): NonNullable<ReturnType<(typeof LAST)['get']>> {
  const last = LAST.get(config) ?? new Map();
  LAST.set(config, last);
  return last;
}

/** What was just declared need not be parsed, if it is still there with the next reading. */
export function rememberDeclared(
  config: DeviceConfig,
  partition: string,
  { state, lockKey: key }: DeclaredPartition,
  declaredBy: string | undefined,
): void {
  if (key === undefined) return;
  // As it is rendered if it is not said.
  const declared = { state: { ...state, shareNodes: state.shareNodes ?? false }, lockKey: key };
  lastOf(config).set(partition, {
    key,
    found: { reading: { kind: 'ours', declared }, declaredBy },
  });
}

/** Undefined if AS3 does not declare the partition. */
function findTenant(
  session: Session,
  config: DeviceConfig,
  partition: string,
): Promise<As3Tenant | undefined> {
  return session.find(
    { path: declarePath(partition), kind: 'declared' },
    declarationOf(partition),
    (answer) => notAbsent(config, partition, answer),
  );
}

/** Whether the partition belongs to a declaration, of whomever. */
export async function isDeclared(
  session: Session,
  config: DeviceConfig,
  partition: string,
): Promise<boolean> {
  return (await findTenant(session, config, partition)) !== undefined;
}

/** Reads the partitions of one device over this session. */
export function createPartitionReader(session: Session, config: DeviceConfig): PartitionReader {
  const last = lastOf(config);
  return async (partition) => {
    const tenant = await findTenant(session, config, partition);
    if (!tenant)
      return { reading: await absent(session, config, partition), declaredBy: undefined };
    const key = tenant['optimisticLockKey'];
    const before = last.get(partition);
    if (before !== undefined && before.key === key) return before.found;
    const found = foundOf(tenant, partition);
    if (typeof key === 'string') last.set(partition, { key, found });
    return found;
  };
}

/**
 * AS3's messages for a tenant that is not declared; the second one before anything was ever declared
 * (as3.md §1.5). "unable to retrieve declaration" is also 404, but means that AS3 failed internally.
 */
const ABSENT = /not found in declaration|declaration in specified path not found/i;

/** The error for a 404 that does not say that the declaration is missing. */
function notAbsent(
  { name }: DeviceConfig,
  partition: string,
  { status, text }: DeviceResponse,
): DeviceError | undefined {
  if (status !== 404 || ABSENT.test(text)) return undefined;
  if (/not registered/i.test(text))
    return new DeviceError(
      'BIP404',
      'device',
      `${name}: AS3 is not installed or still starting; install the AS3 package (3.50 or newer)`,
      { response: text },
    );
  return new DeviceError(
    'BIP509',
    'transient',
    `${name}, partition ${partition}: AS3 cannot read its own declaration`,
    { response: text },
  );
}

/** Undefined if the answer does not contain the tenant. */
export function foundIn({ json }: DeviceResponse, partition: string): FoundDeclaration | undefined {
  const tenant = declarationOf(partition).safeParse(json).data;
  return tenant && foundOf(tenant, partition);
}

/** Separates the name of the declaring unit from the constants, and reads the rest. */
function foundOf(tenant: As3Tenant, partition: string): FoundDeclaration {
  const { unit, ...constants } = (tenant['constants'] ?? {}) as { readonly unit?: unknown };
  const declaredBy = typeof unit === 'string' ? unit : undefined;
  const result = readTenant(partition, unit === undefined ? tenant : { ...tenant, constants });
  if (result.kind === 'refused') return { reading: result, declaredBy };
  const lockKey = tenant['optimisticLockKey'];
  return {
    reading: {
      kind: 'ours',
      declared: { state: result.state, ...(typeof lockKey === 'string' ? { lockKey } : {}) },
    },
    declaredBy,
  };
}

/** Adds the name of the unit, so that the other unit notices that it took over. */
export function withUnitName(tenant: As3Tenant, unit: string | undefined): As3Tenant {
  return unit === undefined
    ? tenant
    : { ...tenant, constants: { ...(tenant['constants'] as object | undefined), unit } };
}

/** Whether BIG-IP has the partition, declared or not. */
export async function existsOnDevice(session: Session, partition: string): Promise<boolean> {
  const path = `/mgmt/tm/auth/partition/${partition}`;
  return (await session.find({ path }, z.looseObject({}))) !== undefined;
}

/** No declaration: allowed, unless the partition exists already, which AS3 would take over. */
async function absent(
  session: Session,
  config: DeviceConfig,
  partition: string,
): Promise<PartitionReading> {
  if (config.adoptPartitions || !(await existsOnDevice(session, partition)))
    return { kind: 'ours', declared: { state: EMPTY_STATE } };
  return {
    kind: 'refused',
    code: 'OWN303',
    reason:
      `partition ${partition} exists on ${config.name}, but Sluice did not create it; ` +
      'use another partition, or set devices[].adoptPartitions: ' +
      'true if it is empty and intended for Sluice',
  };
}
