/**
 * Checks the result of a sent unit: the failure store shows whether it failed again, the device
 * whether it is declared.
 */
import { compareRevisions, formatRevision } from '../../domain/revision.ts';
import type { Revision } from '../../domain/revision.ts';
import { isImported } from '../evidence.ts';
import type { Failure, FailureStore, FailureHead } from '../port.ts';
import type { ReplayContext } from './context.ts';
import type { ReplayItem, ItemResult, ReplayJob } from './job.ts';
import { appliedResult, closeItem } from './send.ts';
import type { UnitWork } from './send.ts';

/** Milliseconds; longer than the longest run of a function plus a retry interval of its queue. */
export const RESULT_TIMEOUT_MS = 5 * 60_000;
/** Milliseconds; dead letters of one event are sent together and stored one after the other. */
const TOGETHER_MS = 10_000;
/** States in which an event has failed for good. */
const DEAD: ReadonlySet<string> = new Set(['quarantined', 'failed']);

/** A sent unit, and when its driver started waiting. */
export interface Sent extends UnitWork {
  /** When it was sent; milliseconds since 1970. */
  readonly since: number;
}

/** Saves the results of the items that are decided; the others are checked again later. */
export async function checkSentUnit(
  world: ReplayContext,
  job: ReplayJob,
  unit: Sent,
): Promise<void> {
  const changes = new Map<number, ReplayItem>();
  const heard = Math.min(
    ...[...unit.items.values()]
      .filter(({ result }) => DEAD.has(result?.kind ?? ''))
      .map(({ result }) => result!.at),
  );
  for (const [index, item] of unit.items) {
    if (item.status === 'done') continue;
    const result =
      (await resultOf(world, job, item, unit.since)) ?? leftOut(item, heard, world.clock.now());
    if (result !== undefined) changes.set(index, { ...item, status: 'done', result });
  }
  if (changes.size > 0) await unit.save(changes);
}

/**
 * Whether the event was processed although this item has no result. If other items of the event
 * were dead-lettered, it was processed; apply tries only a few refused changes per run.
 */
function leftOut(
  { code, sentence }: ReplayItem,
  heard: number,
  at: number,
): ItemResult | undefined {
  if (at - heard < TOGETHER_MS) return undefined;
  return {
    kind: 'failed',
    code,
    reason: `still refused together with others of the same event, so it stays open: ${sentence}`,
    at,
  };
}

/**
 * The result of one sent item, from the failure store, else from the device; undefined while
 * neither shows one.
 */
async function resultOf(
  world: ReplayContext,
  job: ReplayJob,
  item: ReplayItem,
  since: number,
): Promise<ItemResult | undefined> {
  const { store, clock } = world;
  const at = clock.now();
  const head = (await store.heads([item.failure])).get(item.failure);
  if (head === undefined) return { kind: 'skipped', reason: 'its retention has ended', at };
  const again = await failedAgain(world, job, item, head);
  if (again !== undefined) return again;
  if (head.state === 'healed' || head.state === 'replayed') return appliedResult(item, at);
  const seen = await onDevice(world, job, item);
  if (seen !== undefined) return seen;
  // An item that was about to be sent when the previous driver died is sent now. The clock may also
  // have been set back.
  const waited = Math.min(...[item.sentAt ?? at, since].map((from) => Math.abs(at - from)));
  if (waited < RESULT_TIMEOUT_MS) return undefined;
  return {
    kind: 'no-result',
    code: 'RPL712',
    reason:
      `sent ${RESULT_TIMEOUT_MS / 1_000} s ago, ` +
      'but neither the device nor the dead letters show a result; ' +
      'check that the functions are running',
    at,
  };
}

/**
 * The same failure again: quarantine it. A different failure is stored separately, and this one is
 * over.
 */
