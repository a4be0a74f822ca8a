/** Sends one unit, unless nothing needs to be sent. */
import { compareRevisions, formatRevision } from '../../domain/revision.ts';
import { sendOrder } from '../../queue/steering.ts';
import type { Revision } from '../../domain/revision.ts';
import type { Evidence, Failure, FailureStore, FailureHead } from '../port.ts';
import type { ReplayContext } from './context.ts';
import type { ReplayItem, ItemResult, ReplayJob, Preview } from './job.ts';
import { EVIDENCE_LOST } from './select.ts';

/** One unit of a job with the state of its items. */
export interface UnitWork {
  /** By index in the job. */
  readonly items: ReadonlyMap<number, ReplayItem>;
  /** Stores the items that changed, by index in the job. */
  save(changes: ReadonlyMap<number, ReplayItem>): Promise<void>;
}

/** Sent, decided without sending, or a reason to pause. */
export type SendOutcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'settled' }
  | { readonly kind: 'away'; readonly reason: string };

/** Milliseconds. */
const FRESH_MS = 1_000;

/** An item with what becomes of it. */
interface Judged {
  /** In the job, not in the unit. */
  readonly index: number;
  readonly item: ReplayItem;
  readonly head: FailureHead;
  readonly preview: Preview;
}

/**
 * Previews the unit again and sends what still makes sense. An event that arrived before a crash is
 * not sent twice.
 */
export async function sendUnit(
  world: ReplayContext,
  job: ReplayJob,
  unit: UnitWork,
): Promise<SendOutcome> {
  const { store, clock } = world;
  const now = clock.now();
  const active = [...unit.items].filter(([, item]) => item.status !== 'done');
  const heads = await store.heads(active.map(([, item]) => item.failure));
  const changes = new Map<number, ReplayItem>();
  if (await arrived(unit, active, heads)) return { kind: 'sent' };
  const judged: Judged[] = [];
  const alive = active.filter(([index, item]) => {
    const gone = whyGone(item, heads.get(item.failure));
    if (gone !== undefined)
      changes.set(index, done(item, { kind: 'skipped', reason: gone, at: now }));
    return gone === undefined;
  });
  const leader = await leaderOf(
    store,
    alive.map(([, item]) => heads.get(item.failure)!),
  );
  // A reading may be a second old, because the fence of the write decides in any case.
  world.previewer.refresh(FRESH_MS);
  for (const [index, item] of alive) {
    const preview = leader ? await world.previewer.preview(leader, item) : EVIDENCE_LOST;
    if (preview.verdict === 'unknown')
      return {
        kind: 'away',
        reason: `the effect of a replay on ${item.device ?? 'its devices'} is unknown: ${preview.reason}`,
      };
    judged.push({ index, item, head: heads.get(item.failure)!, preview });
  }
  const wanted = judged.filter((each) => isTried(job, each));
  for (const each of judged)
    if (!wanted.includes(each))
      changes.set(
        each.index,
        await settleUnsent(world, job, { ...each, newest: leader?.revision }),
      );
  const load = loadOf(wanted, leader);
  if (wanted.length === 0 || load === undefined) {
    await unit.save(changes);
    return { kind: 'settled' };
  }
  await dispatch(world, { job, unit, changes, wanted, load });
  return { kind: 'sent' };
}

/**
 * By force, a failure whose device and owner are known is retried there even if its event is
 * invalid now.
 */
function isTried({ force }: ReplayJob, { item, preview }: Judged): boolean {
  if (preview.verdict === 'would-apply') return true;
  return force === true && preview.verdict === 'invalid' && orderFor(item) !== undefined;
}

/**
 * Whether the unit that was about to be sent when the driver died failed again since, which proves
 * that it was sent.
 */
async function arrived(
  unit: UnitWork,
  active: readonly (readonly [number, ReplayItem])[],
  heads: ReadonlyMap<string, FailureHead>,
): Promise<boolean> {
  const sending = active.filter(([, item]) => item.status === 'sending');
  if (!sending.some(([, item]) => (heads.get(item.failure)?.count ?? 0) > (item.count ?? Infinity)))
    return false;
  await unit.save(
    new Map(sending.map(([index, item]) => [index, { ...item, status: 'sent' as const }])),
  );
  return true;
}

