/** The queues that park reads, how long it keeps failures, and to which owner it attributes them. */
import { describe, expect, test } from '@jest/globals';
import { parkInto } from '../../../functions/park/handler.ts';
import { createPruner, type Pruned } from '../../../functions/park/prune.ts';
import { recordOfMessage } from '../../../functions/park/record-of-message.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import { RETENTION_MS } from '../../../shared/queue/limits.ts';
import { createKeyring } from '../../../shared/queue/keyring.ts';
import type { QueueMessage } from '../../../shared/queue/port.ts';
import { newKeyPair, readSigner } from '../../../shared/queue/signature.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { CLUSTERS, configOf, testRuntime } from '../../fixtures/failures/runtime.ts';

const OWNER = 'east/istio-system/istio-ingressgateway';
const DAY = 86_400_000;
const context = {
  awsRequestId: 'r',
  functionName: 'park',
  functionVersion: '1',
  getRemainingTimeInMillis: () => 30_000,
};

function message(body = 'nonsense', over: Partial<QueueMessage> = {}): QueueMessage {
  return {
    id: 'm1',
    receipt: 'r1',
    group: OWNER,
    deduplicationId: 'm1',
    body,
    receiveCount: 1,
    sentAt: 1_000,
    ...over,
  };
}

async function parked(arn: string): Promise<readonly (string | undefined)[]> {
  const runtime = testRuntime();
  const failures = failuresOver(memoryBlobs(), runtime);
  await parkInto(runtime, failures)({ Records: [toRecord(message(), arn)] }, context);
  return (await failures.store.list()).map(({ queue }) => queue);
}

describe('the input of park', () => {
  test.each([
    ['arn:aws:sqs:eu-central-1:1:sluice-snapshots-dead.fifo', 'snapshots'],
    ['arn:aws:sqs:eu-central-1:1:sluice-slices-dead.fifo', 'slices'],
    ['arn:aws:sqs:eu-central-1:1:slices-dead', 'slices'],
    ['snapshots-dead', 'snapshots'],
  ])('from %s it is kept as of the queue %s', async (arn, queue) => {
    expect(await parked(arn)).toEqual([queue]);
  });

  test.each([
    ['arn:aws:sqs:eu-central-1:1:sluice-slices.fifo', 'sluice-slices'],
    ['arn:aws:sqs:eu-central-1:1:express', 'express'],
    ['', 'a record without a queue'],
  ])(
    'messages of any other queue (%s) are refused, with the name of the connected queue',
    async (arn, named) => {
      await expect(parked(arn)).rejects.toThrow(
        `park received ${named}; connect it only to the queues snapshots-dead and slices-dead`,
      );
    },
  );

  test('an invocation without records is refused with a clear message', async () => {
    const runtime = testRuntime();
    await expect(
      parkInto(runtime, failuresOver(memoryBlobs(), runtime))({ Records: [] }, context),
    ).rejects.toThrow('park received a record without a queue');
  });
});

test('after every batch, retention is checked', async () => {
  const runtime = testRuntime();
  const failures = failuresOver(memoryBlobs(), runtime);
  const asked: number[] = [];
  const store = { ...failures.store, prune: async (before: number) => asked.push(before) };
  await parkInto(runtime, { ...failures, store })(
    { Records: [toRecord(message(), 'slices-dead')] },
    context,
  );
  expect(asked).toHaveLength(1);
});

describe('retention', () => {
  interface Kept {
    readonly prune: () => Promise<void>;
    readonly runtime: ReturnType<typeof testRuntime>;
    readonly asked: number[];
    readonly lines: string[];
    gone: readonly [failures: number, jobs: number, marks: number] | 'broken';
  }

  function kept(): Kept {
    const runtime = testRuntime(
      configOf({ failures: { kind: 'fs', path: '/nowhere', retentionDays: 30 } }),
    );
    const [asked, lines]: [number[], string[]] = [[], []];
    const write =
      (level: string) =>
      (fields: object): void =>
        void lines.push(`${level} ${JSON.stringify(fields)}`);
    const log: Logger = {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: () => log,
    };
    const part = (i: 0 | 1 | 2) => ({
      prune: async (before: number) => {
        asked.push(before);
        if (at.gone === 'broken') throw new Error('the store is away');
        return at.gone[i];
      },
    });
    const { schedules } = failuresOver(memoryBlobs(), runtime);
    const failures = { store: part(0), jobs: part(1), suspects: part(2), schedules };
    const at: Kept = {
      prune: createPruner({ ...runtime, log } satisfies Runtime, failures as unknown as Pruned),
      runtime,
      asked,
      lines,
      gone: [0, 0, 0],
    };
    return at;
  }

  test('removes failures and jobs after the configured days, and marks after the retention of queues', async () => {
    const at = kept();
    await at.prune();
    expect(at.asked.map((before) => at.runtime.clock.now() - before)).toEqual([
      30 * DAY,
      30 * DAY,
      RETENTION_MS,
    ]);
  });

  test('is checked once a day, a whole day after the last check', async () => {
    const at = kept();
    await at.prune();
    at.runtime.advance(DAY - 1);
    await at.prune();
    expect(at.asked).toHaveLength(3);
    at.runtime.advance(1);
    await at.prune();
    expect(at.asked).toHaveLength(6);
  });

  test.each<[string, readonly [number, number, number], readonly string[]]>([
    ['nothing', [0, 0, 0], []],
    ['failures', [2, 0, 0], ['info {"failures":2,"replays":0,"retentionDays":30}']],
    ['jobs', [0, 1, 0], ['info {"failures":0,"replays":1,"retentionDays":30}']],
    ['marks', [0, 0, 3], ['info {"marks":3}']],
  ])('of %s is reported if it is not empty', async (_what, gone, lines) => {
    const at = kept();
    at.gone = gone;
    await at.prune();
    expect(at.lines).toEqual(lines);
  });

  test('that failed is tried again the next day, without other effects', async () => {
    const at = kept();
    at.gone = 'broken';
    await at.prune();
    await at.prune();
    expect(at.lines).toEqual(['warn {"error":"the store is away"}']);
    at.runtime.advance(DAY);
    at.gone = [1, 1, 0];
    await at.prune();
    expect(at.lines).toHaveLength(2);
  });
});

describe('the owner of a dead letter', () => {
  const { privatePem, publicPem } = newKeyPair();
  const signer = readSigner(privatePem);
  if ('problem' in signer) throw new Error(signer.problem);
  const config = configOf({
    clusters: CLUSTERS.map((id) => ({ id, verifyKeys: id === 'east' ? ['file:/east.pub'] : [] })),
  });
  const runtime = testRuntime(config);
  const rules = {
    config,
    keys: createKeyring({ resolve: () => Promise.resolve(publicPem) }, runtime.clock),
  };
  const event = (signed: boolean): string =>
    serialiseEvent(
      INGRESS_OBSERVED,
      {},
      { id: 'e', cluster: 'east', subject: OWNER, time: '2026-11-23T02:59:00Z' },
      signed ? signer.ok : undefined,
    );

  test('is attributed to its owner only with proof of its origin', async () => {
    expect((await recordOfMessage('snapshots', message(event(true)), rules)).head.owner).toBe(
      OWNER,
    );
    expect(
      (await recordOfMessage('snapshots', message(event(false)), rules)).head.owner,
    ).toBeUndefined();
  });
});
