/**
 * The failure store on blobs. Heads are stored in the index and changed by compare-and-swap;
 * evidence is stored in separate immutable blobs. Evidence is written before the head that refers
 * to it and deleted after the head no longer does, so a crash in between only leaves an unused
 * blob.
 */
import { compareRevisions } from '../domain/revision.ts';
import type { Blobs } from './blobs.ts';
import { evidenceKey, importedKey, isImported, ownEvidence } from './evidence.ts';
import { digest, ownerDigit } from './identity.ts';
import { Evidence } from './port.ts';
import type {
  Failure,
  FailureStore,
  FailureHead,
  FailureHeadChange,
  FailureRecord,
} from './port.ts';
import { createShards, shardOf } from './shards.ts';
import type { Heads, Shards } from './shards.ts';

/** The newest attempts of a failure that keeps occurring. */
const MAX_KEPT_ATTEMPTS = 20;
/** Occurrences that are recognised when they are recorded twice. */
const MAX_KEPT_MESSAGES = 5;

/** What all methods of the store share. */
interface Scope {
  readonly blobs: Blobs;
  readonly shards: Shards;
  readonly now: () => number;
}

/** `now` returns milliseconds since 1970. */
export function createFailureStore(blobs: Blobs, now: () => number): FailureStore {
  const scope: Scope = { blobs, shards: createShards(blobs), now };
  const { shards } = scope;
  const newestFirst = sortedOnce();
  return {
    where: blobs.where,
    record: (sighting) => record(scope, sighting),
    list: async () => newestFirst(await shards.read('')),
    ofOwner: async (owner) =>
      (await shards.read(ownerDigit(owner)))
        .flatMap((heads) => [...heads.values()].filter((head) => head.owner === owner))
        .sort(byTime),
    heads: async (ids) => {
      const found = await Promise.all(
        [...groupByShard(ids)].map(async ([shard, some]) => pick(await shards.one(shard), some)),
      );
      return new Map(found.flat().map((head) => [head.id, head]));
    },
    get: (id) => get(scope, id),
    change: (ids, change) => changeAll(scope, ids, change),
    adopt: (failures) => adopt(scope, failures),
    prune: (before) => prune(scope, before),
  };
}

/** The same list while no shard has changed, because a filter is read again with each letter. */
function sortedOnce(): (shards: readonly Heads[]) => readonly FailureHead[] {
  let of: readonly Heads[] | undefined;
  let sorted: readonly FailureHead[] = [];
  return (shards) => {
    const isSame = of?.length === shards.length && shards.every((one, i) => one === of?.[i]);
    if (!isSame) sorted = shards.flatMap((heads) => [...heads.values()]).sort(byTime);
    of = shards;
    return sorted;
  };
}

/** The newest first; of equal ones always in the same order. */
function byTime(a: FailureHead, b: FailureHead): number {
  return b.last - a.last || (a.id < b.id ? -1 : 1);
}

function groupByShard(ids: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy(ids, shardOf);
}

/** In the order of `ids`; unknown ones are left out. */
function pick(heads: Heads, ids: readonly string[]): FailureHead[] {
  return ids.flatMap((id) => heads.get(id) ?? []);
}

/** Undefined if a newer occurrence has replaced it meanwhile. */
async function readEvidence(blobs: Blobs, head: FailureHead): Promise<Evidence | undefined> {
  const key = ownEvidence(head);
  const blob = key === undefined ? undefined : await blobs.get(key);
  return blob === undefined ? undefined : Evidence.parse(JSON.parse(blob.text));
}

/** Deletes evidence that this installation has made; imported bundles may name other blobs. */
async function dropEvidence(blobs: Blobs, head: FailureHead): Promise<void> {
  const key = ownEvidence(head);
  if (key !== undefined) await blobs.delete(key);
}

async function get(scope: Scope, id: string): Promise<Failure | undefined> {
  // Twice, because a newer occurrence may replace the evidence between the two reads.
  return (await readWhole(scope, id)) ?? readWhole(scope, id);
}

/** A failure with its evidence; undefined if one of the two is missing. */
async function readWhole({ blobs, shards }: Scope, id: string): Promise<Failure | undefined> {
  const head = (await shards.one(shardOf(id))).get(id);
  if (head === undefined) return undefined;
  const details = await readEvidence(blobs, head);
  return details && { ...head, details };
}

/**
 * Adds an occurrence, or ignores one that was recorded before. Evidence is written before the head
 * that refers to it.
 */
async function record(scope: Scope, sighting: FailureRecord): Promise<FailureHead> {
  const { id } = sighting.head;
  const name = digest(sighting.message).slice(0, 12);
  const known = (await scope.shards.one(shardOf(id))).get(id);
  if (known?.seen.includes(name)) return known;
  const newest = known === undefined || isNewer(sighting, known);
  const evidence = evidenceKey(id, sighting.message);
  if (newest)
    await scope.blobs.put(evidence, JSON.stringify(await withHistory(scope, sighting, known)));
  let result: FailureHead | undefined;
  await scope.shards.update(shardOf(id), (heads) => {
    const present = heads.get(id);
    result = present?.seen.includes(name) ? present : next(present, sighting, { name, evidence });
    return result === present ? undefined : new Map(heads).set(id, result);
  });
  if (newest && known !== undefined && known.evidence !== evidence)
    await dropEvidence(scope.blobs, known);
  return result!;
}