/**
 * A sentence if there is nothing left to send: the failure is resolved, removed, or quarantined
 * again meanwhile.
 */
function whyGone(item: ReplayItem, head: FailureHead | undefined): string | undefined {
  if (head === undefined) return 'its retention has ended';
  if (head.state === 'healed' || head.state === 'replayed') return head.note ?? head.state;
  if (head.state === 'quarantined' && !item.lifts) return head.note ?? 'it is quarantined';
  return undefined;
}

/** The newest event of the unit; a failure that occurred again has a newer event. */
async function leaderOf(
  store: FailureStore,
  heads: readonly FailureHead[],
): Promise<Failure | undefined> {
  const score = ({ revision, last }: FailureHead): readonly number[] => [
    revision?.epoch ?? 0,
    revision?.counter ?? 0,
    last,
  ];
  const [newest] = heads.toSorted(
    (a, b) =>
      score(b)
        .map((n, i) => n - score(a)[i]!)
        .find((d) => d !== 0) ?? 0,
  );
  return newest && (await store.get(newest.id));
}

function done(item: ReplayItem, result: ItemResult): ReplayItem {
  return { ...item, status: 'done', result };
}

/**
 * Records the result of a unit that is up to date, impossible or too late, and closes failures that
 * are resolved.
 */
async function settleUnsent(
  { store, clock }: ReplayContext,
  job: ReplayJob,
  { item, preview, newest }: Judged & { readonly newest: Revision | undefined },
): Promise<ReplayItem> {
  const at = clock.now();
  const { verdict, reason, code } = preview;
  const said = { reason, at, ...(code === undefined ? {} : { code }) };
  if (verdict === 'superseded')
    return superseded(store, item, { by: preview.by ?? 'a newer revision', reason, at });
  if (verdict !== 'unchanged')
    return done(item, { ...said, kind: verdict === 'conflict' ? 'conflict' : 'invalid' });
  if (newest && item.revision && compareRevisions(item.revision, newest) < 0) {
    const by = formatRevision(newest);
    return superseded(store, item, {
      by,
      reason: `revision ${by} of the same owner does not request it`,
      at,
    });
  }
  await closeItem(store, item, {
    state: 'replayed',
    note: `already up to date, as replay job ${job.id} found`,
  });
  // Sent before a crash, and it arrived.
  return done(item, { ...said, kind: item.status === 'sending' ? 'applied' : 'unchanged' });
}

/** Closes an item whose failure was resolved by something newer, without sending it. */
async function superseded(
  store: FailureStore,
  item: ReplayItem,
  { by, reason, at }: { readonly by: string; readonly reason: string; readonly at: number },
): Promise<ReplayItem> {
  await closeItem(store, item, { state: 'healed', note: `healed by ${by}` });
  return done(item, { kind: 'superseded', reason, at });
}

/** Changes the state of the failure, unless it is resolved already. */
export async function closeItem(
  store: FailureStore,
  item: ReplayItem,
  to: { readonly state: 'healed' | 'replayed' | 'quarantined'; readonly note: string },
): Promise<void> {
  await store.change([item.failure], (head) =>
    head.state === 'healed' || head.state === 'replayed' ? undefined : to,
  );
}

/** What is sent in one step of a job. */
interface Dispatch {
  readonly job: ReplayJob;
  readonly unit: UnitWork;
  /** Items to save with the next write; those that are sent are added. */
  readonly changes: Map<number, ReplayItem>;
  /** The items that this event or these orders are for. */
  readonly wanted: readonly Judged[];
  readonly load: Load;
}

type Retry = Pick<NonNullable<Preview['retry']>[number], 'device' | 'owner' | 'keys'>;

/** Send the event itself, or retry on each device, if nothing else can help. */
type Load = { readonly event: Failure } | { readonly orders: readonly Retry[] };

