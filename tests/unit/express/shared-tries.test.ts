/** Several processes of express share the patience with a device that does not answer. */
import { describe, expect, test } from '@jest/globals';
import { create } from '../../../functions/express/handler.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { DeviceErrorCode, FaultClass } from '../../../shared/device/errors.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { createSharedTries } from '../../../shared/failures/shared-tries.ts';
import { markedAway } from '../../../shared/failures/waiting/away.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { MEMBER_EXPRESS } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import { smallConfig } from '../../fixtures/config.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { logTo } from '../../fixtures/log.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryQueues } from '../../promises/support/queues.ts';
import { event } from './fixtures.ts';

const MINUTE = 60_000;
const DEVICE = 'bigip-1';
const context = {
  awsRequestId: 'r',
  functionName: 'express',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 30_000,
};

const broken = (code: DeviceErrorCode, fault: FaultClass): DeviceError =>
  new DeviceError(code, fault, 'no answer');

/** Processes whose connections to the device fail. */
function world(replicas: number, failure: Error = broken('BIP501', 'transient')) {
  const clock = virtualClock();
  const blobs = memoryBlobs();
  const failures = failuresOver(blobs, { clock, id: () => 'id' });
  const tries: number[] = [];
  const begun = clock.now();
  const secrets = {
    resolve: () => {
      tries.push(clock.now() - begun);
      return Promise.reject(failure);
    },
  };
  const store = { isAway: false };
  const open = () => (store.isAway ? Promise.reject(new Error('away')) : Promise.resolve(failures));
  const runtime = runtimeWith({
    config: smallConfig(),
    secrets,
    queues: memoryQueues(clock),
    clock,
    log: logTo([]),
  });
  const processes = Array.from({ length: replicas }, () =>
    create(runtime, { tries: createSharedTries(runtime, open) }),
  );
  let count = 0;
  /** A new event, which one process gets after the other. */
  const send = async (): Promise<number> => {
    const id = `m${(count += 1)}`;
    const data = event(count, ['10.0.0.1'], { device: DEVICE });
    const time = new Date(clock.now()).toISOString();
    const body = serialiseEvent(MEMBER_EXPRESS, data, {
      id,
      cluster: 'east',
      subject: data.owner,
      time,
    });
    const message = { id, receipt: id, group: DEVICE, deduplicationId: id, body };
    const record = toRecord(
      { ...message, receiveCount: 1, sentAt: clock.now() },
      'arn:aws:sqs:local:0:express.fifo',
    );
    const answer = await processes[count % replicas]!({ Records: [record] }, context);
    return answer?.batchItemFailures.length ?? 0;
  };
  return { clock, failures, runtime, store, open, tries, send };
}

describe('a device that does not answer', () => {
  test.each<[number, DeviceErrorCode, FaultClass]>([
    [1, 'BIP501', 'transient'],
    [3, 'BIP501', 'transient'],
    [12, 'BIP501', 'transient'],
    [12, 'BIP401', 'device'],
  ])(
    '%i replicas together try it at most six times a minute (%s)',
    async (replicas, code, faultClass) => {
      const { clock, send, tries } = world(replicas, broken(code, faultClass));
      for (let i = 0; i < 200; i++) {
        await send();
        clock.advance(1_000);
      }
      const later = tries.filter((at) => at >= MINUTE);
      const inMinuteFrom = (from: number) =>
        tries.filter((at) => at >= from && at < from + MINUTE).length;
      expect(Math.max(...later.map(inMinuteFrom))).toBeLessThanOrEqual(6);
      expect(later.length).toBeGreaterThan(5);
    },
  );

  test('is tried by nobody while changes for it wait in the store, and events come again', async () => {
    const { clock, failures, send, tries } = world(2);
    await failures.waiting.updateMark(DEVICE, (known) =>
      markedAway(known, DEVICE, { code: 'BIP501', reason: 'away', now: clock.now() }),
    );
    expect([await send(), await send(), tries]).toEqual([1, 1, []]);
    // Nobody looks after it any more.
    clock.advance(20 * MINUTE);
    await send();
    expect(tries).toHaveLength(1);
  });

  test('is tried although the store does not answer', async () => {
    const { send, store, tries } = world(2);
    store.isAway = true;
    for (let i = 0; i < 4; i++) await send();
    expect(tries).toHaveLength(4);
  });
});

test.each<[string, Error]>([
  ['refused the content', broken('BIP421', 'content')],
  ['was not asked, after several failures in this process', broken('BIP508', 'transient')],
  [
    'was not reached because the secret store did not answer',
    Object.assign(new Error('connection reset'), { code: 'ECONNRESET' }),
  ],
])('a device that %s is tried by the other processes as before', async (_what, failure) => {
  const { failures, send, tries } = world(2, failure);
  for (let i = 0; i < 4; i++) await send();
  expect(tries).toHaveLength(4);
  expect(await failures.tries.of(DEVICE)).toBeUndefined();
});

test('a device that answers again is tried at once by all, and the store is not asked for a minute', async () => {
  const { clock, runtime, failures, open } = world(1);
  let asked = 0;
  const counted = () => {
    asked += 1;
    return open();
  };
  const [a, b] = [createSharedTries(runtime, counted), createSharedTries(runtime, counted)];
  for (let i = 0; i < 5; i++) await a.failed(DEVICE);
  expect([await a.pause(DEVICE), await b.pause(DEVICE)]).toEqual([10_000, 10_000]);
  clock.advance(10_000);
  expect(await b.pause(DEVICE)).toBe(0);
  await b.reached(DEVICE);
  expect(await failures.tries.of(DEVICE)).toBeUndefined();
  expect(await a.pause(DEVICE)).toBe(0);
  await a.reached(DEVICE);
  asked = 0;
  expect([await a.pause(DEVICE), await b.pause(DEVICE), asked]).toEqual([0, 0, 0]);
  await a.failed(DEVICE);
  // The first pause is as short as that of one process.
  expect(await a.pause(DEVICE)).toBe(1_000);
});

test('a time that a wrong clock wrote ahead holds nobody up', async () => {
  const { clock, runtime, open } = world(1);
  const tries = createSharedTries(runtime, open);
  clock.step(3_600_000);
  await tries.failed(DEVICE);
  clock.step(-3_600_000);
  expect(await tries.pause(DEVICE)).toBe(0);
});
