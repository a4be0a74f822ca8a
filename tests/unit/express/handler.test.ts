/** The function express if it cannot reach its device, or may not write. */
import { describe, expect, test } from '@jest/globals';
import { create } from '../../../functions/express/handler.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Express } from '../../../shared/domain/express/event.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { MEMBER_EXPRESS } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import { LeaseLost } from '../../../shared/queue/lease.ts';
import type { Queue, QueueMessage } from '../../../shared/queue/port.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryQueues } from '../../promises/support/queues.ts';
import { EAST, event, INNER } from './fixtures.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const context = {
  awsRequestId: 'r',
  functionName: 'express',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 30_000,
};

interface Desk {
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Milliseconds for which each message stays hidden. */
  readonly hidden: ReadonlyMap<string, number>;
  readonly asked: string[];
  /** The error of the connection. */
  failure: unknown;
  chance: number;
  queueAway: boolean;
  /** Resolves with the ids of the messages to retry. */
  step(messages: readonly QueueMessage[]): Promise<readonly string[]>;
}

function desk(): Desk {
  const clock = virtualClock(NOW);
  const [lines, hidden, asked]: [Record<string, unknown>[], Map<string, number>, string[]] = [
    [],
    new Map(),
    [],
  ];
  const write =
    (level: string) =>
    (fields: object, said: string): void =>
      void lines.push({ level, said, ...fields });
  const log: Logger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  };
  const config = SluiceConfig.parse({
    generation: 1,
    devices: [
      ['bigip', ['k8s']],
      ['split', ['k8s', 'edge']],
      ['public-ca', ['k8s']],
    ].map(([name, partitions]) => ({
      name,
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      ...(name === 'public-ca' ? {} : { tls: { ca: `env:${String(name)}` } }),
      partitions,
    })),
    clusters: [{ id: 'east' }],
    ingresses: [
      {
        cluster: 'east',
        service: 'istio-system/istio-ingressgateway',
        devices: ['bigip'],
        virtualAddress: '172.16.100.195',
      },
    ],
  });
  const secrets = {
    resolve: (reference: string) => {
      asked.push(reference);
      return Promise.reject(at.failure);
    },
  };
  const memory = memoryQueues(clock);
  const changeVisibility: Queue['changeVisibility'] = async (receipt, ms) => {
    if (at.queueAway) throw new Error('the queue is away');
    hidden.set(receipt, ms);
  };
  const queues = {
    ...memory,
    queue: (name: Parameters<typeof memory.queue>[0]): Queue => ({
      ...memory.queue(name),
      changeVisibility,
    }),
  };
  const runtime = runtimeWith({
    config,
    secrets,
    queues,
    clock,
    id: () => 'id',
    random: () => at.chance,
    log,
  });
  const express = create(runtime);
  const at: Desk = {
    lines,
    hidden,
    asked,
    failure: new DeviceError('BIP501', 'transient', 'no connection'),
    chance: 1,
    queueAway: false,
    step: async (messages) =>
      (
        (
          await express(
            { Records: messages.map((m) => toRecord(m, 'arn:aws:sqs:local:0:express.fifo')) },
            context,
          )
        )?.batchItemFailures ?? []
      ).map(({ itemIdentifier }) => itemIdentifier),
  };
  return at;
}

function message(data: Express, over: Partial<QueueMessage> = {}): QueueMessage {
  const id = over.id ?? `${data.owner} ${data.version.counter}`;
  const body = serialiseEvent(MEMBER_EXPRESS, data, {
    id,
    cluster: 'east',
    subject: data.owner,
    time: new Date(NOW).toISOString(),
  });
  return {
    id,
    receipt: id,
    group: data.device,
    deduplicationId: id,
    body,
    receiveCount: 1,
    sentAt: NOW,
    ...over,
  };
}

const leaves = (over: Partial<Express> = {}): Express => event(2, ['10.0.0.1'], over);

describe('an event for a device without exactly one partition', () => {
  test.each(['unknown', 'split'])(
    'is dropped for device %s and logged, without a request to the device',
    async (device) => {
      const at = desk();
      expect(await at.step([message(leaves({ device }))])).toEqual([]);
      expect([at.asked, at.hidden.size]).toEqual([[], 0]);
      expect(at.lines).toMatchObject([
        {
          level: 'info',
          said: 'express dropped',
          device,
          owner: EAST,
          reason: `device ${device} has other partitions besides k8s in this configuration; its slice decides`,
        },
      ]);
    },
  );

  test('a foreign message is logged as an error with its code', async () => {
    const at = desk();
    expect(await at.step([message(leaves(), { body: 'nonsense' })])).toEqual([]);
    expect([at.asked, at.lines]).toMatchObject([
      [],
      [{ level: 'error', device: 'bigip', code: 'Q610' }],
    ]);
  });
});

