/** Audits the paths of one device: its journal, its entries and its declared members. Only reads. */
import { hasPaths } from '../config/path-checks.ts';
import { pathGrace } from '../config/path-grace.ts';
import type { DeviceConfig, SluiceConfig } from '../config/schema.ts';
import type { DeclaredState } from '../domain/declared/declared.ts';
import { neededBy } from '../domain/declared/reach.ts';
import { pathDifferences } from '../domain/paths/difference.ts';
import { liveEntries } from '../domain/paths/live.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Device } from './device.ts';
import { DeviceError } from './errors.ts';
import type { AuditFinding } from './finding.ts';
import type { PathReading } from './paths.ts';

/** The device, and what it declares. */
export interface PathAuditScope {
  readonly device: Pick<Device, 'name' | 'paths'>;
  readonly config: Pick<DeviceConfig, 'name' | 'partitions' | 'networks'>;
  readonly site: Pick<SluiceConfig, 'clusters' | 'ingresses'>;
  /** By partition; without those that cannot be read. */
  readonly states: ReadonlyMap<string, DeclaredState>;
  readonly clock: Pick<Clock, 'sleep' | 'now'>;
}

/** A run that writes paths looks like a difference; pause in milliseconds. */
const LOOKS = { most: 20, pause: 3_000 } as const;

function unreadable({ config }: PathAuditScope, reason: string): AuditFinding {
  return {
    device: config.name,
    partition: config.networks.partition,
    kind: 'foreign',
    code: 'BIP474',
    object: `/${config.networks.partition}`,
    message: `has a journal of paths that cannot be read: ${reason}`,
    repairable: false,
  };
}

/** The differences of one reading. */
function judge(
  scope: PathAuditScope,
  { journal, active, peer }: PathReading,
): readonly AuditFinding[] {
  const { config, site, states, clock } = scope;
  if ('unreadable' in journal) return [unreadable(scope, journal.unreadable)];
  const { partition, tunnels } = config.networks;
  const found = pathDifferences({
    records: journal.records,
    active: liveEntries(active),
    ...(peer !== undefined && peer !== 'away' && { peer: liveEntries(peer) }),
    needed: neededBy([...states.values()]),
    isWhole: config.partitions.every((one) => states.has(one)),
    clusters: new Set(site.clusters.map(({ id }) => id)),
    tunnels,
    grace: pathGrace(site),
    now: clock.now(),
  });
  return found.map((one) => ({
    device: config.name,
    partition,
    ...one,
    heal: one.repairable ? 'path' : 'told',
  }));
}

/** Reads the paths once; empty without a request if the device has none. */
export async function lookAtPaths(scope: PathAuditScope): Promise<readonly AuditFinding[]> {
  if (!hasPaths(scope.site, scope.config)) return [];
  return judge(scope, await scope.device.paths.read());
}

/**
 * Differences that stay for two readings. Rejects with a DeviceError if the device is unavailable,
 * or others keep writing.
 */
export async function auditPaths(scope: PathAuditScope): Promise<readonly AuditFinding[]> {
  let before = await lookAtPaths(scope);
  for (let look = 1; before.length > 0; look += 1) {
    if (look === LOOKS.most)
      throw new DeviceError(
        'BIP503',
        'transient',
        `${scope.device.name}: its paths kept changing during the audit; try again later`,
      );
    await scope.clock.sleep(LOOKS.pause);
    const now = await lookAtPaths(scope);
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    before = now;
  }
  return before;
}
