/** Conversion between messages and records of a function, and rules for all queues. */
import { describe, expect, test } from '@jest/globals';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { adoptionRequest, repairRequest, sendAudit } from '../../../shared/queue/audit.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { AUDIT_EVENTS } from '../../../shared/queue/events.ts';
import { fromRecord, toRecord } from '../../../shared/queue/handler.ts';
import { formatHops, parseHops } from '../../../shared/queue/hops.ts';
import { Leases } from '../../../shared/queue/lease.ts';
import {
  deadQueueOf,
  MAX_RECEIVE_COUNT,
  queueToken,
  RETENTION_MS,
} from '../../../shared/queue/limits.ts';
import {
  QueueError,
  type OutgoingMessage,
  type Queue,
  type QueueMessage,
  type QueueName,
} from '../../../shared/queue/port.ts';
import { checkQueueSettings, type QueueSettings } from '../../../shared/queue/settings.ts';
import { FUNCTIONS } from '../../../shared/queue/functions.ts';

const ARN = 'arn:aws:sqs:eu-central-1:1:sluice-slices-dead.fifo';

function message(over: Partial<QueueMessage> = {}): QueueMessage {
  return {
    id: 'm',
    receipt: 'r',
    group: 'g',
    deduplicationId: 'd',
    body: 'b',
    receiveCount: 3,
    sentAt: 42,
    ...over,
  };
}

describe('a message', () => {
  test.each<[string, Partial<QueueMessage>]>([
    ['without an owner', {}],
    ['of a sender', { sender: 'AROAEAST' }],
    ['that the queue moved', { redriven: true }],
  ])('%s comes back from its record as it was', (_what, over) => {
    expect(fromRecord(toRecord(message(over), ARN))).toStrictEqual(message(over));
  });

  test('has the role id of its sender, without the name of the session', () => {
    expect(fromRecord(toRecord(message({ sender: 'AROAEAST:session' }), ARN)).sender).toBe(
      'AROAEAST',
    );
  });

  test('has its source queue only if the queue moved it', () => {
    expect(toRecord(message({ redriven: true }), ARN).attributes.DeadLetterQueueSourceArn).toBe(
      'arn:aws:sqs:eu-central-1:1:sluice-slices.fifo',
    );
    expect('DeadLetterQueueSourceArn' in toRecord(message(), ARN).attributes).toBe(false);
  });

  test.each([
    [ARN, 'eu-central-1'],
    ['no arn', ''],
  ])('its record (%s) is of the region of the queue', (arn, region) => {
    expect(toRecord(message(), arn).awsRegion).toBe(region);
  });

  test('without group and ids, as of a plain queue, has empty ones', () => {
    const record = toRecord(message(), ARN);
    const {
      MessageGroupId: _group,
      MessageDeduplicationId: _id,
      ...attributes
    } = record.attributes;
    expect(fromRecord({ ...record, attributes })).toMatchObject({ group: '', deduplicationId: '' });
  });
});

test.each([
  ['2026-01-01T00:00:00Z watch', 1],
  ['2026-01-01T00:00:00Z', 0],
  ['yesterday watch', 0],
  ['', 0],
])('of hops, only those with a time and a place are read (%j)', (text, count) => {
  expect(parseHops(text)).toHaveLength(count);
  expect(formatHops(parseHops(text))).toBe(count === 0 ? '' : text);
});

describe('a group or deduplication id', () => {
  test('that is too long has 128 characters: its beginning and a hash', () => {
    const token = queueToken('x'.repeat(129));
    expect(token).toMatch(/^x{95}~[0-9a-f]{32}$/);
    expect(queueToken('x'.repeat(130))).not.toBe(token);
    expect(queueToken('x'.repeat(128))).toBe('x'.repeat(128));
  });
});

test.each<[QueueName, QueueName | undefined]>([
  ['snapshots', 'snapshots-dead'],
  ['slices', 'slices-dead'],
  ['express', undefined],
  ['slices-dead', undefined],
])('after %s follows %s', (name, dead) => {
  expect(deadQueueOf(name)).toBe(dead);
});

