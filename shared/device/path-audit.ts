/** Audits the paths of one device: its journal, its entries and its declared members. Only reads. */
import { hasPaths } from '../config/path-checks.ts';
import { pathGrace } from '../config/path-grace.ts';
import type { DeviceConfig, SluiceConfig } from '../config/schema.ts';
import type { DeclaredState } from '../domain/declared/declared.ts';
import { neededBy, pathClusters } from '../domain/declared/reach.ts';
import { pathDifferences } from '../domain/paths/difference.ts';
import { type JournalRecords, recordsOf } from '../domain/paths/journal.ts';
import { liveEntries } from '../domain/paths/live.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Device } from './device.ts';
import { DeviceError, errorText } from './errors.ts';
import type { AuditFinding } from './finding.ts';
import { type PathFigures, pathFigures } from './path-figures.ts';
import type { PathReading } from './paths.ts';

/** The device, and what it declares. */
export interface PathAuditScope {
  readonly device: Pick<Device, 'name' | 'paths' | 'abandoned'>;
  /** The networks say where the paths are kept. */
  readonly config: Pick<DeviceConfig, 'name' | 'partitions' | 'networks'>;
  /** Clusters whose paths are looked at; others belong to another installation. */
  readonly site: Pick<SluiceConfig, 'clusters' | 'ingresses'>;
  /** By partition; without those that cannot be read. */
  readonly states: ReadonlyMap<string, DeclaredState>;
  /** `sleep` is the pause between two readings. */
  readonly clock: Pick<Clock, 'sleep' | 'now'>;
}

/** Readings that may fail with a fault that may pass, until it is a finding. */
const MOST_FAILURES = 3;

/** A run that writes paths looks like a difference; pause in milliseconds. */
const LOOKS = { most: 20, pause: 3_000 } as const;

/** Without its journal nobody knows whose entries are whose, so nothing else is judged. */
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

/** A data group that is named like a journal and is none. */
function stray({ config }: PathAuditScope, name: string): AuditFinding {
  const { partition } = config.networks;
  return {
    device: config.name,
    partition,
    kind: 'foreign',
    code: 'BIP493',
    object: `/${partition}/${name}`,
    message: 'has a number that no journal of paths has; it is ignored, and should be deleted',
    repairable: false,
  };
}

/** The differences of one reading; `elsewhere`: in partitions that are not configured. */
function judge(
  scope: PathAuditScope,
  { journal, active, peer }: PathReading,
  elsewhere: readonly DeclaredState[] = [],
): readonly AuditFinding[] {
  const { config, site, states, clock } = scope;
  if ('unreadable' in journal) return [unreadable(scope, journal.unreadable)];
  const { partition, tunnels } = config.networks;
  const all = [...states.values()];
  const found = pathDifferences({
    records: journal.records,
    active: liveEntries(active),
    ...(peer !== undefined && peer !== 'away' && { peer: liveEntries(peer) }),
    needed: neededBy([...all, ...elsewhere]),
    isWhole: config.partitions.every((one) => states.has(one)),
    clusters: pathClusters(site.clusters, all),
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

/** Without other installations. */
function figuresOf({ site, states, clock }: PathAuditScope, records: JournalRecords): PathFigures {
  const own = recordsOf(records, pathClusters(site.clusters, [...states.values()]));
  return pathFigures(own, pathGrace(site), clock.now());
}

/** What one reading of the paths shows. */
export interface PathLook {
  /** Empty without paths. */
  readonly findings: readonly AuditFinding[];
  /** Absent without paths, or if the journal cannot be read. */
  readonly figures?: PathFigures;
}

/** Reads the paths once; empty without a request if the device has none. */
export async function lookAtPaths(scope: PathAuditScope): Promise<PathLook> {
  const { site, config, device } = scope;
  if (!hasPaths(site, config)) return { findings: [] };
  const reading = await device.paths.read();
  const found = judge(scope, reading);
  const isLeft = found.some(({ kind }) => kind === 'orphan');
  const differences = isLeft
    ? judge(
        scope,
        reading,
        (await device.abandoned()).map(({ state }) => state),
      )
    : found;
  const findings = [...differences, ...(reading.strays ?? []).map((name) => stray(scope, name))];
  const { journal } = reading;
  return 'unreadable' in journal
    ? { findings }
    : { findings, figures: figuresOf(scope, journal.records) };
}

/** A fault that passes tells nothing about the paths. */
async function patientLook(scope: PathAuditScope): Promise<PathLook> {
  for (let failure = 1; ; failure += 1) {
    try {
      return await steadyLook(scope);
    } catch (error) {
      const mayPass = error instanceof DeviceError && error.mayPass;
      if (!mayPass || failure === MOST_FAILURES) throw error;
      await scope.clock.sleep(LOOKS.pause);
    }
  }
}

/**
 * Differences that stay for two readings. What the device does not allow is a finding, so that the
 * rest of the audit goes on. Rejects with a DeviceError if the device is unavailable, or others keep
 * writing.
 */
export async function auditPaths(scope: PathAuditScope): Promise<PathLook> {
  try {
    return await patientLook(scope);
  } catch (error) {
    if (!(error instanceof DeviceError) || error.reach === 'outage') throw error;
    const { device, config } = scope;
    const { partition } = config.networks;
    const message = `its paths cannot be read: ${errorText(error)}`;
    const about = { device: device.name, partition, object: `/${partition}`, message };
    return { findings: [{ ...about, kind: 'foreign', code: error.code, repairable: false }] };
  }
}

/** A run that writes makes two readings differ; what is equal twice is a finding. */
async function steadyLook(scope: PathAuditScope): Promise<PathLook> {
  let before = await lookAtPaths(scope);
  for (let look = 1; before.findings.length > 0; look += 1) {
    if (look === LOOKS.most)
      throw new DeviceError(
        'BIP503',
        'transient',
        `${scope.device.name}: its paths kept changing during the audit; try again later`,
      );
    await scope.clock.sleep(LOOKS.pause);
    const now = await lookAtPaths(scope);
    if (JSON.stringify(now.findings) === JSON.stringify(before.findings)) return now;
    before = now;
  }
  return before;
}
