/**
 * One BIG-IP or HA pair as a device: reads the declaration, declares, and inspects the live state.
 */
import type { DeviceConfig } from '../config/schema.ts';
import type { DeclaredState } from '../domain/declared/declared.ts';
import { EMPTY_STATE, isSameContent } from '../domain/declared/declared.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { findAbandoned } from './state/abandoned.ts';
import { renderTenant } from './as3/render.ts';
import { BIGIP } from './capabilities.ts';
import { openSession } from './rest/connect.ts';
import type { ConnectOptions, DeviceSecrets } from './rest/connect.ts';
import { postDeclaration } from './rest/declare.ts';
import { findDrift } from './drift/drift.ts';
import type { Device, FencesBehind } from '../device/device.ts';
import { DeviceError } from '../device/errors.ts';
import { createFenceWatch } from './ha/fences.ts';
import type { Configured } from './ha/fences.ts';
import { foreignAddresses } from './state/foreign.ts';
import { foreignServers } from './state/foreign-servers.ts';
import { memberHealth } from './state/health.ts';
import { liveMismatches } from './state/live.ts';
import { writeBack } from './drift/write-back.ts';
import { readNetworkFacts } from './net/facts.ts';
import { createPathAccess } from './net/paths.ts';
import { listNodes, reconcileNodes, resetNodes } from './state/nodes.ts';
import type { PartitionReader } from './state/partition.ts';
import {
  createPartitionReader,
  declarePath,
  existsOnDevice,
  foundIn,
  isDeclared,
  rememberDeclared,
  withUnitName,
} from './state/partition.ts';
import type { PartitionReading } from '../device/reading.ts';
import { missingReferences } from './state/references.ts';
import type { DeviceSession } from './rest/session.ts';
import { isLocked } from './rest/tasks.ts';
import { readDeviceFacts } from './state/status.ts';
import { syncToGroup } from './ha/sync.ts';

/** What a device needs besides its configuration and secrets; all of it is optional. */
export interface DeviceSurroundings extends Pick<
  ConnectOptions,
  'random' | 'log' | 'dryRun' | 'timeoutMs' | 'largest'
> {
  /**
   * Called if the declaration is older than an earlier one; rejects if the report could not be
   * sent.
   */
  readonly onFencesBehind?: (behind: FencesBehind) => Promise<void>;
  readonly configured?: Configured;
}

/** Opens the session lazily: nothing is sent until the first call. */
export function createDevice(
  config: DeviceConfig,
  secrets: DeviceSecrets,
  clock: Clock,
  surroundings: DeviceSurroundings = {},
): Device {
  const session = openSession(config, secrets, clock, surroundings);
  const readPartition = createPartitionReader(session, config);
  const declarations = createDeclarations(
    { session, config, clock, ...surroundings },
    readPartition,
  );
  return {
    name: config.name,
    capabilities: BIGIP,
    read: declarations.read,
    declare: async (partition, next, lockKey, expected) => {
      const { key, took: created } =
        lockKey === undefined ? await declarations.create(partition) : { key: lockKey };
      // An address is returned to service before another pod uses it.
      if (next.shareNodes !== true) await resetNodes(session, partition, next);
      const declared = await declarations.declare(partition, next, key, expected);
      return created === undefined ? declared : { ...declared, created };
    },
    isHeld: () => isLocked(session),
    prepare: declarations.prepare,
    remove: declarations.remove,
    verify: (partition, state) => liveMismatches(session, partition, state),
    health: (partition, state) => memberHealth(session, partition, state),
    nodes: (partition) => listNodes(session, partition),
    // Shared nodes are in /Common, where Sluice does not write directly.
    reconcileMembers: (partition, state) =>
      state.shareNodes === true ? Promise.resolve([]) : reconcileNodes(session, partition, state),
    drift: (partition, state) => findDrift(session, partition, state),
    writeBack: async (partition, differences) => {
      const changed = await writeBack(session, partition, differences);
      if (changed.length > 0) await sync(session, clock, config, surroundings.log);
      return changed;
    },
    foreign: () => foreignAddresses(session, config.partitions),
    foreignServers: () => foreignServers(session, config.partitions),
    abandoned: async () =>
      findAbandoned(await foreignAddresses(session, config.partitions), readPartition),
    missing: (references) => missingReferences(session, references),
    networks: () =>
      readNetworkFacts(session, {
        config,
        isDeclared: (partition) => isDeclared(session, config, partition),
      }),
    facts: () => readDeviceFacts(session, clock),
    paths: createPathAccess(session, config, () => sync(session, clock, config, surroundings.log)),
    close: () => session.close(),
  };
}

/** Reads and writes declarations, and watches their fences. */
interface Declarations extends Pick<Device, 'read' | 'declare' | 'prepare' | 'remove'> {
  /**
   * Creates a partition; resolves with its lock key, and the milliseconds that it took. Rejects if
   * it has content since.
   */
  create(partition: string): Promise<{ readonly key: string; readonly took?: number }>;
}

