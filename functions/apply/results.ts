/** Builds the results for the cluster: the complete result of each slice, exposure by exposure. */
import type { DeviceError } from '../../shared/device/errors.ts';
import { errorText as spoken } from '../../shared/device/errors.ts';
import type {
  ExposureResult,
  Exposure,
  Note,
  Settled,
  Slice,
} from '../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../shared/domain/exposure/exposure.ts';
import { parseOwner } from '../../shared/domain/snapshot/snapshot.ts';
import { isDeviceFault } from '../../shared/domain/codes/index.ts';
import { checkFence } from '../../shared/domain/plan/fence.ts';
import type { ChangeKind, PlanEntry } from '../../shared/domain/plan/plan.ts';
import { changeId } from '../../shared/domain/plan/plan.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import type { Seen } from '../../shared/failures/views.ts';
import type { PartitionResult } from './job.ts';

/** Combines the partition results of one slice. */
export function settledOf(asked: Slice, results: readonly PartitionResult[]): Settled {
  const slice = results[0]?.told?.find(({ owner }) => owner === asked.owner) ?? asked;
  // A newly refused exposure is reported with its server, and has no result on the device.
  const wanted = slice.exposures
    .filter((e) => e.refusedIfNew === undefined || isPlanned(slice, e, results))
    .map((exposure) => resultFor(slice, exposure, results));
  const gone = results.flatMap((result) => removalsOf(slice, result));
  const declared = results
    .map((r) => checkFence(r.declared, slice))
    .flatMap((fence) => (fence.kind === 'behind' ? [fence.declared] : []))
    .toSorted(compareVersions)
    .at(-1);
  // Only a higher version helps the watcher to continue.
  const supersededBy =
    declared && compareVersions(declared, slice.version) > 0 ? { supersededBy: declared } : {};
  return {
    ...about(slice),
    ...supersededBy,
    exposures: [...wanted, ...gone],
    notes: [...slice.notes, ...remarksOn(slice, results)],
    ...drainedOf(slice, results),
  };
}

/** Several partitions share their nodes, so only one can tell. */
function drainedOf(
  { owner }: Slice,
  results: readonly PartitionResult[],
): Pick<Settled, 'drained'> {
  const drained = results.flatMap((result) => result.drained?.get(owner) ?? []);
  return drained.length === 0 ? {} : { drained };
}

/**
 * Each remark once per ingress, and also at the Gateway whose request was not met, because its
 * author looks there.
 */
function remarksOn(slice: Slice, results: readonly PartitionResult[]): readonly Note[] {
  const { ingress } = parseOwner(slice.owner);
  const own = results.flatMap(({ entries }) =>
    [...entries.values()].filter(({ owner }) => owner === slice.owner),
  );
  const notes = own.flatMap(({ gateways, remarks = [] }) =>
    remarks.flatMap(({ code, message }): readonly Note[] => {
      const [decides] = code === 'OWN340' ? gateways : [];
      const objects = [
        `Service ${ingress.namespace}/${ingress.service}`,
        ...(decides === undefined ? [] : [`Gateway ${decides}`]),
      ];
      return objects.map((object) => ({ object, code, message }));
    }),
  );
  return [
    ...new Map(notes.map((note) => [`${note.object} ${note.code} ${note.message}`, note])).values(),
  ];
}

/** What the result takes over from the slice, so that the watcher can match them. */
function about(slice: Slice): Omit<Settled, 'exposures'> {
  const { owner, clusterUid, version, device, devices, servers, notes } = slice;
  return { owner, clusterUid, version, device, devices, servers, notes };
}

/** The reason why a device is temporarily unusable. */
export type DeviceOutage = Pick<
  DeviceError,
  'fault' | 'message' | 'response' | 'after' | 'inner'
> & {
  readonly code: string;
};

/**
 * The result of every exposure while the device is unreachable or refuses everything: retry later,
 * with the reason.
 */
