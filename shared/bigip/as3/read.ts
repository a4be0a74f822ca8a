/**
 * AS3 tenant → declared state, the exact inverse of `render.ts`. A declaration that does not
 * survive the round trip was changed by another client.
 */
import * as z from 'zod';
import type { RefusedPartition } from '../../device/reading.ts';
import { exposureKey } from '../../domain/exposure/exposure.ts';
import { Monitor } from '../../domain/exposure/settings/values.ts';
import { composeSettings } from '../../domain/exposure/settings/compose.ts';
import { Settings } from '../../domain/exposure/settings/settings.ts';
import type { Member } from '../../domain/exposure/exposure.ts';
import type {
  Contribution,
  DeclaredExposure,
  DeclaredState,
} from '../../domain/declared/declared.ts';
import { DECLARED_FORMAT, declaredState, isSameContent } from '../../domain/declared/declared.ts';
import { withoutOverride } from '../../domain/plan/overrides.ts';
import type { ContributionRecord } from './memory.ts';
import { Memory } from './memory.ts';
import { applicationName, EMPTY_APPLICATION } from './names.ts';
import { readProperties } from './properties.ts';
import { ADDRESS_NAME, recordOf, renderApplication } from './render.ts';
import type { As3Monitor, As3Tenant } from './types.ts';

/** The declared state, or why the partition must not be written. */
export type ReadResult =
  { readonly kind: 'ours'; readonly state: DeclaredState } | RefusedPartition;

/** A pointer of AS3: to an object on the device, or in the declaration (as3.md §3.3). */
const Pointer = z.object({ bigip: z.string().exactOptional(), use: z.string().exactOptional() });
const Pointers = z.array(Pointer);

/** The parsed parts; rendering again detects any other content. */
const Application = z.looseObject({
  virtual: z.looseObject({
    class: z.enum(['Service_TCP', 'Service_L4', 'Service_HTTP', 'Service_HTTPS', 'Service_UDP']),
    layer4: z.string().optional(),
    virtualAddresses: z.array(z.union([z.string(), Pointer])),
    virtualPort: z.number(),
  }),
  pool: z.looseObject({
    monitors: Pointers.optional(),
    minimumMembersActive: z.number().optional(),
    members: z.array(
      z.looseObject({ servicePort: z.number(), serverAddresses: z.array(z.string()) }),
    ),
  }),
});
type Application = z.infer<typeof Application>;

/** The Service_Address that holds settings of a virtual address. */
const Address = z.looseObject({ virtualAddress: z.string().optional() });

/** The inverse of the classes that `render.ts` chooses by mode. */
const MODE = {
  Service_TCP: 'tcp',
  Service_L4: 'fastl4',
  Service_HTTP: 'http',
  Service_HTTPS: 'https',
  Service_UDP: 'udp',
} as const;

/** Sluice's records, which only the stored declaration has (as3.md §3.5). */
const Constants = z.object({ sluice: z.unknown() });
/** Read alone first, so that a newer format is told as such and not as a change by others. */
const Format = z.object({ format: z.number() });

/** Never throws, whatever the content of the tenant. */
export function readTenant(partition: string, tenant: As3Tenant): ReadResult {
  const sluice = Constants.safeParse(tenant['constants']).data?.sluice;
  if (sluice === undefined)
    return refused(
      'OWN303',
      `partition ${partition} holds a declaration that Sluice did not write; ` +
        'use another partition in devices[].partitions',
    );
  const format = Format.safeParse(sluice).data?.format;
  if (format !== undefined && format > DECLARED_FORMAT)
    return refused(
      'OWN304',
      `partition ${partition} was written in format ${format}, ` +
        `this Sluice knows format ${DECLARED_FORMAT}; upgrade this Sluice`,
    );
  const memory = Memory.safeParse(sluice);
  if (!memory.success)
    return refused(
      'OWN305',
      `partition ${partition}: constants.sluice was changed outside Sluice: ${z.prettifyError(memory.error)}`,
    );
  return readApplications(partition, tenant, memory.data);
}

function refused(code: 'OWN303' | 'OWN304' | 'OWN305', reason: string): ReadResult {
  return { kind: 'refused', code, reason };
}

/**
 * Reads every application of the tenant. Refuses the partition if an application is not in Sluice's
 * records, or is not exactly what Sluice would have written.
 */
