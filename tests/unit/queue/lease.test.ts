import { expect, test } from '@jest/globals';
import type { Handler } from '../../../shared/queue/handler.ts';
import { invoke } from '../../../shared/queue/invocation.ts';
import type { CallLease } from '../../../shared/queue/lease.ts';
import { giveBack, LeaseLost, Leases, proveLease } from '../../../shared/queue/lease.ts';
import type { QueueMessage } from '../../../shared/queue/port.ts';
import { QueueError } from '../../../shared/queue/port.ts';
import { momentOf } from '../../../shared/runtime/clock.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';
import type { ManualClock } from '../../contract/queue/manual-clock.ts';

const LEASE = 30_000;

interface Scene {
  readonly clock: ManualClock;
  /** Receipts that were renewed. */
  readonly asked: string[];
  /** Every requested visibility, after the queue has accepted it. */
  readonly hidden: number[];
  /** The queue answers renewals when this resolves. */
  answers: Promise<void>;
  /** Receipts that another receive made invalid. */
  readonly invalid: Set<string>;
  /** Starts a call that receives the message now. */
  readonly call: (receipt: string, receiveCount: number) => CallLease;
}

function scene({ lease }: { readonly lease?: number } = { lease: LEASE }): Scene {
  const clock = createManualClock();
  const asked: string[] = [];
  const hidden: number[] = [];
  const invalid = new Set<string>();
  const leases = new Leases({
    queue: {
      name: 'slices',
      changeVisibility: async (receipt: string, ms: number) => {
        asked.push(receipt);
        if (invalid.has(receipt)) throw new QueueError('Q605', 'another has it');
        if (ms === lease) await world.answers;
        hidden.push(ms);
      },
    } as never,
    ...(lease !== undefined && { lease }),
    visibilityMs: 150_000,
    // Timers do not run during a stall.
    clock: { ...clock, sleep: (_ms, signal) => clock.sleep(1e12, signal) },
    log: createLogger('silent'),
  });
  const message = (receipt: string, receiveCount: number): QueueMessage => ({
    id: 'm',
    receipt,
    receiveCount,
    group: 'g',
    deduplicationId: 'd',
    body: '',
    sentAt: 0,
  });
  const world: Scene = {
    clock,
    asked,
    hidden,
    invalid,
    answers: Promise.resolve(),
    call: (receipt, count) => leases.begin([message(receipt, count)], momentOf(clock)),
  };
  return world;
}

test('a message that was just received is held without asking the queue', async () => {
  const { clock, asked, call } = scene();
  const one = call('r1', 1);
  await clock.pass(19_999);
  expect(await one.holds(['m'])).toBe(true);
  expect(asked).toEqual([]);
});

test('with a third of the lease left, the queue is asked, and answers for a whole lease', async () => {
  const { clock, asked, call } = scene();
  const one = call('r1', 1);
  await clock.pass(20_000);
  expect(await one.holds(['m'])).toBe(true);
  await clock.pass(19_999);
  expect(await one.holds(['m'])).toBe(true);
  expect(asked).toEqual(['r1']);
});

test('a message that another process received during a stall is not held any more', async () => {
  const { clock, invalid, call } = scene();
  const one = call('r1', 1);
  await clock.pass(31_000);
  invalid.add('r1');
  expect(await one.holds(['m'])).toBe(false);
});

test('a machine that was suspended asks, although its monotonic clock stood still', async () => {
  const { clock, invalid, call } = scene();
  const one = call('r1', 1);
  clock.step(31_000);
  invalid.add('r1');
  expect(await one.holds(['m'])).toBe(false);
});

test('a clock that is set back does not make a lease longer', async () => {
  const { clock, asked, call } = scene();
  const one = call('r1', 1);
  await clock.pass(25_000);
  clock.step(-3_600_000);
  expect(await one.holds(['m'])).toBe(true);
  expect(asked).toEqual(['r1']);
});

test('a call goes on if only its own process received the message again', async () => {
  const { clock, asked, invalid, call } = scene();
  const one = call('r1', 1);
  await clock.pass(31_000);
  invalid.add('r1');
  call('r2', 2);
  expect(await one.holds(['m'])).toBe(true);
  await clock.pass(25_000);
  expect(await one.holds(['m'])).toBe(true);
  expect(asked).toEqual(['r2']);
});