export function settledAsRetry(slice: Slice, error: DeviceOutage): Settled {
  const exposures = slice.exposures.map((e): ExposureResult => ({
    ...identity(slice, e),
    outcome: 'retry',
    code: error.code,
    message: spoken(error),
  }));
  return { ...about(slice), exposures };
}

/** The fields of a result that identify the exposure. */
function identity(slice: Slice, e: Exposure): Omit<ExposureResult, 'outcome' | 'code' | 'message'> {
  const sources = slice.sources[exposureKey(e)];
  return {
    address: e.address,
    port: e.port,
    protocol: e.protocol,
    partition: e.partition,
    gateways: e.gateways,
    ...(sources === undefined ? {} : { sources }),
  };
}

/** Whether the plan of any partition has the exposure. */
function isPlanned(
  { owner }: Slice,
  exposure: Exposure,
  results: readonly PartitionResult[],
): boolean {
  const change = changeId({ owner, key: exposureKey(exposure) });
  return results.some(({ entries }) => entries.has(change));
}

/** The result of one exposure over all partitions. */
function resultFor(
  slice: Slice,
  exposure: Exposure,
  results: readonly PartitionResult[],
): ExposureResult {
  const base = identity(slice, exposure);
  const result = results.find((r) => r.partition === exposure.partition);
  if (!result)
    return {
      ...base,
      outcome: 'rejected',
      code: 'OWN303',
      message: `partition ${exposure.partition} is not in devices[].partitions of ${slice.device}`,
    };
  if (result.refused)
    return {
      ...base,
      outcome: 'rejected',
      code: result.refused.code,
      message: result.refused.reason,
    };
  const entry = result.entries.get(changeId({ owner: slice.owner, key: exposureKey(exposure) }));
  if (!entry || entry.kind === 'delete')
    return {
      ...base,
      outcome: 'superseded',
      code: 'OK',
      message: 'a newer version is already declared',
    };
  return { ...base, ...errorText(entry) };
}

/** What became of each kind of change, in the words of the event. */
const OUTCOME = {
  create: 'applied',
  update: 'applied',
  delete: 'applied',
  unchanged: 'unchanged',
  superseded: 'superseded',
  conflict: 'conflict',
  held: 'held',
  rejected: 'rejected',
} as const satisfies Record<ChangeKind, ExposureResult['outcome']>;

/** Outcome and message for an entry of the plan. */
function errorText({
  kind,
  code,
  reason,
}: PlanEntry): Pick<ExposureResult, 'outcome' | 'code' | 'message'> {
  // Left out for a reason other than its content.
  return {
    outcome: kind === 'rejected' && isDeviceFault(code) ? 'retry' : OUTCOME[kind],
    code,
    message: reason,
  };
}

/** Exposures that remain although the owner removed them: held, or refused by the device. */
function removalsOf(slice: Slice, result: PartitionResult): ExposureResult[] {
  const wanted = new Set(
    slice.exposures.filter((e) => e.partition === result.partition).map(exposureKey),
  );
  return [...result.entries.values()]
    .filter(
      (entry) =>
        entry.owner === slice.owner &&
        !wanted.has(entry.key) &&
        (entry.kind === 'held' || entry.kind === 'rejected'),
    )
    .flatMap((entry) => {
      const there = result.declared.exposures[entry.key];
      if (!there) return [];
      const { address, port, protocol } = there;
      return [
        {
          address,
          port,
          protocol,
          partition: result.partition,
          gateways: [...entry.gateways],
          ...errorText(entry),
        },
      ];
    });
}

/** What is declared on the device now, for readers of the failure store. */
export function viewsOf(
  device: string,
  results: readonly PartitionResult[],
  seenAt: number,
): readonly Seen[] {
  return results.map(({ partition, refused, declared }) => ({
    device,
    partition,
    seen: refused ?? declared,
    seenAt,
  }));
}
