/** What happened, as the cluster hears it: the complete result of each slice, exposure by exposure. */
import type { DeviceError } from '../../shared/bigip/errors.ts';
import type { ExposureResult, Exposure, Settled, Slice } from '../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../shared/domain/exposure/exposure.ts';
import type { PlanEntry } from '../../shared/domain/plan/plan.ts';
import { changeId, resultOf } from '../../shared/domain/plan/plan.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import type { PartitionResult } from './partition.ts';

export function settledOf(slice: Slice, results: readonly PartitionResult[]): Settled {
  const wanted = slice.exposures.map((exposure) => resultFor(slice, exposure, results));
  const gone = results.flatMap((result) => removalsOf(slice, result));
  const declared = results.map((r) => r.declared.owners[slice.owner]?.version).find((v) => v !== undefined && compareVersions(v, slice.version) > 0);
  return {
    owner: slice.owner,
    clusterUid: slice.clusterUid,
    version: slice.version,
    device: slice.device,
    devices: slice.devices,
    ...(declared === undefined ? {} : { supersededBy: declared }),
    servers: slice.servers,
    exposures: [...wanted, ...gone],
    notes: slice.notes,
  };
}

/** The result of every exposure while the device is away or refuses all: come back later, and why. */
export function settledAsRetry(slice: Slice, error: DeviceError): Settled {
  const words = error.response === '' ? error.message : `${error.message}: ${error.response}`;
  const exposures = slice.exposures.map((e): ExposureResult => ({ ...identity(slice, e), outcome: 'retry', code: error.code, message: words }));
  return { owner: slice.owner, clusterUid: slice.clusterUid, version: slice.version, device: slice.device, devices: slice.devices, servers: slice.servers, exposures, notes: slice.notes };
}

function identity(slice: Slice, e: Exposure): Omit<ExposureResult, 'outcome' | 'code' | 'message'> {
  const sources = slice.sources[exposureKey(e)];
  return { address: e.address, port: e.port, protocol: e.protocol, partition: e.partition, gateways: e.gateways, ...(sources === undefined ? {} : { sources }) };
}

function resultFor(slice: Slice, exposure: Exposure, results: readonly PartitionResult[]): ExposureResult {
  const base = identity(slice, exposure);
  const result = results.find((r) => r.partition === exposure.partition);
  if (!result) return { ...base, outcome: 'rejected', code: 'OWN303', message: `partition ${exposure.partition} is not in devices[].partitions of ${slice.device}` };
  if (result.refused) return { ...base, outcome: 'rejected', code: result.refused.code, message: result.refused.reason };
  const key = exposureKey(exposure);
  const entry = result.entries.find((e) => e.owner === slice.owner && e.key === key && e.kind !== 'delete');
  if (!entry) return { ...base, outcome: 'superseded', code: 'OK', message: 'a newer version is declared' };
  return { ...base, ...resultOfEntry(entry, result) };
}

function resultOfEntry(entry: PlanEntry, result: PartitionResult): Pick<ExposureResult, 'outcome' | 'code' | 'message'> {
  const error = result.rejected.get(changeId(entry));
  if (!error) return resultOf(entry, undefined);
  const words = error.response === '' ? error.message : `${error.message}. BIG-IP says: ${error.response}`;
  return { outcome: 'rejected', code: error.code, message: words };
}

/** Exposures that are still there against the owner's wish: held, or refused by the device. */
function removalsOf(slice: Slice, result: PartitionResult): ExposureResult[] {
  return result.entries
    .filter((entry) => entry.owner === slice.owner && (entry.kind === 'held' || (entry.kind === 'delete' && result.rejected.has(changeId(entry)))))
    .flatMap((entry) => {
      const there = result.declared.exposures[entry.key];
      if (!there) return [];
      const { address, port, protocol } = there;
      return [{ address, port, protocol, partition: result.partition, gateways: [...entry.gateways], ...resultOfEntry(entry, result) }];
    });
}