test('a call ends if another process had the message before its own received it again', async () => {
  const { clock, call } = scene();
  const one = call('r1', 1);
  await clock.pass(31_000);
  const two = call('r3', 3);
  expect(await one.holds(['m'])).toBe(false);
  expect(await two.holds(['m'])).toBe(true);
});

test('a call that has ended holds nothing, and neither does one for other messages', async () => {
  const { call } = scene();
  const one = call('r1', 1);
  expect(await one.holds(['m', 'other'])).toBe(false);
  expect(await one.holds(['m'])).toBe(true);
  await one.end();
  expect(await one.holds(['m'])).toBe(false);
});

test('a renewal in progress does not hide messages again that the call returns', async () => {
  const world = scene();
  const one = world.call('r1', 1);
  await world.clock.pass(20_000);
  const answer = Promise.withResolvers<void>();
  world.answers = answer.promise;
  const holds = one.holds(['m']);
  const returned = one.giveBack({ id: 'm', receipt: 'r1' }, 0);
  answer.resolve();
  await returned;
  expect(world.hidden).toEqual([LEASE, 0]);
  expect(await holds).toBe(false);
  expect(await one.holds(['m'])).toBe(false);
});

test('messages that the queue refused to renew can be returned', async () => {
  const { clock, hidden, invalid, call } = scene();
  const one = call('r1', 1);
  await clock.pass(20_000);
  invalid.add('r1');
  const holds = one.holds(['m']);
  const returned = one.giveBack({ id: 'm', receipt: 'r1' }, 5_000);
  invalid.clear();
  await returned;
  expect(await holds).toBe(false);
  expect(hidden).toEqual([5_000]);
});

test('a message that goes back to its queue is not held any more, so that nothing hides it again', async () => {
  const { hidden, call } = scene();
  const one = call('r1', 1);
  const queue = { changeVisibility: () => Promise.reject(new Error('not by itself')) };
  await giveBack(queue, one, { id: 'm', receipt: 'r1' }, 5_000);
  expect(hidden).toEqual([5_000]);
  expect(await one.holds(['m'])).toBe(false);
});

test('a message that was received again since is left to the call that has it now', async () => {
  const { asked, call } = scene();
  const one = call('r1', 1);
  const two = call('r2', 2);
  await one.giveBack({ id: 'm', receipt: 'r1' }, 0);
  expect(asked).toEqual([]);
  expect(await two.holds(['m'])).toBe(true);
});

test('without a lease, a message is held until its visibility ends', async () => {
  const { clock, asked, invalid, call } = scene({});
  const one = call('r1', 1);
  await clock.pass(149_000);
  expect(await one.holds(['m'])).toBe(true);
  expect(asked).toEqual([]);
  invalid.add('r1');
  await clock.pass(1_000);
  expect(await one.holds(['m'])).toBe(false);
});

test('a write is refused without a proof, and allowed where no host can lose a message', async () => {
  const message = { id: 'm' };
  await expect(proveLease({}, [message])).resolves.toBeUndefined();
  await expect(
    proveLease({ holds: () => Promise.resolve(true) }, [message]),
  ).resolves.toBeUndefined();
  await expect(proveLease({ holds: () => Promise.resolve(false) }, [message])).rejects.toThrow(
    LeaseLost,
  );
});

test('a handler whose time is over holds nothing, also if it ends in a stall that no timer noticed', async () => {
  const clock = createManualClock();
  let [stalled, asked] = [0, 0];
  const held: (boolean | undefined)[] = [];
  const lease = {
    holds: () => {
      asked += 1;
      // Until the queue answers.
      if (asked === 2) stalled = 30_000;
      return Promise.resolve(true);
    },
    giveBack: () => Promise.resolve(),
  };
  const handler: Handler = async (_event, { holds }) => {
    for (let proofs = 0; proofs < 3; proofs += 1) held.push(await holds?.(['m']));
  };
  await invoke(
    {
      queue: { name: 'slices' } as never,
      handler,
      functionName: 'apply',
      timeout: 30_000,
      clock: { ...clock, monotonic: () => clock.monotonic() + stalled },
      id: () => 'r',
    },
    [],
    lease,
  );
  // The third time the queue is not asked, which would hide the message for longer.
  expect([held, asked]).toEqual([[true, false, false], 2]);
});
