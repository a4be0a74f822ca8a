/** Brings the paths to a device that members of the next declares need. */
import { pathGrace } from '../../../shared/config/path-grace.ts';
import { DeviceError, errorText } from '../../../shared/device/errors.ts';
import type { PathReading } from '../../../shared/device/paths.ts';
import { entriesToWrite, ofEachUnit, writable } from '../../../shared/domain/paths/changes.ts';
import { entryInWords, entryKey } from '../../../shared/domain/paths/entry.ts';
import {
  type Journal,
  journalLines,
  type JournalRecord,
  type JournalRecords,
  recordsOf,
} from '../../../shared/domain/paths/journal.ts';
import { type LiveEntry, liveEntries } from '../../../shared/domain/paths/live.ts';
import { isDue, neededKeys, withNeeds } from '../../../shared/domain/paths/needs.ts';
import type { Refusal } from '../../../shared/domain/paths/waiting.ts';
import {
  type ContestedRequest,
  type EntryRequest,
  withEntryRequests,
} from '../../../shared/domain/paths/entry-requests.ts';
import { isOfPathsOnly } from '../outage.ts';
import { ownClusters, type PathJob } from './job.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { neededBy } from '../../../shared/domain/declared/reach.ts';
import { writeEntries } from './write.ts';

/** Entries of both units while a run writes to them. */
export interface Units {
  /** By key of the entry; updated with each write, so that it shows the device as it is now. */
  readonly active: Map<string, LiveEntry>;
  /** Absent if there is no second unit, or it does not answer. */
  readonly peer?: Map<string, LiveEntry>;
  /** It is configured, but its REST interface does not answer. */
  readonly isPeerAway: boolean;
}

/** The paths of the device after the first writes. */
export interface PlacedPaths {
  /** Why nothing was written: the journal cannot be used. */
  readonly closed?: { readonly code: string; readonly reason: string };
  /** As it was last written or read. */
  readonly journal: Journal;
  readonly units: Units;
  /** Why entries are not on the active unit, by key. */
  readonly refused: ReadonlyMap<string, Refusal>;
  /** Keys that were refused for the first time. */
  readonly news: ReadonlySet<string>;
  /**
   * Whether the run changed entries or the journal, so that they have to be saved and synchronised.
   */
  readonly wrote: boolean;
  /** Keys of entries that the device refused before, and has now. */
  readonly lifted: ReadonlySet<string>;
}

/** The entries of each unit, by key, as a run may change them. */
export function unitsOf({ active, peer }: PathReading): Units {
  return {
    active: new Map(liveEntries(active)),
    ...(peer !== undefined && peer !== 'away' && { peer: new Map(liveEntries(peer)) }),
    isPeerAway: peer === 'away',
  };
}

/**
 * Whether both journals would be written with the same lines. Compares texts, because records have
 * optional fields.
 */
export function isSameJournal(a: JournalRecords, b: JournalRecords): boolean {
  return a === b || JSON.stringify(journalLines(a)) === JSON.stringify(journalLines(b));
}

/** The records in which these refusals are noted, and no others. */
export function withRefusals(
  records: JournalRecords,
  refused: ReadonlyMap<string, Refusal>,
): JournalRecords {
  return new Map(
    [...records].map(([key, record]): [string, JournalRecord] => {
      const { refused: before, ...rest } = record;
      const code = refused.get(key)?.code;
      if (record.gone !== undefined || before === code || before === 'BIP471') return [key, record];
      return [key, code === undefined ? rest : { ...rest, refused: code }];
    }),
  );
}

/** What others hold, with its holder. */
function heldByOthers(
  records: JournalRecords,
  contested: readonly ContestedRequest[],
  active: ReadonlyMap<string, LiveEntry>,
): ReadonlyMap<string, Refusal> {
  const foreign = [...records].flatMap(([key, record]): readonly [string, Refusal][] => {
    const there = active.get(key);
    if (record.refused !== 'BIP471' || there === undefined) return [];
    const reason = `node ${record.node}: ${entryInWords(record)}: ${there.name} has it, and leads to ${there.to}`;
    return [[key, { code: 'BIP471', reason }]];
  });
  const rivals = contested.map(({ request, cluster }): [string, Refusal] => [
    entryKey(request),
    {
      code: 'BIP471',
      reason: `node ${request.node}: ${entryInWords(request)}: cluster ${cluster} has it`,
    },
  ]);
  return new Map([...foreign, ...rivals]);
}

/** Keys of entries that members may wait for, and that are there now. */
function liftedKeys(
  before: JournalRecords,
  active: ReadonlyMap<string, LiveEntry>,
  refused: ReadonlyMap<string, Refusal>,
): ReadonlySet<string> {
  const lifted = [...before].flatMap(([key, record]) => {
    const isThere = active.get(key)?.to === record.to && !refused.has(key);
    return record.refused !== undefined && record.gone === undefined && isThere ? [key] : [];
  });
  return new Set(lifted);
}

/** Writes the journal if it changed. */
export async function keepJournal(
  job: PathJob,
  journal: Journal,
  records: JournalRecords,
): Promise<Journal> {
  if (isSameJournal(journal.records, records)) return journal;
  await job.prove();
  return job.device.paths.write({ number: journal.number, records });
}