describe('the settings of a queue', () => {
  const needed = Math.max(
    ...FUNCTIONS.filter(({ queue }) => queue === 'slices').map(
      ({ visibilityMs: visibility }) => visibility,
    ),
  );
  const GOOD: QueueSettings = {
    fifo: true,
    visibilityMs: needed,
    retentionMs: RETENTION_MS,
    redrive: { to: 'slices-dead', after: 5 },
    deduplication: 'queue',
  };
  const { redrive: _redrive, ...alone } = GOOD;

  test.each<[string, QueueName, QueueSettings, readonly RegExp[]]>([
    ['nothing', 'slices', GOOD, []],
    [
      'nothing if the server does not report how it deduplicates',
      'slices',
      { ...alone, redrive: GOOD.redrive! },
      [],
    ],
    ['not a FIFO', 'slices', { ...GOOD, fifo: false }, [/not a FIFO queue/]],
    [
      'too short a visibility',
      'slices',
      { ...GOOD, visibilityMs: needed - 1 },
      [/raise VisibilityTimeout/],
    ],
    [
      'too short a retention',
      'slices',
      { ...GOOD, retentionMs: RETENTION_MS - 1 },
      [/set MessageRetentionPeriod/],
    ],
    [
      'deduplication by group',
      'slices',
      { ...GOOD, deduplication: 'messageGroup' },
      [/set DeduplicationScope/],
    ],
    [
      'a message size below that of the stack',
      'slices',
      { ...GOOD, maxMessageBytes: 262_144 },
      [/takes messages of 262144 bytes; set MaximumMessageSize to 1048576/],
    ],
    ['no encryption', 'slices', { ...GOOD, encrypted: false }, [/set SqsManagedSseEnabled/]],
    ['no dead-letter queue', 'slices', alone, [/it has no dead-letter queue/]],
    [
      'another dead-letter queue',
      'slices',
      { ...GOOD, redrive: { to: 'elsewhere', after: 5 } },
      [/names elsewhere, which park does not read; set it to slices-dead/],
    ],
    [
      'too few receives',
      'slices',
      { ...GOOD, redrive: { to: 'slices-dead', after: 4 } },
      [new RegExp(`maxReceiveCount is 4,.*set it to ${MAX_RECEIVE_COUNT}`)],
    ],
    [
      'nothing about a dead-letter queue for a queue that is one',
      'slices-dead',
      { ...alone, visibilityMs: 900_000 },
      [],
    ],
    [
      'all at once',
      'slices',
      { fifo: false, visibilityMs: 0, retentionMs: 0 },
      [/FIFO/, /VisibilityTimeout/, /MessageRetentionPeriod/, /dead-letter/],
    ],
  ])('are rejected with the reason: %s', (_what, name, settings, expected) => {
    expect(checkQueueSettings(name, settings, 'slices-dead')).toEqual(
      expected.map((pattern) => expect.stringMatching(pattern)),
    );
  });
});

