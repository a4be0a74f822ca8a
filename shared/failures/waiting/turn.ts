/**
 * One run for one device: the process that gets the lease probes the device, and returns the
 * waiting changes to the queue if it answers. An entry is deleted after its message is confirmed; a
 * crash in between sends it twice, which is harmless.
 */
import type { DeclaredState } from '../../domain/declared/declared.ts';
import { sendDeadLetter } from '../../queue/dead-letter.ts';
import { parseEvent, serialiseEvent, withWaited } from '../../queue/envelope.ts';
import { STEERING, STEERING_EVENTS } from '../../queue/events.ts';
import { queueToken } from '../../queue/limits.ts';
import type { Runtime } from '../../host/runtime.ts';
import {
  claimMark,
  newMark,
  markedAway,
  markedHere,
  markedReturning,
  releaseMark,
} from './away.ts';
import type { OutageReason } from './away.ts';
import type { StoredChange, DeviceMark } from './entry.ts';
import { orderInWords, remainingOrder } from './remaining-order.ts';
import type { StateOnReturn } from './remaining-order.ts';
import type { WaitingEntry, WaitingPlace } from './place.ts';

/** The declared states, or the reason why the device is unreachable. */
export type Probe = { readonly states: readonly DeclaredState[] } | { readonly away: OutageReason };

/** What one run needs: the store, the probe of a device, and the queues. */
export interface ReturnContext extends Pick<Runtime, 'queues' | 'clock' | 'id' | 'log'> {
  readonly place: WaitingPlace;
  readonly probe: (device: string) => Promise<Probe>;
  readonly functionVersion: string;
}

/**
 * The result of one run: nothing waits; too early; still unreachable; changes were sent to the
 * queue; the device is available again.
 */
export type ReturnResult = 'nothing' | 'not-due' | 'away' | 'returned' | 'here';

/**
 * After a failed return only this many entries are sent first; the rest follows if the device
 * accepts them.
 */
const FIRST_BATCH_ENTRIES = 10;

/** One run for one device, if it is due and no other process has the lease. */
export async function returnWaitingChanges(
  world: ReturnContext,
  device: string,
  signal?: AbortSignal,
): Promise<ReturnResult> {
  const { place, clock, id } = world;
  const waits = (await place.count(device)) > 0;
  const known = await place.mark(device);
  if (!waits && (known === undefined || known.state === 'here')) return 'nothing';
  const holder = id();
  const now = clock.now();
  const mark = await place.updateMark(device, (found) =>
    claimMark(found ?? newMark(device, now), holder, now),
  );
  if (mark?.lease?.holder !== holder) return 'not-due';
  if (!waits && mark.state === 'returning') {
    await place.updateMark(device, (found) =>
      isMine(found, holder) ? markedHere(found, clock.now()) : found,
    );
    return 'here';
  }
  return ask({ world, device, holder, signal }, mark);
}

/** The return of one device's changes to the queue, by the process that holds the device's mark. */
interface Turn {
  readonly world: ReturnContext;
  readonly device: string;
  readonly holder: string;
  readonly signal: AbortSignal | undefined;
}

function isMine(mark: DeviceMark | undefined, holder: string): mark is DeviceMark {
  return mark?.lease?.holder === holder;
}

/** Probes the device. If it does not answer, the next probe is postponed. */
async function ask(turn: Turn, mark: DeviceMark): Promise<ReturnResult> {
  const { world, device, holder } = turn;
  const { place, clock, log } = world;
  const answer = await world.probe(device);
  if ('away' in answer) {
    const after = await place.updateMark(device, (known) =>
      isMine(known, holder)
        ? markedAway({ ...known, state: 'away' }, device, { ...answer.away, now: clock.now() })
        : known,
    );
    log.warn(
      {
        device,
        code: 'BIP510',
        because: after?.code,
        since: iso(mark.since),
        waiting: await place.count(device),
        error: after?.reason,
      },
      'changes for this device wait until it answers',
    );
    return 'away';
  }
  await place.updateMark(device, (known) =>
    isMine(known, holder) ? markedReturning(known, clock.now()) : known,
  );
  const sent = await giveBack(turn, mark, answer.states);
  await place.updateMark(device, (known) => (isMine(known, holder) ? releaseMark(known) : known));
  log.info(
    { device, since: iso(mark.since), sent },
    'the device answers; its waiting changes go back to the queue',
  );
  return 'returned';
}

const iso = (at: number): string => new Date(at).toISOString();