function readApplications(partition: string, tenant: As3Tenant, memory: Memory): ReadResult {
  const { format: _format, owners, exposures: records, ...rest } = memory;
  const named = Object.keys(tenant).filter((key) => !TENANT_KEYS.has(key));
  const there = new Set(named);
  const missing = Object.keys(records).filter((name) => !there.has(name));
  if (missing.length > 0)
    return refused(
      'OWN305',
      `partition ${partition}: application ${missing.join(', ')} was removed from the declaration outside Sluice`,
    );
  const exposures: DeclaredExposure[] = [];
  for (const name of named) {
    const mine = records[name];
    const declared = mine && readApplication(tenant[name], mine);
    const exposure = declared && {
      ...declared,
      settings: withoutOverride(declared.settings, memory.overrides?.[exposureKey(declared)]),
    };
    if (
      !exposure ||
      applicationName(exposure) !== name ||
      !isSameContent(renderApplication(exposure, rest), tenant[name])
    ) {
      return refused(
        'OWN305',
        `partition ${partition}: application ${name} was ${mine ? 'changed' : 'added'} outside Sluice`,
      );
    }
    exposures.push(exposure);
  }
  return { kind: 'ours', state: declaredState(owners, exposures, rest) };
}

/** `optimisticLockKey` is added by showHash and is not part of the content. */
const TENANT_KEYS: ReadonlySet<string> = new Set([
  'class',
  'constants',
  EMPTY_APPLICATION,
  'optimisticLockKey',
]);

/** Undefined if the application does not have the form that Sluice writes. */
function readApplication(
  application: unknown,
  records: readonly ContributionRecord[],
): DeclaredExposure | undefined {
  const shape = Application.safeParse(application);
  if (!shape.success) return undefined;
  const { virtual, pool, ...rest } = shape.data;
  const own = Address.safeParse(rest[ADDRESS_NAME]).data ?? {};
  const monitors = (pool.monitors ?? []).map((pointer) => readMonitor(rest[pointer.use ?? '']));
  const settings = Settings.safeParse(
    composeSettings({
      mode: MODE[virtual.class],
      ...readProperties('virtual', virtual),
      ...readProperties('pool', pool),
      ...readProperties('address', own),
      monitors,
    }),
  );
  const contributions = readMembers(pool, records);
  const [first] = virtual.virtualAddresses;
  const address = typeof first === 'string' ? first : own.virtualAddress;
  if (!settings.success || !contributions || address === undefined) return undefined;
  const protocol = settings.data.mode === 'udp' || virtual.layer4 === 'udp' ? 'udp' : 'tcp';
  const standby =
    pool.minimumMembersActive === undefined ? {} : { minimumActive: pool.minimumMembersActive };
  return {
    address,
    port: virtual.virtualPort,
    protocol,
    settings: settings.data,
    ...standby,
    contributions,
  };
}

/** A monitor of a declaration; undefined if it has another form. */
function readMonitor(monitor: unknown): Monitor | undefined {
  if (typeof monitor !== 'object' || monitor === null) return undefined;
  const m: Partial<As3Monitor> = monitor;
  const parsed = Monitor.safeParse({
    type: m.monitorType,
    interval: m.interval,
    timeout: m.timeout,
    ...(m.targetPort === undefined ? {} : { port: m.targetPort }),
    ...(m.send === undefined ? {} : { send: m.send }),
    ...(m.receive === undefined ? {} : { receive: m.receive }),
  });
  return parsed.success ? parsed.data : undefined;
}

/** Assigns the pool's member entries to owners, in the recorded order. */
function readMembers(
  pool: Application['pool'],
  records: readonly ContributionRecord[],
): Contribution[] | undefined {
  const entries = [...pool.members];
  const contributions = records.map((record): Contribution => {
    const mine = entries.splice(0, record.ports.length);
    const draining = new Set(record.draining);
    const members = mine.flatMap((entry) =>
      entry.serverAddresses.map((address): Member => ({
        address,
        port: entry.servicePort,
        availability: draining.has(`${address}:${entry.servicePort}`) ? 'draining' : 'ready',
      })),
    );
    const { owner, gateways, since, wish, weight, priority } = record;
    return {
      owner,
      gateways,
      since,
      members,
      ...(wish && { wish: wish as Partial<Settings> }),
      ...(weight && { weight }),
      ...(priority === undefined ? {} : { priority }),
    };
  });
  // Otherwise, ports and draining members that exist only in the record would be ignored.
  const asNoted = contributions.every((contribution, i) =>
    isSameContent(recordOf(contribution), records[i]),
  );
  return entries.length === 0 && asNoted ? contributions : undefined;
}
