/** After the declares: restores what a late writer undid, and removes what nobody needs. */
import { pathGrace } from '../../../shared/config/path-grace.ts';
import { DeviceError, errorText } from '../../../shared/device/errors.ts';
import {
  entriesToRemove,
  entriesToWrite,
  ofEachUnit,
  writable,
} from '../../../shared/domain/paths/changes.ts';
import { type JournalRecords, recordsOf } from '../../../shared/domain/paths/journal.ts';
import {
  dueRemovals,
  isDue,
  neededKeys,
  withLeaving,
  withoutLeft,
  withoutRemoved,
} from '../../../shared/domain/paths/needs.ts';
import {
  type EntryRequest,
  withEntryRequests,
} from '../../../shared/domain/paths/entry-requests.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { neededBy } from '../../../shared/domain/declared/reach.ts';
import type { PartitionResult } from '../job.ts';
import {
  isSameJournal,
  keepJournal,
  type PlacedPaths,
  type Units,
  unitsOf,
  withRefusals,
} from './begin.ts';
import { ownClusters, type PathJob } from './job.ts';
import { writeEntries } from './write.ts';

/** What is known when the declares are done. */
export interface DeclaresDone {
  /** What is declared now, whether the run changed it or not. */
  readonly results: readonly PartitionResult[];
  /** Whether every partition of the device could be read. */
  readonly isWhole: boolean;
  /** Entries that the slices of this run ask for, declared or not. */
  readonly requests: readonly EntryRequest[];
  /** Members that left with open connections. */
  readonly busy: ReadonlySet<string>;
}

/** The next journal, and what is decided about removals. */
interface Decided {
  readonly records: JournalRecords;
  /** Keys of entries that wait for an approval. */
  readonly held: ReadonlySet<string>;
  /** Keys of entries that an approval removes. */
  readonly approved: ReadonlySet<string>;
}

/** Whether an order of this run approves the removal of the entry. */
function approves(job: PathJob): (key: string, record: { readonly owner: string }) => boolean {
  const approvals = job.orders.flatMap(({ steering }) =>
    steering.action === 'approve' && steering.shareNodes === undefined ? [steering] : [],
  );
  return (key, { owner }) =>
    approvals.some((one) => one.owner === owner && (one.keys?.includes(key) ?? true));
}

/** Nothing leaves while a partition is unknown, because its members might need it. */
function decide(
  job: PathJob,
  { units, refused, records }: Pick<PlacedPaths, 'units' | 'refused'> & { records: JournalRecords },
  { results, isWhole, requests, busy }: DeclaresDone,
  elsewhere: readonly DeclaredState[] = [],
): Decided {
  const states: readonly DeclaredState[] = results.map(({ declared }) => declared);
  const clusters = ownClusters(job, states);
  const needed = neededBy([...states, ...elsewhere], requests);
  const all = withEntryRequests(records, [], { live: units.active, clusters }).records;
  const known = withRefusals(recordsOf(all, clusters), refused);
  const others = [...all].filter(([key]) => !known.has(key));
  const withOthers = (own: JournalRecords): JournalRecords => new Map([...others, ...own]);
  const isComplete =
    isWhole && results.every((one) => one.refused === undefined && one.unfinished === undefined);
  if (!isComplete) return { records: withOthers(known), held: new Set(), approved: new Set() };
  const now = job.clock.now();
  const keys = neededKeys(known, { needed, live: units.active });
  const marked = withoutLeft(withLeaving(known, keys, { now, busy }), needed);
  const isApproved = approves(job);
  const { going, held } = dueRemovals(marked, pathGrace(job.site), { now, isApproved });
  const isThere = (key: string): boolean =>
    units.active.has(key) || units.peer?.has(key) === true || units.isPeerAway;
  const approved = [...going].filter((key) => isApproved(key, marked.get(key)!));
  return {
    records: withOthers(withoutRemoved(marked, going, { now, isThere })),
    held,
    approved: new Set(approved),
  };
}

/**
 * Brings both units in line with the records, except what was refused before; resolves with the
 * number of changes. Rejects with a DeviceError, perhaps after some of them.
 */
