/**
 * An outage of 13 days with a real connection to a device, on each queue, with the sources and with
 * the packaged function.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { create as fromSources } from '../../../functions/apply/handler.ts';
import { startBigip } from '../../../infra/lab/bigip/index.ts';
import { build } from '../../../infra/build/bundle.ts';
import { createClosers } from '../../../infra/lab/closers.ts';
import { unpackArtifact } from '../../../infra/lab/host/artifacts.ts';
import { createQueuesOn, startLocalSqs } from '../../../infra/lab/host/sqs.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { openFailures } from '../../../shared/failures/open.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, STEERING } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import type { Queues } from '../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { createSqsQueues } from '../../../shared/queue/sqs/queues.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { startCable } from '../../e2e/support/cable.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { NO_SECRETS } from '../../fixtures/secrets.ts';

const root = resolve(import.meta.dirname, '../../..');
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const OWNER = 'east/istio-system/istio-ingressgateway';

const closers: ReturnType<typeof createClosers>[] = [];
afterEach(async () => {
  for (const each of closers.splice(0)) await each.closeAll();
});

type Closers = ReturnType<typeof createClosers>;

async function overSqlite(mine: Closers, clock: Clock): Promise<Queues> {
  const queues = createSqliteQueues({ path: ':memory:', clock, id: randomUUID });
  mine.add(() => queues.close());
  return queues;
}

async function overSqs(mine: Closers): Promise<Queues> {
  const sqs = await startLocalSqs();
  mine.add(() => sqs.stop());
  const plain = { visibilitySeconds: 150, retentionSeconds: 14 * 86_400 };
  await createQueuesOn(sqs, [
    { name: 'sluice-slices-dead.fifo', ...plain },
    {
      name: 'sluice-slices.fifo',
      ...plain,
      redrive: { deadLetterQueue: 'sluice-slices-dead.fifo', maxReceiveCount: 1_000 },
    },
    { name: 'sluice-settled-east.fifo', ...plain },
  ]);
  const queues = createSqsQueues({
    region: sqs.region,
    endpoint: sqs.endpoint,
    credentials: sqs.credentials,
    prefix: 'sluice',
  });
  mine.add(() => queues.close());
  return queues;
}

async function packaged(mine: Closers): Promise<typeof fromSources> {
  await build({ root, out: join(root, 'dist'), only: ['apply'], say: () => undefined });
  const unpacked = await unpackArtifact(join(root, 'dist', 'apply.zip'));
  mine.add(() => unpacked.remove());
  return (
    (await import(pathToFileURL(join(unpacked.folder, 'handler.mjs')).href)) as {
      create: typeof fromSources;
    }
  ).create;
}

describe.each([
  ['the queue of one host', overSqlite, () => Promise.resolve(fromSources)],
  ['SQS', overSqs, () => Promise.resolve(fromSources)],
  ['SQS, as packaged for Lambda', overSqs, packaged],
] as const)('%s', (_name, queuesOf, load) => {
  test('keeps the newest slice and an order during an outage of 13 days, and then applies both', async () => {
    const mine = createClosers();
    closers.push(mine);
    let ahead = 0;
    const clock: Clock = {
      now: () => processClock.now() + ahead,
      monotonic: () => processClock.monotonic() + ahead,
      sleep: (ms, signal) => processClock.sleep(ms, signal),
    };
    const bigip = await mine.use(startBigip({ dataPath: false }));
    const cable = await mine.use(startCable(bigip.url));
    const queues = await queuesOf(mine, clock);
    const folder = mkdtempSync(join(tmpdir(), 'sluice-waiting-'));
    mine.add(async () => rmSync(folder, { recursive: true }));
    const config = SluiceConfig.parse({
      generation: 1,
      devices: [
        {
          name: 'bigip-1',
          url: cable.url,
          username: bigip.username,
          password: 'env:P',
          tls: { ca: 'env:CA' },
          partitions: ['k8s'],
          requestTimeout: 5,
        },
      ],
      clusters: [{ id: 'east' }],
      ingresses: [
        {
          cluster: 'east',
          service: 'istio-system/istio-ingressgateway',
          devices: ['bigip-1'],
          virtualAddress: '172.16.100.195',
        },
      ],
      failures: { kind: 'fs', path: folder },
    });
    const secrets = {
      resolve: (ref: string) => Promise.resolve(ref === 'env:CA' ? bigip.ca : bigip.password),
    };
    const runtime = runtimeWith({
      config,
      secrets,
      queues,
      clock,
    });
    const create = await load(mine);
    const [apply, scheduled] = [create(runtime), create(runtime)];
    mine.add(() => apply.close());
    mine.add(() => scheduled.close());
    const failures = openFailures(config.failures, { clock, id: randomUUID, secrets: NO_SECRETS });
    mine.add(() => failures.close());

    const send = async (type: string, data: object, subject: string): Promise<void> => {
      const id = randomUUID();
      await queues.queue('slices').send({
        group: 'bigip-1',
        deduplicationId: id,
        body: serialiseEvent(type, data, {
          id,
          cluster: 'east',
          subject,
          time: new Date(clock.now()).toISOString(),
        }),
      });
    };
    const batch = async (): Promise<void> => {
      const queue = queues.queue('slices');
      const messages = await queue.receive({ max: 10, waitMs: 3_000, visibilityMs: 150_000 });
      if (messages.length === 0) return;
      const answer = await apply(
        { Records: messages.map((one) => toRecord(one, 'arn:aws:sqs:eu:0:sluice-slices.fifo')) },
        {
          awsRequestId: 'r',
          functionName: 'apply',
          functionVersion: '1',
          getRemainingTimeInMillis: () => 100_000,
        },
      );
      const again = new Set(answer?.batchItemFailures.map((one) => one.itemIdentifier));
      for (const one of messages) if (!again.has(one.id)) await queue.delete(one.receipt);
    };
    const wants = [1, 2].map((port) => exposure({ port, gateways: [`ns/gw-${port}`] }));

    await cable.unplug();
    await send(INGRESS_DESIRED, slice(1, wants.slice(0, 1), { owner: OWNER }), OWNER);
    await send(
      STEERING,
      { action: 'drain', device: 'bigip-1', cluster: 'east', mode: 'drain', because: 'power' },
      'east',
    );
    for (let tries = 0; tries < 10 && (await failures.waiting.count('bigip-1')) < 2; tries++) {
      await batch();
      ahead += MINUTE;
    }
    await send(INGRESS_DESIRED, slice(2, wants, { owner: OWNER }), OWNER);
    await batch();
    expect(
      (await failures.waiting.list()).map(({ entry }) => [entry.kind, entry.version?.counter]),
    ).toEqual([
      ['order', undefined],
      ['slice', 2],
    ]);
    for (let day = 0; day < 13; day++) {
      ahead += DAY;
      expect(await scheduled.turns()).toEqual([{ device: 'bigip-1', turn: 'away' }]);
    }
    expect(await queues.queue('slices').depth()).toMatchObject({ waiting: 0, inFlight: 0 });
    expect(await failures.store.list()).toEqual([]);

    await cable.plug();
    ahead += 2 * MINUTE;
    expect(await scheduled.turns()).toEqual([{ device: 'bigip-1', turn: 'returned' }]);
    await batch();
    await batch();
    expect(await failures.waiting.list()).toEqual([]);
    expect(
      bigip
        .view()
        .partitions.find(({ name }) => name === 'k8s')
        ?.virtualServers.map(({ port }) => port)
        .sort(),
    ).toEqual([1, 2]);
    ahead += MINUTE;
    expect(await scheduled.turns()).toEqual([{ device: 'bigip-1', turn: 'here' }]);
  }, 60_000);
});