/** Orders need no event, so by force they are given even if its evidence is lost. */
function loadOf(wanted: readonly Judged[], leader: Failure | undefined): Load | undefined {
  if (wanted.some(({ preview }) => preview.verdict === 'would-apply' && !preview.retry))
    return leader && { event: leader };
  const all = wanted.flatMap(
    ({ item, preview }): Retry | readonly Retry[] => preview.retry ?? orderFor(item) ?? [],
  );
  const orders = [...Map.groupBy(all, ({ device, owner }) => `${device} ${owner}`).values()].map(
    (same) => ({ ...same[0]!, keys: [...new Set(same.flatMap(({ keys }) => keys))] }),
  );
  return { orders };
}

/** With `--force`: retry what the failure concerns, regardless of its event. */
function orderFor({ device, owner, exposure }: ReplayItem): Retry | undefined {
  if (device === undefined || owner === undefined) return undefined;
  return { device, owner, keys: exposure === undefined ? [] : [exposure] };
}

/** The declarations of one item, which may be in several partitions; unknown with `--force`. */
function newestDeclared({ retry = [] }: Preview): Revision | undefined {
  return retry
    .map(({ declared }) => declared)
    .toSorted(compareRevisions)
    .at(-1);
}

/** Stores what is about to be sent before it is sent, so that a resumed job can continue. */
async function dispatch(
  world: ReplayContext,
  { job, unit, changes, wanted, load }: Dispatch,
): Promise<void> {
  const { queues, store, clock, id } = world;
  const before = wanted.find(({ item }) => item.deduplicationId !== undefined)?.item;
  // A new deduplication id, because the queue drops duplicates for five minutes; stored, so that it
  // survives a crash.
  const deduplicationId = before?.deduplicationId ?? `replay.${job.id}.${id()}`;
  for (const { index, item, head, preview } of wanted) {
    changes.set(index, {
      ...item,
      status: 'sending',
      deduplicationId,
      count: head.count,
      sentAt: item.sentAt ?? clock.now(),
      ...('event' in load
        ? { sentRevision: load.event.revision }
        : { sentRevision: newestDeclared(preview), ordered: true as const }),
    });
  }
  await unit.save(changes);
  const lifted = wanted
    .filter(({ head }) => head.state === 'quarantined')
    .map(({ item }) => item.failure);
  await store.change(lifted, (head) =>
    head.state === 'quarantined'
      ? { state: 'open', note: `quarantine lifted by replay job ${job.id}` }
      : undefined,
  );
  if ('event' in load) await sendOriginal(queues, load.event.details.event, deduplicationId);
  else
    for (const [i, { device, owner, keys }] of load.orders.entries())
      await sendOrder(
        world,
        { action: 'retry', device, owner, ...(keys.length === 0 ? {} : { keys: [...keys] }) },
        i === 0 ? deduplicationId : `${deduplicationId}.${i}`,
      );
  await unit.save(
    new Map(
      wanted.map(({ index }) => [index, { ...changes.get(index)!, status: 'sent' as const }]),
    ),
  );
}

/**
 * Sends the stored bytes again. Only the deduplication id is new: with the old one the queue would
 * drop it.
 */
async function sendOriginal(
  queues: ReplayContext['queues'],
  { queue, group, body }: Evidence['event'],
  deduplicationId: string,
): Promise<void> {
  await queues.queue(queue).send({ group, deduplicationId, body });
}

/** `superseded` if a newer event than that of the item was applied. */
export function appliedResult(item: ReplayItem, at: number): ItemResult {
  const { revision, sentRevision, ordered } = item;
  if (ordered === true)
    return {
      kind: 'applied',
      reason: 'a newer revision was tried again, and the device took it',
      at,
    };
  if (revision && sentRevision && formatRevision(revision) !== formatRevision(sentRevision))
    return {
      kind: 'superseded',
      reason: `covered by revision ${formatRevision(sentRevision)} of the same owner, which was sent`,
      at,
    };
  return { kind: 'applied', reason: 'the device declares it', at };
}
