/**
 * The paths to pods, around the declares of a run: what new members need is written before them,
 * and what nobody needs is removed after them (decision 77).
 */
import { pathGrace } from '../../../shared/config/path-grace.ts';
import { pathFigures } from '../../../shared/device/path-figures.ts';
import type { PartitionReading } from '../../../shared/device/reading.ts';
import type { Note, Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { firstNamed } from '../../../shared/domain/text/counts.ts';
import { clusterOf, type JournalRecords, recordsOf } from '../../../shared/domain/paths/journal.ts';
import { type Unreached, unreached } from '../../../shared/domain/paths/waiting.ts';
import { type EntryRequest, entryRequests } from '../../../shared/domain/paths/entry-requests.ts';
import { parseOwner } from '../../../shared/domain/snapshot/snapshot.ts';
import type { PartitionResult } from '../job.ts';
import { type PlacedPaths, placePaths } from './begin.ts';
import { declaredByOwner, holdNew } from './hold.ts';
import { concernsPaths, ownClusters, type PathJob } from './job.ts';
import { busyLeaving } from './leaving.ts';
import { noteUnsaved, quietly, save, unsavedIfFailed } from './save.ts';
import { bringInLine, type DeclaresDone, keepRemovals, type PathRemovals } from './settle.ts';
import { isAdmitted, readDeclared } from './site.ts';
import { type WaitingMembers, waitingOf } from './waiting.ts';

/** The paths of one run. */
export interface PathRun {
  /** Without new members that wait. */
  readonly slices: readonly Slice[];
  /** Readings of the partitions; valid for one use. */
  readonly readings: ReadonlyMap<string, PartitionReading>;
  /** By owner. */
  readonly waiting: ReadonlyMap<string, readonly WaitingMembers[]>;
  /**
   * Call after the declares; resolves with the results and the removals of paths that were
   * approved. What is left to do, the next run does; rejects if the messages are lost.
   */
  settle(results: readonly PartitionResult[]): Promise<readonly PartitionResult[]>;
  /**
   * Whether paths can be written; with the code if they cannot, and new members wait for it. Absent
   * if the run does not know.
   */
  readonly hold?: { readonly code?: string };
  /**
   * Owners without a slice in this run whose members may wait for what is there now, and is noted so
   * in the journal; call after `settle`.
   */
  readonly freed: ReadonlySet<string>;
  /** Information for the owner; call after `settle`. */
  notesOn(owner: string): readonly Note[];
}

/** A run on a device without paths. */
function noPaths(slices: readonly Slice[]): PathRun {
  return {
    slices,
    readings: new Map(),
    waiting: new Map(),
    freed: new Set(),
    settle: (results) => Promise.resolve(results),
    notesOn: () => [],
  };
}

/** Paths are removed only in small numbers at once without an approval, like exposures. */
function heldNote(owner: string, held: readonly string[]): Note {
  const { ingress } = parseOwner(owner);
  return {
    object: `Service ${ingress.namespace}/${ingress.service}`,
    code: 'BIP475',
    message:
      `${held.length} paths that no member needs would be removed at once: ${firstNamed(held)}; ` +
      `if that is intended, run "sluice approve ${owner}"`,
  };
}

/**
 * The ingresses of the clusters whose entries are there now, without those of this run. Only what
 * the journal does not call refused any more, because each run would find the others again.
 */
function ownersBeside(
  { site, config, slices }: PathJob,
  { lifted }: Pick<PlacedPaths, 'lifted'>,
  records: JournalRecords,
): ReadonlySet<string> {
  const standing = [...lifted].flatMap((key) => records.get(key) ?? []);
  const freed = new Set(standing.filter((one) => one.refused === undefined).map(clusterOf));
  const own = new Set(slices.map(({ owner }) => owner));
  const owners = site.ingresses
    .filter(({ cluster, devices }) => freed.has(cluster) && devices.includes(config.name))
    .map(({ cluster, service }) => `${cluster}/${service}`);
  return new Set(owners.filter((one) => !own.has(one)));
}

/** Without members that wait, nobody has to be asked when it can be written. */
function holdOf(
  { closed }: Pick<PlacedPaths, 'closed'>,
  waiting: PathRun['waiting'],
): Pick<PathRun, 'hold'> {
  if (closed === undefined) return { hold: {} };
  return waiting.size === 0 ? {} : { hold: { code: closed.code } };
}

/** New members that BIG-IP does not reach wait. */
function withoutUnreached(
  { meter, device }: PathJob,
  slice: Slice,
  {
    lacking,
    declared = new Set(),
  }: {
    readonly lacking: readonly Unreached[];
    readonly declared: ReadonlySet<string> | undefined;
  },
): Slice {
  const fresh = lacking.filter(({ address }) => !declared.has(address));
  meter?.wait(device.name, slice.owner, fresh.length);
  return holdNew(slice, new Set(fresh.map(({ address }) => address)));
}

/** Writes the paths that the slices need. Rejects if the device is unavailable. */
export async function startPaths(job: PathJob): Promise<PathRun> {
  if (!concernsPaths(job)) return noPaths(job.slices);
  const { readings, states } = await readDeclared(job);
  const all = [...states.values()];
  const { tunnels } = job.config.networks;
  const requestsIn = (slice: Slice): readonly EntryRequest[] =>
    entryRequests(slice, tunnels[parseOwner(slice.owner).cluster]);
  const admitted = job.slices.filter((slice) => isAdmitted(slice, states));
  const requests = admitted.flatMap(requestsIn);
  const placed = await unsavedIfFailed(job, () => placePaths(job, { requests, states: all }));
  if (placed.wrote) noteUnsaved(job);
  if (placed.closed !== undefined)
    job.log.error({ device: job.device.name, ...placed.closed }, 'paths are not written');
  const waiting = new Map<string, readonly WaitingMembers[]>();
  const declared = declaredByOwner(all);
  const slices = job.slices.map((slice) => {
    if (!admitted.includes(slice)) return slice;
    const asked = { requests: requestsIn(slice), pathless: slice.pathless ?? [] };
    const lacking = unreached(asked, placed.journal.records, placed.units.active);
    if (lacking.length > 0) waiting.set(slice.owner, waitingOf(lacking, placed));
    return withoutUnreached(job, slice, { lacking, declared: declared.get(slice.owner) });
  });
  const busy =
    placed.closed === undefined ? await busyLeaving(job, admitted, states) : new Set<string>();
  const isWhole = states.size === job.config.partitions.length;
  const held = new Map<string, readonly string[]>();
  const freed = new Set<string>();
  return {
    slices,
    readings,
    waiting,
    ...holdOf(placed, waiting),
    freed,
    settle: async (results) => {
      const done = { results, isWhole, requests, busy };
      const isOpen = placed.closed === undefined;
      const cleared = isOpen ? await finish(job, placed, { done, states: all }) : undefined;
      await quietly(job, () => save(job));
      if (cleared === undefined) return results;
      for (const owner of ownersBeside(job, placed, cleared.records)) freed.add(owner);
      for (const [owner, keys] of byOwner(placed, cleared.held)) held.set(owner, keys);
      return withApproved(results, byOwner(placed, cleared.approved));
    },
    notesOn: (owner) => {
      const { ingress } = parseOwner(owner);
      const object = `Service ${ingress.namespace}/${ingress.service}`;
      const told = waiting.get(owner) ?? [];
      const left = held.get(owner);
      return [
        ...told.map(({ code, reason }) => ({ object, code, message: reason })),
        ...(left === undefined ? [] : [heldNote(owner, left)]),
      ];
    },
  };
}

/** What the journal keeps now; undefined if it could not be written. */
async function finish(
  job: PathJob,
  placed: PlacedPaths,
  { done, states }: { readonly done: DeclaresDone; readonly states: readonly DeclaredState[] },
): Promise<PathRemovals | undefined> {
  const kept = await quietly(job, async () => {
    const removals = await keepRemovals(job, placed, done);
    if (removals.wrote) noteUnsaved(job);
    noteFigures(job, removals.records, states);
    return removals;
  });
  if (kept === undefined) return undefined;
  await quietly(job, async () => {
    if (await bringInLine(job, kept, done)) noteUnsaved(job);
  });
  return kept;
}

/** Keys of entries by the owner that the journal names. */
function byOwner(
  { journal }: PlacedPaths,
  keys: PathRemovals['held'],
): ReadonlyMap<string, readonly string[]> {
  const owned = [...keys].map((key) => ({ key, owner: journal.records.get(key)?.owner ?? '' }));
  return new Map(
    [...Map.groupBy(owned, ({ owner }) => owner)].map(([owner, list]) => [
      owner,
      list.map(({ key }) => key),
    ]),
  );
}

/** Removals of paths that were approved belong to no partition with exposures: the first tells. */
function withApproved(
  results: readonly PartitionResult[],
  approved: ReadonlyMap<string, readonly string[]>,
): readonly PartitionResult[] {
  const more = [...approved].flatMap(([owner, keys]) => keys.map((key) => ({ owner, key })));
  return results.map((result, i) =>
    i === 0 && more.length > 0 ? { ...result, approved: [...result.approved, ...more] } : result,
  );
}

/** For the metrics of the process; paths of other installations do not count. */
function noteFigures(
  job: PathJob,
  records: JournalRecords,
  states: readonly DeclaredState[],
): void {
  const own = recordsOf(records, ownClusters(job, states));
  job.meter?.state(job.device.name, pathFigures(own, pathGrace(job.site), job.clock.now()));
}
