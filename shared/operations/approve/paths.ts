/** Removals of paths that no member needs (BIP475), for `sluice approve`. */
import { isReachedOn } from '../../config/path-checks.ts';
import { pathGrace } from '../../config/path-grace.ts';
import type { DeviceConfig } from '../../config/schema.ts';
import type { PathReading } from '../../device/paths.ts';
import { clusterOf } from '../../domain/paths/journal.ts';
import { dueRemovals } from '../../domain/paths/needs.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import { Approval } from '../../domain/steering/steering.ts';
import { openDevice } from '../../host/devices.ts';
import type { Runtime } from '../../host/runtime.ts';

type Scope = Pick<Runtime, 'config' | 'secrets' | 'clock'>;

/** Undefined if the device does not answer, which the reading of its declaration tells. */
async function readPaths(scope: Scope, config: DeviceConfig): Promise<PathReading | undefined> {
  const device = await openDevice(scope, config);
  try {
    return await device.paths.read();
  } catch {
    return undefined;
  } finally {
    await device.close();
  }
}

/** The entries of the owner whose removal is held. */
export function heldPaths(
  { config, clock }: Pick<Scope, 'config' | 'clock'>,
  { journal }: Pick<PathReading, 'journal'>,
  owner: string,
): readonly string[] {
  if ('unreadable' in journal) return [];
  const { cluster } = parseOwner(owner);
  const own = new Map([...journal.records].filter(([, one]) => clusterOf(one) === cluster));
  const rules = { now: clock.now(), isApproved: () => false };
  const { held } = dueRemovals(own, pathGrace(config), rules);
  return [...held].filter((key) => own.get(key)?.owner === owner);
}

/** One approval for each device with such entries. */
export async function pathApprovals(
  scope: Scope,
  devices: readonly DeviceConfig[],
  { owner, keys }: { readonly owner: string; readonly keys?: readonly string[] | undefined },
): Promise<readonly Approval[]> {
  const { config } = scope;
  const cluster = config.clusters.find(({ id }) => id === parseOwner(owner).cluster);
  const reached = devices.filter(
    (one) => cluster !== undefined && isReachedOn(config, one, cluster, ['routes', 'vxlan']),
  );
  const approvals = await Promise.all(
    reached.map(async (one): Promise<readonly Approval[]> => {
      const reading = await readPaths(scope, one);
      const held = reading === undefined ? [] : heldPaths(scope, reading, owner);
      const meant = held.filter((key) => keys?.includes(key) !== false);
      return meant.length === 0
        ? []
        : [Approval.parse({ action: 'approve', device: one.name, owner, keys: meant })];
    }),
  );
  return approvals.flat();
}