/** Repeats while more entries arrive; stops as soon as the device refuses the first ones. */
async function giveBack(
  turn: Turn,
  mark: DeviceMark,
  states: readonly DeclaredState[],
): Promise<number> {
  const { world, device, signal } = turn;
  let sent = 0;
  while (await goesOn(turn)) {
    const list = inOrder(await world.place.list(device));
    const some =
      mark.failedReturns > 0 && mark.state === 'away' ? list.slice(0, FIRST_BATCH_ENTRIES) : list;
    const meanwhile: StateOnReturn = {
      slices: list.flatMap(({ entry }) => (entry.kind === 'slice' ? [entry] : [])),
      states,
    };
    for (const waiting of some) {
      if (
        signal?.aborted === true ||
        (sent % FIRST_BATCH_ENTRIES === FIRST_BATCH_ENTRIES - 1 && !(await goesOn(turn)))
      )
        return sent;
      await sendBack(world, waiting, meanwhile);
      sent += 1;
    }
    if (list.length === 0 || some.length < list.length) return sent;
  }
  return sent;
}

/**
 * Whether this process still has the device's mark. Asked before each group, because another one
 * may have taken over.
 */
async function goesOn({ world: { place }, device, holder }: Turn): Promise<boolean> {
  const mark = await place.mark(device);
  return mark?.state === 'returning' && isMine(mark, holder);
}

/** Orders first, because the slices behind them may depend on them. */
const TURN = { order: 0, audit: 1, slice: 2, absence: 3 } as const satisfies Record<
  StoredChange['kind'],
  number
>;

/** Of each kind by time, as they are listed; absences last, because newer slices invalidate them. */
function inOrder(list: readonly WaitingEntry[]): readonly WaitingEntry[] {
  return list.toSorted((a, b) => TURN[a.entry.kind] - TURN[b.entry.kind]);
}

/**
 * Sends the entry to the queue and removes it from the store. An order without remaining effect is
 * reported instead.
 */
async function sendBack(
  world: ReturnContext,
  waiting: WaitingEntry,
  meanwhile: StateOnReturn,
): Promise<void> {
  const { entry } = waiting;
  const body = entry.kind === 'order' ? orderBody(entry, meanwhile) : entry.body;
  if (body === undefined) await tellVoid(world, entry);
  else {
    const again = withWaited(body, { sentAt: entry.sentAt, attempts: entry.attempts });
    await world.queues
      .queue('slices')
      .send({ group: entry.device, deduplicationId: tokenFor(entry, world.id()), body: again });
  }
  await world.place.remove(waiting);
}

/** Keeps the replay job in the token. */
function tokenFor({ deduplicationId }: StoredChange, id: string): string {
  const [job] = /^replay\.[^.]+\./.exec(deduplicationId) ?? ['waited.'];
  return queueToken(`${job}${id}`);
}

/**
 * The order as it is sent on when the device works again: without the parts that others have
 * decided meanwhile. Undefined if nothing of it is left.
 */
function orderBody(entry: StoredChange, meanwhile: StateOnReturn): string | undefined {
  const opened = parseEvent(entry.body, STEERING_EVENTS);
  // apply reports what is wrong with it.
  if ('refused' in opened) return entry.body;
  const { data, id, cluster, subject, time, traceparent, hops } = opened.ok;
  const left = remainingOrder(data, entry.sentAt, meanwhile);
  if (left === undefined || left === data) return left && entry.body;
  return serialiseEvent(STEERING, left, { id, cluster, subject, time, traceparent, hops });
}

/** Reports an obsolete order, like any approval that comes too late. */
async function tellVoid(
  { queues, clock, log, functionVersion }: ReturnContext,
  entry: StoredChange,
): Promise<void> {
  const { device, subject, what, body, sentAt, attempts, deduplicationId } = entry;
  const opened = parseEvent(body, STEERING_EVENTS);
  const words = 'ok' in opened ? orderInWords(opened.ok.data) : what;
  const reason =
    `order "${words}" of ${iso(sentAt)} waited for ${device}, ` +
    `and ${subject} has sent newer events about everything it names since; ` +
    'check the current state, and give the order again if it is still needed';
  log.warn({ device, subject, order: words }, 'a waiting order became obsolete');
  const message = {
    id: entry.id,
    receipt: '',
    group: device,
    deduplicationId,
    body,
    receiveCount: 1,
    sentAt,
  };
  await sendDeadLetter(queues, {
    code: 'OWN311',
    reason,
    queue: 'slices',
    message,
    functionVersion,
    now: clock.now(),
    owner: subject,
    device,
    attempts,
  });
}
