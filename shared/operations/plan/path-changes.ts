/** What files would change in the paths of a device. Reads the device, and writes nothing. */
import { hasPaths } from '../../config/path-checks.ts';
import { pathGrace } from '../../config/path-grace.ts';
import type { DeviceConfig } from '../../config/schema.ts';
import type { PathReading } from '../../device/paths.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import { neededBy, pathClusters } from '../../domain/declared/reach.ts';
import { liveEntries } from '../../domain/paths/live.ts';
import { type PlannedPath, plannedPaths } from '../../domain/paths/planned.ts';
import { type EntryRequest, entryRequests } from '../../domain/paths/entry-requests.ts';
import { ownerKey } from '../../domain/snapshot/snapshot.ts';
import { openDevice } from '../../host/devices.ts';
import type { Runtime } from '../../host/runtime.ts';
import type { OfflineIngress } from '../offline/ingresses.ts';
import type { DevicePlans } from '../offline/device-plans.ts';

/** Changes of the paths of one device. */
export interface PathChanges {
  /** Name of the device. */
  readonly device: string;
  /** Nothing for a device without paths; those are left out. */
  readonly changes: readonly PlannedPath[];
  /** Why nothing can be planned: the journal of paths cannot be read. */
  readonly problem?: { readonly code: string; readonly reason: string };
}

/** What the manifests of one cluster request. */
interface PathQuestion {
  /** The cluster that the files are of. */
  readonly clusterId: string;
  /** What the files ask for. */
  readonly ingresses: readonly OfflineIngress[];
}

/** Newer than what the device has. */
const VERSION = { epoch: Number.MAX_SAFE_INTEGER, counter: 0, generation: 0 };

/** The entries that the ingresses of the manifests request on a device. */
function requestsFor(
  { name, networks }: DeviceConfig,
  { clusterId, ingresses }: PathQuestion,
): readonly EntryRequest[] {
  return ingresses
    .filter(({ devices }) => devices.includes(name))
    .flatMap(({ ref, built }) => {
      const owner = ownerKey(clusterId, ref);
      const asked = { owner, version: VERSION, paths: built.reach?.paths };
      return entryRequests(asked, networks.tunnels[clusterId]);
    });
}

/**
 * How the paths on a device would change. An unreadable journal is reported as the problem
 * (BIP474), and nothing is guessed.
 */
function changesOf(
  { config: site, clock }: Pick<Runtime, 'config' | 'clock'>,
  device: DeviceConfig,
  {
    requests,
    states,
    reading,
  }: {
    readonly requests: readonly EntryRequest[];
    readonly states: readonly DeclaredState[];
    readonly reading: PathReading;
  },
): PathChanges {
  const { journal, active, peer } = reading;
  if ('unreadable' in journal) {
    const problem = { code: 'BIP474', reason: journal.unreadable };
    return { device: device.name, changes: [], problem };
  }
  const changes = plannedPaths({
    records: journal.records,
    requests,
    active: liveEntries(active),
    ...(peer !== undefined && peer !== 'away' && { peer: liveEntries(peer) }),
    needed: neededBy(states, requests),
    clusters: pathClusters(site.clusters, states),
    tunnels: device.networks.tunnels,
    grace: pathGrace(site),
    now: clock.now(),
  });
  return { device: device.name, changes };
}

/** Devices without paths are not asked. Rejects if a device does not answer. */
export async function pathChanges(
  runtime: Pick<Runtime, 'config' | 'secrets' | 'clock'>,
  question: PathQuestion,
  plans: readonly DevicePlans[],
): Promise<readonly PathChanges[]> {
  const found: PathChanges[] = [];
  for (const { device: config, plans: each } of plans) {
    if (!hasPaths(runtime.config, config)) continue;
    const device = await openDevice(runtime, config);
    try {
      const reading = await device.paths.read();
      const elsewhere = (await device.abandoned()).map(({ state }) => state);
      const states = [...each.map(({ next }) => next), ...elsewhere];
      const requests = requestsFor(config, question);
      found.push(changesOf(runtime, config, { requests, states, reading }));
    } finally {
      await device.close();
    }
  }
  return found;
}
