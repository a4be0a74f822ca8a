import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { randomBytes, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { CODES } from '../../../shared/domain/codes/index.ts';
import {
  DEAD_LETTER_EVENTS,
  sendDeadLetter,
  type DeadLetter,
  type DeadLetterInput,
} from '../../../shared/queue/dead-letter.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import { DEAD_LETTER } from '../../../shared/queue/events.ts';
import { MAX_BODY_BYTES, type QueueMessage, type Queues } from '../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';

let queues: Queues;
beforeEach(() => {
  queues = createSqliteQueues({ path: ':memory:', clock: createManualClock(), id: randomUUID });
});
afterEach(() => queues.close());

const NOW = Date.UTC(2026, 10, 22);
const MESSAGE: QueueMessage = {
  id: 'm-1',
  receipt: 'r',
  group: 'east/istio-system/gw',
  deduplicationId: 'e-1',
  body: '{"a":1}',
  receiveCount: 2,
  sentAt: NOW - 1000,
  sender: 'AROAEAST',
};

function input(change: Partial<DeadLetterInput> = {}): DeadLetterInput {
  return {
    code: 'Q613',
    reason: 'It does not fit.',
    queue: 'snapshots',
    message: MESSAGE,
    functionVersion: '7',
    now: NOW,
    ...change,
  };
}

async function received(
  name: 'snapshots-dead' | 'slices-dead' = 'snapshots-dead',
): Promise<readonly QueueMessage[]> {
  return queues.queue(name).receive({ max: 10, waitMs: 0, visibilityMs: 1000 });
}

async function letters(): Promise<readonly DeadLetter[]> {
  return (await received()).map(({ body }) => {
    const opened = parseEvent(body, DEAD_LETTER_EVENTS);
    if ('refused' in opened) throw new Error(opened.refused.reason);
    return opened.ok.data;
  });
}

/** Text that hardly compresses. */
const foreign = (length: number): string =>
  String.fromCharCode(...[...randomBytes(length)].map((byte, i) => 0x4e00 + byte + 256 * (i % 80)));

describe('a dead letter', () => {
  test('keeps everything needed to understand the event and to send it again', async () => {
    const revision = { epoch: NOW, counter: 3, generation: 1 };
    await sendDeadLetter(
      queues,
      input({
        code: 'BIP422',
        queue: 'snapshots',
        owner: 'east/istio-system/gw',
        device: 'bigip',
        partition: 'k8s',
        exposure: '10.0.0.1:443/tcp',
        revision,
        response: 'declaration failed',
      }),
    );
    expect(await letters()).toEqual([
      {
        code: 'BIP422',
        reason: 'It does not fit.',
        class: 'device',
        queue: 'snapshots',
        group: 'east/istio-system/gw',
        original: {
          id: 'm-1',
          body: '{"a":1}',
          sentAt: NOW - 1000,
          receiveCount: 2,
          sender: 'AROAEAST',
        },
        owner: 'east/istio-system/gw',
        device: 'bigip',
        partition: 'k8s',
        exposure: '10.0.0.1:443/tcp',
        revision: { epoch: NOW, counter: 3 },
        response: 'declaration failed',
        attempts: [{ at: '2026-11-22T00:00:00.000Z', code: 'BIP422', reason: 'It does not fit.' }],
        functionVersion: '7',
      },
    ]);
  });

  test('is sent as a CloudEvent in the group of its original, to the dead-letter queue of its queue', async () => {
    await sendDeadLetter(
      queues,
      input({ queue: 'slices', owner: 'east/istio-system/gw', traceparent: '00-a-b-01' }),
    );
    const [message] = await received('slices-dead');
    expect(message?.group).toBe(MESSAGE.group);
    expect(JSON.parse(message?.body ?? '')).toMatchObject({
      type: DEAD_LETTER,
      source: '/clusters/east',
      subject: 'east/istio-system/gw',
      traceparent: '00-a-b-01',
    });
  });

  test.each([
    ['GW103', 'input'],
    ['MAP201', 'mapping'],
    ['OWN320', 'ownership'],
    ['BIP401', 'device'],
    ['Q610', 'queue'],
  ])('%s is a fault of class %s', async (code, faultClass) => {
    await sendDeadLetter(queues, input({ code }));
    expect(await letters()).toMatchObject([{ class: faultClass }]);
  });

  test('written twice for the same fault of the same message is stored once', async () => {
    await sendDeadLetter(queues, input());
    await sendDeadLetter(queues, input({ now: NOW + 5 }));
    expect(await letters()).toHaveLength(1);
  });

  test('each refused exposure of one message has its own', async () => {
    await sendDeadLetter(queues, input({ exposure: '10.0.0.1:1/tcp' }));
    await sendDeadLetter(queues, input({ exposure: '10.0.0.1:2/tcp' }));
    expect(await letters()).toHaveLength(2);
  });

  test('of a message without a group and owner still has a group', async () => {
    await sendDeadLetter(queues, input({ message: { ...MESSAGE, group: '' } }));
    expect(await received()).toMatchObject([{ group: 'm-1' }]);
  });

  test("the device's message is shortened", async () => {
    await sendDeadLetter(queues, input({ response: 'x'.repeat(100_000) }));
    const [letter] = await letters();
    expect(letter?.response).toMatch(/^x{4000}… \(100000 characters\)$/);
  });

  test('contains the complete event, even the largest one that can be sealed', async () => {
    const noise = randomBytes(768 * 1024 - 40_000).toString('base64');
    const body = serialiseEvent(
      'sluice.test.v1',
      { noise },
      { id: 'e', cluster: 'east', subject: 'east/a/b', time: '2026-11-22T00:00:00Z' },
    );
    expect(Buffer.byteLength(body)).toBeGreaterThan(MAX_BODY_BYTES - 80_000);
    await sendDeadLetter(
      queues,
      input({
        message: { ...MESSAGE, body },
        response: randomBytes(4000).toString('hex'),
        reason: randomBytes(500).toString('hex'),
      }),
    );
    const [letter] = await letters();
    expect(letter?.original.body).toBe(body);
    expect(letter?.original.cut).toBeUndefined();
  });

  test('keeps the beginning of a body that cannot be packed, with its size and hash', async () => {
    const printable = [...randomBytes(MAX_BODY_BYTES)]
      .map((byte) => String.fromCharCode(35 + (byte % 90)))
      .join('');
    await sendDeadLetter(queues, input({ message: { ...MESSAGE, body: printable } }));
    const [letter] = await letters();
    expect(letter?.original.cut).toEqual({
      bytes: MAX_BODY_BYTES,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(printable.startsWith(letter?.original.body ?? 'not kept')).toBe(true);
    expect(letter?.original.body.length).toBeGreaterThan(100_000);
  });

  /**
   * Red without the forms of `sealLetter` (dead-letter.ts) and the budgets: Q604, and the queue
   * retries the message until its last try.
   */
  test.each<[string, Partial<DeadLetterInput>]>([
    ['an owner of 400 KB', { owner: `east/${'x'.repeat(400_000)}` }],
    ['a reason of 400 KB', { reason: '\u0001'.repeat(400_000) }],
    ['a trace of 400 KB', { traceparent: 'x'.repeat(400_000) }],
    [
      'a device, a partition and an exposure of 400 KB each',
      {
        device: 'd'.repeat(400_000),
        partition: 'p'.repeat(400_000),
        exposure: 'e'.repeat(400_000),
      },
    ],
    [
      'too many tries',
      {
        attempts: Array.from({ length: 5_000 }, () => ({
          at: '2026-11-22T00:00:00.000Z',
          code: 'BIP421',
          reason: randomBytes(5_000).toString('hex'),
        })),
      },
    ],
    [
      'a plan that is too long',
      {
        plan: Array.from({ length: 5_000 }, (_, i) => ({
          owner: 'o',
          key: `${i}`,
          kind: 'create',
          code: 'OK',
          reason: randomBytes(2_000).toString('hex'),
        })),
      },
    ],
  ])('fits with %s', async (_, change) => {
    const noise = randomBytes(768 * 1024 - 40_000).toString('base64');
    const body = serialiseEvent(
      'sluice.test.v1',
      { noise },
      { id: 'e', cluster: 'east', subject: 'east/a/b', time: '2026-11-22T00:00:00Z' },
    );
    await sendDeadLetter(queues, input({ ...change, message: { ...MESSAGE, body } }));
    const [letter] = await letters();
    expect(letter?.original.cut).toBeUndefined();
    expect(letter?.original.body).toBe(body);
  });

  test('of an event that fits completely drops only the additional information, never the event', async () => {
    const noise = randomBytes(768 * 1024 - 36_000).toString('base64');
    const body = serialiseEvent(
      'sluice.test.v1',
      { noise },
      { id: 'e', cluster: 'east', subject: 'east/a/b', time: '2026-11-22T00:00:00Z' },
    );
    const attempts = Array.from({ length: 20 }, (_, i) => ({
      at: '2026-11-22T00:00:00.000Z',
      code: `BIP${i}`,
      reason: foreign(2_000),
    }));
    const plan = Array.from({ length: 50 }, (_, i) => ({
      owner: 'o',
      key: `${i}`,
      kind: 'create',
      code: 'OK',
      reason: foreign(2_000),
    }));
    await sendDeadLetter(
      queues,
      input({ attempts, plan, response: foreign(4_000), message: { ...MESSAGE, body } }),
    );
    const [letter] = await letters();
    expect(letter?.original.body).toBe(body);
    expect(letter?.plan).toBeUndefined();
    expect(letter?.response?.length).toBeGreaterThan(400);
    expect(letter?.response?.length).toBeLessThan(600);
    expect(letter?.attempts.map(({ code }) => code)).toEqual(['BIP17', 'BIP18', 'BIP19']);
  });

  test('keeps any body unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (body) => {
        await sendDeadLetter(queues, input({ message: { ...MESSAGE, id: randomUUID(), body } }));
        const all = await received();
        const opened = parseEvent(all[0]?.body ?? '', DEAD_LETTER_EVENTS);
        for (const { receipt } of all) await queues.queue('snapshots-dead').delete(receipt);
        expect(opened).toMatchObject({ ok: { data: { original: { body } } } });
      }),
      { numRuns: 50 },
    );
  });
});