describe('the repair that an audit requests', () => {
  const found = (n: number, over: object = {}) => ({
    partition: `p${n % 2}`,
    object: `/p/o${n}`,
    message: 'was changed',
    kind: 'changed',
    repairable: true,
    ...over,
  });
  const adopt = { key: 'k' } as never;

  test('is undefined if nothing can be repaired', () => {
    expect([
      repairRequest([]),
      adoptionRequest([found(1, { repairable: false })]),
      repairRequest([found(1, { repairable: false })]),
    ]).toEqual([undefined, undefined, undefined]);
  });

  test('names the first finding, and how many more there are', () => {
    expect(repairRequest([found(1)])).toEqual({ partitions: ['p1'], reason: '/p/o1 was changed' });
    expect(repairRequest([found(1), found(9, { repairable: false }), found(2), found(3)])).toEqual({
      partitions: ['p1', 'p0'],
      reason: '/p/o1 was changed, and 2 more',
    });
  });

  test('names no partition for paths, which need no declare', () => {
    const path = found(1, { heal: 'path', partition: 'sluice-net' });
    expect(repairRequest([path])).toEqual({ partitions: [], reason: '/p/o1 was changed' });
    expect(adoptionRequest([path, found(2)])).toMatchObject({ partitions: ['p0'] });
  });

  test('restores kept changes, if there are any', () => {
    expect(repairRequest([found(1), found(2, { kind: 'kept', repairable: false })])).toMatchObject({
      partitions: ['p1', 'p0'],
      lift: true,
    });
    expect('lift' in repairRequest([found(1)])!).toBe(false);
  });

  test('keeps the changes that may be kept, if there are any', () => {
    expect(adoptionRequest([found(1, { adopt }), found(2)])).toMatchObject({
      adopt: [{ partition: 'p1', key: 'k' }],
    });
    expect('adopt' in adoptionRequest([found(2)])!).toBe(false);
  });

  test.each<[string, readonly (readonly [string, readonly string[]])[], readonly string[], string]>(
    [
      [
        'a cluster that the device serves',
        [
          ['west', ['other']],
          ['east', ['bigip']],
          ['south', ['bigip']],
        ],
        ['west'],
        'east',
      ],
      ['the first cluster where it serves none', [['west', ['other']]], ['north', 'west'], 'north'],
      ['the device where there is no cluster', [], [], 'bigip'],
    ],
  )(
    'travels in the group of the device, in the name of %s',
    async (_what, ingresses, clusters, cluster) => {
      const sent: OutgoingMessage[] = [];
      const queue = {
        send: async (one: OutgoingMessage) => void sent.push(one),
      } as unknown as Queue;
      const config = {
        ingresses: ingresses.map(([id, devices]) => ({ cluster: id, devices })),
        clusters: clusters.map((id) => ({ id })),
      } as unknown as SluiceConfig;
      const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
      await sendAudit(
        { queues: { queue: () => queue, close: () => Promise.resolve() }, clock, id: () => 'id' },
        config,
        { device: 'bigip', partitions: ['k8s'], reason: 'why' },
      );
      expect(sent).toMatchObject([{ group: 'bigip', deduplicationId: 'id' }]);
      expect(parseEvent(sent[0]!.body, AUDIT_EVENTS)).toMatchObject({
        ok: { cluster, subject: 'bigip', data: { device: 'bigip', reason: 'why' } },
      });
    },
  );
});

describe('the lease of messages in flight', () => {
  async function renewed(
    lease: number | undefined,
    answers: readonly ('kept' | 'lost')[],
  ): Promise<{
    readonly sleeps: readonly number[];
    readonly hidden: readonly number[];
    readonly warned: readonly object[];
  }> {
    const second = Promise.withResolvers<void>();
    const [sleeps, hidden, warned]: [number[], number[], object[]] = [[], [], []];
    const clock = {
      now: () => 0,
      monotonic: () => 0,
      sleep: (ms: number, signal?: AbortSignal) => {
        if (sleeps.push(ms) === 1) return Promise.resolve();
        second.resolve();
        const { promise, resolve } = Promise.withResolvers<void>();
        signal?.addEventListener('abort', () => resolve());
        return promise;
      },
    };
    const changeVisibility: Queue['changeVisibility'] = async (receipt, ms) => {
      hidden.push(ms);
      if (answers[Number(receipt)] === 'lost') throw new QueueError('Q605', 'no longer held');
    };
    const log = { warn: (fields: object) => void warned.push(fields) };
    const leases = new Leases({
      queue: { name: 'slices', changeVisibility },
      lease,
      visibilityMs: 60_000,
      clock,
      log,
    } as unknown as ConstructorParameters<typeof Leases>[0]);
    const batch = answers.map((_, i) => message({ id: String(i), receipt: String(i) }));
    const call = leases.begin(batch, { now: 0, monotonic: 0 });
    if (lease !== undefined) await second.promise;
    await call.end();
    return { sleeps, hidden, warned };
  }

  test('is renewed after a third of its time, for every message, until the call ends', async () => {
    expect(await renewed(30_000, ['kept', 'kept'])).toEqual({
      sleeps: [10_000, 10_000],
      hidden: [30_000, 30_000],
      warned: [],
    });
  });

  test('that could not be renewed is logged, with the number of messages', async () => {
    expect((await renewed(30_000, ['lost', 'kept', 'lost'])).warned).toEqual([
      { queue: 'slices', lost: 2 },
    ]);
  });

  test('is not renewed if the host requests none', async () => {
    expect(await renewed(undefined, ['kept'])).toEqual({ sleeps: [], hidden: [], warned: [] });
  });
});