async function failedAgain(
  { store, clock }: ReplayContext,
  job: ReplayJob,
  item: ReplayItem,
  head: FailureHead,
): Promise<ItemResult | undefined> {
  const at = clock.now();
  if (head.count > (item.count ?? head.count)) {
    const later = await tryLater(store, job, item, head);
    if (later !== undefined) return { kind: 'failed', code: 'RPL714', reason: later, at };
    await closeItem(store, item, {
      state: 'quarantined',
      note: `failed again in the same way in replay job ${job.id}`,
    });
    return {
      kind: 'quarantined',
      code: 'RPL711',
      reason: `failed again with ${head.code}: ${head.sentence}`,
      at,
    };
  }
  const other =
    item.owner === undefined
      ? undefined
      : (await store.ofOwner(item.owner)).find((candidate) => isSuccessor(candidate, item));
  if (other === undefined) return undefined;
  await closeItem(store, item, {
    state: 'replayed',
    note: `has failed with ${other.code} since replay job ${job.id}: see ${other.id}`,
  });
  return {
    kind: 'failed',
    code: other.code,
    reason: `now fails with ${other.code} (failure ${other.id}): ${other.sentence}`,
    at,
  };
}

/**
 * A policy tries several times, because a device can be unreachable in one run and back in the
 * next.
 */
async function tryLater(
  store: FailureStore,
  job: ReplayJob,
  item: ReplayItem,
  head: FailureHead,
): Promise<string | undefined> {
  if (job.policy === undefined) return undefined;
  const { name, atMost } = job.policy;
  // Counted per job, so that repeating a check after a crash counts once.
  const replays = [...new Set([...(head.replays ?? []), job.id])];
  if (replays.length >= atMost) return undefined;
  const said = `failed again in attempt ${replays.length} of ${atMost} of policy ${name}`;
  await store.change([item.failure], (now) =>
    now.state === 'open' ? { note: said, replays } : undefined,
  );
  return `${said} with ${head.code}: ${head.sentence}`;
}

/**
 * Whether `other` was created after the sending, for the same owner and, as far as known, the same
 * subject.
 */
function isSuccessor(other: FailureHead, item: ReplayItem): boolean {
  if (other.id === item.failure || isImported(other) || other.first < (item.sentAt ?? Infinity))
    return false;
  const same = (a: string | undefined, b: string | undefined): boolean =>
    a === undefined || b === undefined || a === b;
  return (
    same(other.device, item.device) &&
    same(other.partition, item.partition) &&
    same(other.exposure, item.exposure)
  );
}

/** Previews the sent event again: if nothing would change, it was applied. */
async function onDevice(
  { store, previewer, clock }: ReplayContext,
  job: ReplayJob,
  item: ReplayItem,
): Promise<ItemResult | undefined> {
  const sent = await sentFailure({ store }, item);
  if (sent === undefined) return undefined;
  const at = clock.now();
  const { verdict, reason, code, by } = await previewer.preview(sent, item);
  const said = { reason, at, ...(code === undefined ? {} : { code }) };
  if (verdict === 'unchanged') {
    await closeItem(store, item, { state: 'replayed', note: `replayed by job ${job.id}` });
    return appliedResult(item, at);
  }
  // The order was sent for what this revision leaves out: only a newer one can show what came of
  // it.
  const waits = item.ordered === true && item.sentRevision && !isNewer(by, item.sentRevision);
  if (verdict === 'superseded' && !waits) {
    await closeItem(store, item, {
      state: 'healed',
      note: `healed by ${by ?? 'a newer revision'}`,
    });
    return { kind: 'superseded', ...said };
  }
  return verdict === 'conflict' ? { kind: 'conflict', ...said } : undefined;
}

/** `by`: as a preview names the revision that is declared. */
function isNewer(by: string | undefined, known: Revision): boolean {
  const [epoch = 0, counter = 0] = (by ?? '').split('.').map(Number);
  return compareRevisions({ epoch, counter }, known) > 0;
}

/** The failure with the revision that was sent: that of the item, or the newest one of its unit. */
async function sentFailure(
  { store }: Pick<ReplayContext, 'store'>,
  item: ReplayItem,
): Promise<Failure | undefined> {
  const { owner, sentRevision } = item;
  if (owner === undefined || sentRevision === undefined) return store.get(item.failure);
  const sent = (await store.ofOwner(owner)).find(
    (head) =>
      !isImported(head) &&
      head.revision !== undefined &&
      formatRevision(head.revision) === formatRevision(sentRevision) &&
      head.device === item.device,
  );
  return store.get(sent?.id ?? item.failure);
}