async function writeBack(job: PathJob, records: JournalRecords, units: Units): Promise<number> {
  const now = job.clock.now();
  const grace = pathGrace(job.site);
  let count = 0;
  for (const unit of ['active', 'peer'] as const) {
    const live = units[unit];
    if (live === undefined) continue;
    const own = unit === 'active' ? records : ofEachUnit(records);
    const wanted = entriesToWrite(
      writable(own, job.config.networks.tunnels),
      live,
      (_key, record) => isDue(record, grace, now),
    );
    // What was refused before the declare is tried again with the next slice.
    const missing = wanted.filter(
      (one) => one.kind === 'remove' || one.record.refused === undefined,
    );
    for (const changes of [missing, entriesToRemove(own, live)]) {
      await writeEntries(job, unit, changes, live);
      count += changes.length;
    }
  }
  return count;
}

/** Whether entries begin to leave, or go. */
function isLoss(before: JournalRecords, { records, held }: Decided): boolean {
  return (
    held.size > 0 ||
    [...before].some(([key, { left, gone }]) => {
      const after = records.get(key);
      return after?.left !== left || after?.gone !== gone;
    })
  );
}

/**
 * What is declared in partitions that are not configured any more still needs its paths; undefined
 * if it cannot be read.
 */
async function declaredElsewhere({
  device,
  log,
}: PathJob): Promise<readonly DeclaredState[] | undefined> {
  try {
    return (await device.abandoned()).map(({ state }) => state);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    log.warn(
      { device: device.name, code: error.code, error: errorText(error) },
      'no paths are removed: what other partitions declare is not known',
    );
    return undefined;
  }
}

/** Without losses if nobody knows what else needs the paths. */
async function decideLoss(
  job: PathJob,
  sight: Parameters<typeof decide>[1],
  ended: DeclaresDone,
): Promise<Decided> {
  const elsewhere = await declaredElsewhere(job);
  return elsewhere === undefined
    ? decide(job, sight, { ...ended, isWhole: false })
    : decide(job, sight, ended, elsewhere);
}

/** What a run decides after its declares, as the journal has it. */
export interface PathRemovals extends Decided {
  /** Whether the run changed the device, so that it has to be saved and synchronised. */
  readonly wrote: boolean;
  /** As read after the declares; absent: there is nothing to bring in line. */
  readonly units?: Units;
}

/** Reads nothing if nothing was written and nothing is to be removed. Rejects with a DeviceError. */
export async function keepRemovals(
  job: PathJob,
  placed: PlacedPaths,
  ended: DeclaresDone,
): Promise<PathRemovals> {
  const { journal } = placed;
  const first = decide(job, { ...placed, records: journal.records }, ended);
  const isBusy =
    placed.wrote ||
    !isSameJournal(journal.records, first.records) ||
    [...journal.records.values()].some(({ gone }) => gone !== undefined);
  if (!isBusy) return { ...first, wrote: false };
  const reading = await job.device.paths.read();
  if ('unreadable' in reading.journal || reading.journal.number !== journal.number)
    return { records: journal.records, held: new Set(), approved: new Set(), wrote: placed.wrote };
  const units = unitsOf(reading);
  const { records } = reading.journal;
  const sight = { units, refused: placed.refused, records };
  const asConfigured = decide(job, sight, ended);
  const decided = isLoss(records, asConfigured)
    ? await decideLoss(job, sight, ended)
    : asConfigured;
  const kept = await keepJournal(job, reading.journal, decided.records);
  return { ...decided, wrote: placed.wrote || kept !== reading.journal, units };
}

/** Writes what is not as the journal has it; resolves with whether that was anything. */
export async function bringInLine(
  job: PathJob,
  { records, units }: Pick<PathRemovals, 'records' | 'units'>,
  { results }: Pick<DeclaresDone, 'results'>,
): Promise<boolean> {
  if (units === undefined) return false;
  const states = results.map(({ declared }) => declared);
  return (await writeBack(job, recordsOf(records, ownClusters(job, states)), units)) > 0;
}