/** What all methods of the device share. */
interface Connected extends DeviceSurroundings {
  readonly session: DeviceSession;
  readonly config: DeviceConfig;
  readonly clock: Clock;
}

/** The part of the device that reads, declares and verifies partitions. */
function createDeclarations(
  { session, config, clock, ...surroundings }: Connected,
  readPartition: PartitionReader,
): Declarations {
  const fences = createFenceWatch(
    config.name,
    surroundings.onFencesBehind ?? (() => Promise.resolve()),
    surroundings.configured,
  );
  const read = async (partition: string): Promise<PartitionReading> => {
    const { hostname } = await session.facts();
    const { reading, declaredBy } = await readPartition(partition);
    if (reading.kind === 'ours')
      await fences.check(
        partition,
        { owners: reading.declared.state.owners, declaredBy, unit: hostname },
        () => ownersElsewhere(session, partition),
      );
    return reading;
  };
  const declare: Device['declare'] = async (partition, state, lockKey, expected) => {
    const { hostname } = await session.facts();
    const rendered = withUnitName(renderTenant(state, { shareNodes: false }), hostname);
    const tenant = lockKey === undefined ? rendered : { ...rendered, optimisticLockKey: lockKey };
    const outcome = await postDeclaration(session, clock, config, { partition, tenant, expected });
    fences.declared(partition, state.owners);
    const { lockKey: stored } = outcome;
    if (stored !== undefined)
      rememberDeclared(config, partition, { state, lockKey: stored }, hostname);
    await sync(session, clock, config, surroundings.log);
    return outcome;
  };
  /**
   * The lock key does not protect the first write, so the tenant is created empty and all later
   * writes are protected. An unknown key is ignored while the tenant does not exist, and refused
   * once another writer created it.
   */
  const createEmpty = (partition: string): ReturnType<typeof declare> =>
    declare(partition, EMPTY_STATE, 'nobody was here');
  const create: Declarations['create'] = async (partition) => {
    const { took } = await createEmpty(partition);
    const key = keyOfEmpty(`${config.name}: partition ${partition}`, await read(partition));
    return { key, ...(took !== undefined && { took }) };
  };
  const prepare = async (partition: string): Promise<boolean> => {
    const reading = await read(partition);
    if (reading.kind === 'refused' || reading.declared.lockKey !== undefined) return false;
    // What is in a partition that is taken over stays until its first exposure.
    if (config.adoptPartitions && (await existsOnDevice(session, partition))) return false;
    return isFirst(createEmpty(partition));
  };
  const remove: Device['remove'] = async (partition, lockKey) => {
    await removeTenant({ session, config, clock, ...surroundings }, partition, lockKey);
    fences.declared(partition, {});
  };
  return { read, declare, create, prepare, remove };
}

/** Whether the write succeeds: false if another writer was faster. */
async function isFirst(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'BIP430') return false;
    throw error;
  }
}

/** AS3 forgets a tenant only if it has nothing but its class (as3.md §1.2). */
async function removeTenant(
  { session, clock, config, log }: Connected,
  partition: string,
  optimisticLockKey: string,
): Promise<void> {
  const tenant = { class: 'Tenant', optimisticLockKey } as const;
  await postDeclaration(session, clock, config, { partition, tenant });
  await sync(session, clock, config, log);
}

/**
 * The content to declare was planned for an empty partition. If another writer declared its own
 * since, the key of that would allow to replace it.
 */
function keyOfEmpty(where: string, reading: PartitionReading): string {
  const { state, lockKey } =
    reading.kind === 'ours' ? reading.declared : { state: EMPTY_STATE, lockKey: undefined };
  if (lockKey === undefined)
    throw new DeviceError('BIP505', 'ambiguous', `${where} was created but has no declaration yet`);
  const { shareNodes: _shareNodes, ...content } = state;
  if (!isSameContent(content, EMPTY_STATE))
    throw new DeviceError('BIP430', 'transient', `${where}: another client declared it first`);
  return lockKey;
}

/** The fences of this partition on the standby units that answer. */
async function ownersElsewhere(
  session: DeviceSession,
  partition: string,
): Promise<readonly DeclaredState['owners'][]> {
  const answers = await session.askOthers({
    method: 'GET',
    path: declarePath(partition),
    kind: 'declared',
  });
  return answers.flatMap((answer) => {
    const reading = answer && foundIn(answer, partition)?.reading;
    return reading?.kind === 'ours' ? [reading.declared.state.owners] : [];
  });
}

/** A failed sync is only logged: the change itself succeeded. */
async function sync(
  session: DeviceSession,
  clock: Clock,
  config: DeviceConfig,
  log: Logger | undefined,
): Promise<void> {
  if (config.syncTo === undefined) return;
  const warning = await syncToGroup(session, clock, config.syncTo);
  if (warning !== undefined)
    log?.warn(
      { device: config.name, group: config.syncTo, code: 'BIP441', reason: warning },
      'the peer is not in sync',
    );
}