/** Events may arrive late: only the evidence of the newest revision is kept. */
function isNewer(sighting: FailureRecord, known: FailureHead): boolean {
  const { revision } = sighting.head;
  // Failures received here take precedence over imported ones.
  return (
    isImported(known) ||
    revision === undefined ||
    known.revision === undefined ||
    compareRevisions(revision, known.revision) >= 0
  );
}

/** The newest evidence, with attempts of earlier occurrences in front of its own. */
async function withHistory(
  scope: Scope,
  sighting: FailureRecord,
  known: FailureHead | undefined,
): Promise<Evidence> {
  const earlier = known === undefined ? undefined : await readEvidence(scope.blobs, known);
  const attempts = [...(earlier?.attempts ?? []), ...sighting.details.attempts].slice(
    -MAX_KEPT_ATTEMPTS,
  );
  return { ...sighting.details, attempts };
}

/**
 * A healed or replayed failure that occurs again is reopened; archived and quarantined ones keep
 * their state and are counted.
 */
function next(
  present: FailureHead | undefined,
  sighting: FailureRecord,
  { name, evidence }: { readonly name: string; readonly evidence: string },
): FailureHead {
  const { at, head } = sighting;
  if (present === undefined)
    return {
      ...head,
      state: 'open',
      count: 1,
      first: at,
      last: at,
      changed: at,
      seen: [name],
      evidence,
    };
  const again = present.state === 'healed' || present.state === 'replayed';
  const content = isNewer(sighting, present) ? { ...head, evidence } : {};
  const { note, replays, ...rest } = present;
  return {
    ...rest,
    ...content,
    ...(again ? { state: 'open', changed: at } : { note, replays }),
    count: present.count + 1,
    first: Math.min(present.first, at),
    last: Math.max(present.last, at),
    seen: [...present.seen, name].slice(-MAX_KEPT_MESSAGES),
  };
}

/** Changes heads shard by shard; returns those that changed. */
async function changeAll(
  { shards, now }: Scope,
  ids: readonly string[],
  change: FailureHeadChange,
): Promise<readonly FailureHead[]> {
  const changed: FailureHead[] = [];
  for (const [shard, some] of groupByShard(ids)) {
    let mine: FailureHead[] = [];
    await shards.update(shard, (heads) => {
      mine = pick(heads, some).flatMap((head) => {
        const wanted = change(head);
        if (wanted === undefined) return [];
        const { note: _earlier, ...rest } = head;
        return [{ ...rest, ...wanted, changed: now() }];
      });
      return mine.length === 0
        ? undefined
        : new Map([...heads, ...mine.map((head) => [head.id, head] as const)]);
    });
    changed.push(...mine);
  }
  return changed;
}

/** Skips known failures before anything is written, and writes only under names built here. */
async function adopt(
  { blobs, shards }: Scope,
  failures: readonly Failure[],
): Promise<readonly FailureHead[]> {
  const taken: FailureHead[] = [];
  for (const [shard, some] of Map.groupBy(failures, (failure) => shardOf(failure.id))) {
    const known = await shards.one(shard);
    const fresh = new Map(
      some.filter(({ id }) => !known.has(id)).map((failure) => [failure.id, imported(failure)]),
    );
    await Promise.all(
      [...fresh.values()].map(({ evidence, details }) =>
        blobs.put(evidence, JSON.stringify(details), 'absent'),
      ),
    );
    let mine: readonly FailureHead[] = [];
    await shards.update(shard, (heads) => {
      mine = [...fresh.values()].filter(({ id }) => !heads.has(id)).map(headOf);
      return mine.length === 0
        ? undefined
        : new Map([...heads, ...mine.map((head) => [head.id, head] as const)]);
    });
    taken.push(...mine);
  }
  return taken;
}

/** Removes sender and messages, because this installation did not receive the event. */
function imported({ details, ...head }: Failure): Failure {
  const { event } = details;
  const unchecked: Evidence = {
    ...details,
    event: { ...event, verification: event.verification === 'refused' ? 'refused' : 'unchecked' },
  };
  return { ...head, seen: [], evidence: importedKey(head.id, unchecked), details: unchecked };
}

function headOf(failure: Failure): FailureHead {
  const { details: _details, ...head } = failure;
  return head;
}

/**
 * Removes closed failures that are older than `before`, with their evidence. Returns their number.
 */
async function prune({ blobs, shards }: Scope, before: number): Promise<number> {
  const over = (head: FailureHead): boolean =>
    head.state !== 'open' &&
    head.state !== 'quarantined' &&
    Math.max(head.changed, head.last) < before;
  const due = (await shards.read('')).flatMap((heads) => [...heads.values()].filter(over));
  let forgotten = 0;
  for (const [shard, some] of groupByShard(due.map((head) => head.id))) {
    let gone: FailureHead[] = [];
    await shards.update(shard, (heads) => {
      gone = pick(heads, some).filter(over);
      return gone.length === 0
        ? undefined
        : new Map([...heads].filter(([id]) => !gone.some((head) => head.id === id)));
    });
    await Promise.all(gone.map((head) => dropEvidence(blobs, head)));
    forgotten += gone.length;
  }
  return forgotten;
}