describe('the queue codes', () => {
  test.each([
    'Q601',
    'Q602',
    'Q603',
    'Q604',
    'Q605',
    'Q610',
    'Q611',
    'Q612',
    'Q613',
    'Q614',
    'Q615',
    'Q616',
    'Q617',
  ])('%s has a cause and a remedy', (code) => {
    const Entry = z.object({
      title: z.string().min(3),
      cause: z.string().min(20),
      fix: z.string().min(20),
      retryable: z.boolean(),
    });
    expect(Entry.safeParse(CODES[code]).success).toBe(true);
  });
});

describe('fields that a dead letter copies', () => {
  const long = (length: number): string => 'n'.repeat(length);

  test('keeps names of 512 characters whole, and leaves longer ones out', async () => {
    await sendDeadLetter(queues, input({ device: long(512), partition: long(513) }));
    const [letter] = await letters();
    expect([letter?.device, letter?.partition]).toEqual([long(512), undefined]);
  });

  test('keeps the newest 20 tries and the first 50 lines of the plan', async () => {
    const attempts = Array.from({ length: 25 }, (_, i) => ({
      at: new Date(NOW + i).toISOString(),
      code: `C${i}`,
      reason: 'no',
    }));
    const plan = Array.from({ length: 60 }, (_, i) => ({
      owner: 'o',
      key: `k${i}`,
      kind: 'create',
      code: 'OK',
      reason: '',
    }));
    await sendDeadLetter(queues, input({ attempts, plan }));
    const [letter] = await letters();
    expect([letter?.attempts.length, letter?.attempts[0]?.code]).toEqual([20, 'C5']);
    expect([letter?.plan?.length, letter?.plan?.at(-1)?.key]).toEqual([50, 'k49']);
  });

  test('is sent in the name of its cluster if it is short enough, and names its group without an owner', async () => {
    for (const [code, owner] of [
      ['Q610', `${long(128)}/a/b`],
      ['Q611', `${long(129)}/a/b`],
      ['Q612', undefined],
    ] as const)
      await sendDeadLetter(queues, input({ code, owner }));
    const events = (await received()).map(({ body }) => parseEvent(body, DEAD_LETTER_EVENTS));
    expect(events).toMatchObject([
      { ok: { cluster: long(128), subject: `${long(128)}/a/b` } },
      { ok: { cluster: 'unknown', subject: `${long(129)}/a/b` } },
      { ok: { cluster: 'unknown', subject: MESSAGE.group } },
    ]);
  });

  test('keeps a traceparent of 256 characters, and leaves a longer one out', async () => {
    await sendDeadLetter(queues, input({ code: 'Q610', traceparent: long(256) }));
    await sendDeadLetter(queues, input({ code: 'Q611', traceparent: long(257) }));
    const events = (await received()).map(({ body }) => parseEvent(body, DEAD_LETTER_EVENTS));
    expect(events.map((event) => 'ok' in event && event.ok.traceparent)).toEqual([
      long(256),
      undefined,
    ]);
  });
});