test('events that another process may have are dropped, and left to it', async () => {
  const at = desk();
  at.failure = new LeaseLost();
  expect(await at.step([message(leaves())])).toEqual([`${EAST} 2`]);
  expect(at.hidden.size).toBe(0);
  expect(at.lines).toMatchObject([{ level: 'info', said: 'express dropped', owner: EAST }]);
});

describe('while a device is away', () => {
  test('its events are retried, the newest of each ingress, and the owners are logged', async () => {
    const at = desk();
    const older = message(event(1, ['10.0.0.1']));
    expect(await at.step([older, message(leaves()), message(leaves({ owner: INNER }))])).toEqual([
      `${EAST} 2`,
      `${INNER} 2`,
    ]);
    expect(at.asked).toEqual(['env:bigip']);
    expect(at.lines).toMatchObject([
      {
        level: 'warn',
        said: 'retrying express event',
        device: 'bigip',
        code: 'BIP501',
        attempt: 1,
        owners: [EAST, INNER],
        delay: 1_000,
      },
    ]);
  });

  test.each<[number, number, number | undefined, number]>([
    [1, 1, undefined, 1_000],
    [1, 0.5, undefined, 500],
    [2, 1, undefined, 2_000],
    [4, 1, undefined, 8_000],
    [5, 1, undefined, 15_000],
    [40, 1, undefined, 15_000],
    [1, 0, undefined, 0],
    [1, 1, 7_000, 7_000],
    [5, 1, 7_000, 15_000],
  ])(
    'try %d with chance %d, where the device asks for %s ms, is followed by the next after %d ms',
    async (receiveCount, chance, after, delay) => {
      const at = desk();
      at.chance = chance;
      at.failure = new DeviceError('BIP503', 'transient', 'busy', { after });
      const id = 'm';
      for (let count = 1; count <= receiveCount; count++)
        expect(await at.step([message(leaves(), { id, receiveCount: count })])).toEqual([id]);
      expect([...at.hidden]).toEqual([[id, delay]]);
    },
  );

  test('an error without a device behind it, such as of the secret store, is tried again too', async () => {
    const at = desk();
    at.failure = Object.assign(new Error('connection reset'), { code: 'ECONNRESET' });
    expect(await at.step([message(leaves(), { id: 'm' })])).toEqual(['m']);
    expect([...at.hidden]).toEqual([['m', 1_000]]);
    // Codes in the log are Sluice's; the system's code is in the error.
    expect(at.lines.at(-1)).toMatchObject({
      level: 'warn',
      code: undefined,
      error: expect.stringContaining('connection reset'),
    });
  });

  test('a device with a publicly trusted certificate needs no CA', async () => {
    const at = desk();
    await at.step([message(leaves({ device: 'public-ca' }))]);
    expect(at.asked).toEqual(['env:P']);
  });

  test('its events are retried even when the queue does not take the pause', async () => {
    const at = desk();
    at.queueAway = true;
    expect(await at.step([message(leaves(), { id: 'm' })])).toEqual(['m']);
  });
});

test.each<[string, 'content' | 'device', DeviceError['code']]>([
  ['refuses the content', 'content', 'BIP421'],
  ['refuses the login', 'device', 'BIP401'],
])('where a device %s, nothing is tried again, which is reported', async (_what, fault, code) => {
  const at = desk();
  at.failure = new DeviceError(code, fault, 'no');
  expect(await at.step([message(leaves())])).toEqual([]);
  expect([at.hidden.size, at.lines]).toMatchObject([
    0,
    [{ level: 'warn', said: 'express event dropped; the slice decides', code }],
  ]);
});

test('an event that another process received and did not return is not tried again', async () => {
  const at = desk();
  expect(await at.step([message(leaves(), { receiveCount: 2 })])).toEqual([]);
  expect([at.asked, at.lines]).toMatchObject([
    [],
    [{ level: 'error', said: 'express dropped', code: 'Q617' }],
  ]);
});

test('an event that our own code fails at is dropped with a code: its slice says the same', async () => {
  const at = desk();
  at.failure = new TypeError('a fault of ours');
  expect(await at.step([message(leaves())])).toEqual([]);
  expect(at.lines.filter(({ said }) => said === 'express dropped')).toMatchObject([
    {
      level: 'error',
      code: expect.stringMatching(/^Q6/),
      reason: expect.stringContaining('Its slice decides.'),
    },
  ]);
});