/** What the run begins with. */
export interface PathRequests {
  /** Entries that the slices of this run ask for. */
  readonly requests: readonly EntryRequest[];
  /**
   * What is declared, for each partition that could be read; if one is missing, nothing counts as
   * unused.
   */
  readonly states: readonly DeclaredState[];
}

/** Logs what is odd about the device and does not stop the run. */
function tellReading({ device, log }: PathJob, { strays, peer }: PathReading): void {
  if (strays !== undefined)
    log.warn(
      { device: device.name, code: 'BIP493', names: strays },
      'data groups that are no journal of paths are ignored; delete them',
    );
  if (peer === 'away')
    log.warn(
      { device: device.name, code: 'BIP441' },
      'the standby unit does not answer; its paths are written when it does',
    );
}

/** The journal with what the slices ask for. */
function recordsFor(
  job: PathJob,
  journal: Journal,
  { requests, states }: PathRequests,
  { active: live }: Pick<Units, 'active'>,
): ReturnType<typeof withEntryRequests> {
  const clusters = ownClusters(job, states);
  const rules = { live, clusters, needed: neededBy(states, requests) };
  const isWhole = states.length === job.config.partitions.length;
  const known = isWhole ? rules : { live, clusters };
  const { records, contested } = withEntryRequests(journal.records, requests, known);
  const keys = neededKeys(recordsOf(records, clusters), rules);
  return { records: withNeeds(records, keys), contested };
}

/** One round; `raced`: another process seems to have written at the same time. */
async function placeOnce(
  job: PathJob,
  { requests, states }: PathRequests,
): Promise<PlacedPaths & { readonly raced: boolean }> {
  const reading = await job.device.paths.read();
  const units = unitsOf(reading);
  if ('unreadable' in reading.journal)
    return {
      ...closedBy(units, { code: 'BIP474', reason: reading.journal.unreadable }),
      raced: false,
    };
  tellReading(job, reading);
  const { journal } = reading;
  const clusters = ownClusters(job, states);
  const { records, contested } = recordsFor(job, journal, { requests, states }, units);
  const kept = await keepJournal(job, journal, records);
  const now = job.clock.now();
  const grace = pathGrace(job.site);
  const isOver = (_key: string, record: JournalRecord): boolean => isDue(record, grace, now);
  const own = writable(recordsOf(records, clusters), job.config.networks.tunnels);
  const writes = entriesToWrite(own, units.active, isOver);
  const carried = await writeEntries(job, 'active', writes, units.active);
  const there = units.peer;
  const peerWrites = there && entriesToWrite(ofEachUnit(own), there, isOver);
  if (there && peerWrites) await writeEntries(job, 'peer', peerWrites, there);
  const refused = new Map([...heldByOthers(records, contested, units.active), ...carried.refused]);
  const news = [...refused].filter(
    ([key, { code }]) => records.has(key) && journal.records.get(key)?.refused !== code,
  );
  const wrote = kept !== journal || writes.length > 0 || (peerWrites ?? []).length > 0;
  const { raced } = carried;
  return {
    journal: kept,
    units,
    refused,
    news: new Set(news.map(([key]) => key)),
    wrote,
    lifted: liftedKeys(journal.records, units.active, refused),
    raced,
  };
}

/** The journal of a device on which Sluice has written no path yet. */
const EMPTY: Journal = { number: 0, records: new Map() };

/**
 * The journal cannot be used, so no path is written; those that are on the device already still
 * count.
 */
function closedBy(
  units: Units,
  closed: NonNullable<PlacedPaths['closed']>,
  wrote = false,
): PlacedPaths {
  const nothing = { refused: new Map(), news: new Set<string>(), lifted: new Set<string>() };
  return { closed, journal: EMPTY, units, ...nothing, wrote };
}

/** If nothing can be read, nothing is known to be there. Some of the writes may have succeeded. */
async function closedAfter({ device, tries }: PathJob, error: DeviceError): Promise<PlacedPaths> {
  const nothing: PathReading = { journal: EMPTY, active: [] };
  const reading = await device.paths.read().catch((again: unknown) => {
    if (isOfPathsOnly(again, tries)) return nothing;
    throw again;
  });
  return closedBy(unitsOf(reading), { code: error.code, reason: errorText(error) }, true);
}

/** Attempts while other processes change the journal; then the queue retries the run. */
const MOST_ROUNDS = 3;

/**
 * Rejects if the device is unavailable, the fault may pass, or others keep writing the journal. An
 * entry that never is free is refused: an object that is not shown under its key has its name.
 */
export async function placePaths(job: PathJob, asked: PathRequests): Promise<PlacedPaths> {
  for (let round = 1; ; round += 1) {
    try {
      const { raced, ...placed } = await placeOnce(job, asked);
      const wrote = placed.wrote || round > 1;
      if (!raced || round >= MOST_ROUNDS) return { ...placed, wrote };
    } catch (error) {
      if (isOfPathsOnly(error, job.tries)) return closedAfter(job, error);
      const isRace = error instanceof DeviceError && error.code === 'BIP430';
      if (!isRace || round >= MOST_ROUNDS) throw error;
    }
  }
}
