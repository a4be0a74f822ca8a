/**
 * Behaviour that every queue adapter has. Known differences of a server are listed and asserted as
 * such, never skipped silently.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  MAX_BODY_BYTES,
  type Queue,
  type QueueMessage,
  type Queues,
} from '../../../shared/queue/port.ts';
import { idle } from './manual-clock.ts';

export interface Subject {
  readonly queues: Queues;
  /** Lets this much time pass for the queue. */
  pass(ms: number): Promise<void>;
  /** From now on all calls are refused, or none. Absent: nothing can come between. */
  refuse?(refused: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** How fauxqs, which simulates SQS in tests, differs. */
export interface Differences {
  /** A receive returns at most one message of a group. */
  readonly oneMessagePerGroup?: boolean;
  /**
   * A delete with a receipt that is no longer valid is answered with success (and deletes nothing).
   */
  readonly acceptsOldReceipts?: boolean;
  /** A message whose visibility ended can still be deleted until it is received again. */
  readonly deletesLate?: boolean;
  /** Messages never exceed the retention period. */
  readonly noRetention?: boolean;
  /** As in SQS, the age of the oldest message is only in CloudWatch. */
  readonly tellsNoAge?: boolean;
  /** Its messages are in the process, so it is never away. */
  readonly neverAway?: boolean;
}

/** Queues under test have `maxReceiveCount` 3. */
export function queueContract(
  name: string,
  start: () => Promise<Subject>,
  differences: Differences = {},
): void {
  describe(`a queue (${name})`, () => {
    let subject: Subject;
    let queue: Queue;

    beforeEach(async () => {
      subject = await start();
      queue = subject.queues.queue('snapshots');
    });
    afterEach(() => subject.stop());

    const send = (group: string, body: string, deduplicationId = body): Promise<void> =>
      queue.send({ group, deduplicationId, body });
    const take = (max = 10, wait = 0): Promise<readonly QueueMessage[]> =>
      queue.receive({ max, waitMs: wait, visibilityMs: 30_000 });
    const bodies = (messages: readonly QueueMessage[]): string[] => messages.map((m) => m.body);

    /** Receives and deletes until nothing is left. */
    async function drain(): Promise<string[]> {
      const all: string[] = [];
      for (let got = await take(); got.length > 0; got = await take()) {
        all.push(...bodies(got));
        for (const message of got) await queue.delete(message.receipt);
      }
      return all;
    }

    test('returns messages with their group and ids', async () => {
      await queue.send({ group: 'east/istio/gw', deduplicationId: 'e-1', body: '{"über":1}' });
      const [message] = await take();
      expect(message).toMatchObject({
        group: 'east/istio/gw',
        deduplicationId: 'e-1',
        body: '{"über":1}',
        receiveCount: 1,
      });
      expect(message?.id).not.toBe('');
      expect(message?.sentAt).toBeGreaterThan(0);
    });

    test('an empty queue returns nothing', async () => {
      expect(await take()).toEqual([]);
    });

    test('keeps the order within a group', async () => {
      for (const body of ['1', '2', '3', '4', '5']) await send('a', body);
      expect(await drain()).toEqual(['1', '2', '3', '4', '5']);
    });

    test('one receive returns several messages of one group', async () => {
      for (const body of ['1', '2', '3']) await send('a', body);
      expect(bodies(await take())).toEqual(
        differences.oneMessagePerGroup ? ['1'] : ['1', '2', '3'],
      );
    });

    test('never returns more than requested', async () => {
      for (const body of ['1', '2', '3']) await send(body, body);
      expect(bodies(await take(2))).toHaveLength(2);
    });

    test('a group with a message in flight returns no more messages; other groups do', async () => {
      await send('a', 'a1');
      await send('a', 'a2');
      await send('b', 'b1');
      const [first] = await take(1);
      expect(first?.body).toBe('a1');
      expect(bodies(await take())).toEqual(['b1']);
      expect(await take()).toEqual([]);
    });

    test('a group continues when its message is deleted', async () => {
      await send('a', 'a1');
      await send('a', 'a2');
      const [first] = await take(1);
      await queue.delete(first?.receipt ?? '');
      expect(bodies(await take())).toEqual(['a2']);
    });

    test('a message that was not deleted is redelivered before the rest of its group', async () => {
      await send('a', 'a1');
      const [first] = await take();
      await send('a', 'a2');
      await subject.pass(29_000);
      expect(await take()).toEqual([]);
      await subject.pass(2_000);
      const [again] = await take(1);
      expect(again).toMatchObject({ id: first?.id, body: 'a1', receiveCount: 2 });
      expect(again?.receipt).not.toBe(first?.receipt);
    });

    test('a message that is made visible is redelivered at once', async () => {
      await send('a', 'a1');
      const [first] = await take();
      await queue.changeVisibility(first?.receipt ?? '', 0);
      expect(await take()).toMatchObject([{ body: 'a1', receiveCount: 2 }]);
    });

    test('a message can be kept hidden for longer', async () => {
      await send('a', 'a1');
      const [first] = await take();
      await queue.changeVisibility(first?.receipt ?? '', 120_000);
      await subject.pass(60_000);
      expect(await take()).toEqual([]);
      await queue.delete(first?.receipt ?? '');
      await subject.pass(120_000);
      expect(await take()).toEqual([]);
    });

    test('an old receipt deletes nothing, which is reported', async () => {
      await send('a', 'a1');
      const [first] = await take();
      await subject.pass(31_000);
      const [again] = await take();
      const old = queue.delete(first?.receipt ?? '');
      if (differences.acceptsOldReceipts) await expect(old).resolves.toBeUndefined();
      else await expect(old).rejects.toMatchObject({ name: 'QueueError', code: 'Q605' });
      await queue.changeVisibility(again?.receipt ?? '', 0);
      expect(bodies(await take())).toEqual(['a1']);
    });

    test('a message whose visibility expired can no longer be deleted, even before it is redelivered', async () => {
      await send('a', 'a1');
      const [first] = await take();
      await subject.pass(31_000);
      const late = queue.delete(first?.receipt ?? '');
      if (differences.deletesLate) {
        await expect(late).resolves.toBeUndefined();
        expect(await take()).toEqual([]);
      } else {
        await expect(late).rejects.toMatchObject({ name: 'QueueError', code: 'Q605' });
        expect(bodies(await take())).toEqual(['a1']);
      }
    });

    test('a repeated deduplication id is dropped for five minutes, even if its message was deleted', async () => {
      await send('a', 'first', 'same');
      await send('a', 'second', 'same');
      expect(await drain()).toEqual(['first']);
      await subject.pass(4 * 60_000);
      await send('a', 'third', 'same');
      expect(await drain()).toEqual([]);
      await subject.pass(61_000);
      await send('a', 'fourth', 'same');
      expect(await drain()).toEqual(['fourth']);
    });

    if (!differences.neverAway)
      test('an outage of days refuses every call, and loses, repeats and reorders nothing', async () => {
        const refused = { name: 'QueueError', code: 'Q601' };
        await send('a', 'in hand');
        await send('a', 'waits');
        const [held] = await take(1);
        await subject.refuse!(true);
        await expect(send('a', 'unsent')).rejects.toMatchObject(refused);
        await expect(take()).rejects.toMatchObject(refused);
        await expect(queue.delete(held?.receipt ?? '')).rejects.toMatchObject(refused);
        await expect(queue.changeVisibility(held?.receipt ?? '', 0)).rejects.toMatchObject(refused);
        await subject.pass(3 * 86_400_000);
        await subject.refuse!(false);
        await send('a', 'unsent');
        expect(await take(1)).toMatchObject([{ id: held?.id, body: 'in hand', receiveCount: 2 }]);
        await subject.pass(31_000);
        expect(await drain()).toEqual(['in hand', 'waits', 'unsent']);
      });

    test('the same deduplication id is accepted by another queue', async () => {
      await send('a', 'here', 'same');
      const other = subject.queues.queue('slices');
      await other.send({ group: 'a', deduplicationId: 'same', body: 'there' });
      expect(bodies(await other.receive({ max: 10, waitMs: 0, visibilityMs: 30_000 }))).toEqual([
        'there',
      ]);
      expect(bodies(await take())).toEqual(['here']);
    });

    test('a message that is never deleted moves to the dead-letter queue, and its group continues', async () => {
      await send('a', 'poison');
      await send('a', 'good');
      for (let i = 0; i < 3; i += 1) {
        const [message] = await take(1);
        expect(message).toMatchObject({ body: 'poison', receiveCount: i + 1 });
        await queue.changeVisibility(message?.receipt ?? '', 0);
      }
      const left = [...bodies(await take()), ...bodies(await take())];
      expect(left).toEqual(['good']);
      const dead = await subject.queues
        .queue('snapshots-dead')
        .receive({ max: 10, waitMs: 0, visibilityMs: 30_000 });
      expect(dead).toMatchObject([{ group: 'a', body: 'poison' }]);
    });

    test('a waiting receive gets new messages', async () => {
      const waiting = take(10, 5_000);
      await idle();
      await send('a', 'a1');
      expect(bodies(await waiting)).toEqual(['a1']);
    });

    test('a waiting receive ends at once, and empty, when its signal fires', async () => {
      const stop = new AbortController();
      const waiting = queue.receive({
        max: 10,
        waitMs: 20_000,
        visibilityMs: 30_000,
        signal: stop.signal,
      });
      await idle();
      stop.abort();
      expect(await waiting).toEqual([]);
      expect(
        await queue.receive({ max: 10, waitMs: 20_000, visibilityMs: 30_000, signal: stop.signal }),
      ).toEqual([]);
    });

    test('reports the number of waiting messages and of messages in flight', async () => {
      for (const body of ['1', '2', '3']) await send(body, body);
      await take(1);
      expect(await queue.depth()).toMatchObject({ waiting: 2, inFlight: 1 });
    });

    test('reports the sending time of the oldest message, waiting or in flight', async () => {
      expect(await queue.depth()).toEqual({ waiting: 0, inFlight: 0 });
      await send('a', 'first');
      await subject.pass(60_000);
      await send('b', 'second');
      const [first] = await take(1);
      const { oldest } = await queue.depth();
      expect(oldest).toBe(differences.tellsNoAge ? undefined : first?.sentAt);
    });

    test('accepts the largest body, and refuses one byte more with the reason', async () => {
      await send('a', 'x'.repeat(MAX_BODY_BYTES), 'full');
      expect((await take())[0]?.body).toHaveLength(MAX_BODY_BYTES);
      await expect(send('a', 'x'.repeat(MAX_BODY_BYTES + 1), 'over')).rejects.toMatchObject({
        code: 'Q604',
        message: expect.stringContaining('snapshots'),
      });
    });

    test('groups and ids that are too long for SQS still distinguish messages', async () => {
      const long = 'n'.repeat(150);
      await send(`${long}/1`, 'one', `${long}-1`);
      await send(`${long}/2`, 'two', `${long}-2`);
      await send(`${long}/1`, 'swallowed', `${long}-1`);
      expect(bodies(await take()).sort()).toEqual(['one', 'two']);
      expect(await take()).toEqual([]);
    });

    test('a message is kept for two weeks', async () => {
      await send('a', 'old');
      await subject.pass(13 * 86_400_000);
      expect(bodies(await take())).toEqual(['old']);
      await subject.pass(2 * 86_400_000);
      expect(bodies(await take())).toEqual(differences.noRetention ? ['old'] : []);
    });
  });
}
