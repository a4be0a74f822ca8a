/** What the release after 0.1.0 wrote, and 0.1.0 did not, can be used unchanged. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { Handover } from '../../../functions/watch/leader/handover.ts';
import { parkInto } from '../../../functions/park/handler.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import type { RawObject } from '../../../shared/kubernetes/index.ts';
import { leaderAnnotation, readLeaderRecord } from '../../../shared/kubernetes/leader-record.ts';
import { readLease } from '../../../shared/kubernetes/lease.ts';
import type { QueueName } from '../../../shared/queue/port.ts';
import { smallConfig } from '../../fixtures/config.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { openTestQueues } from '../../fixtures/postgres/queues.ts';
import { describeWithPostgres, startPostgres } from '../../fixtures/postgres/server.ts';
import type { TestServer } from '../../fixtures/postgres/server.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryQueues } from '../../promises/support/queues.ts';
import { openTestBlobs, SCHEMA } from './dump.ts';
import { addedFiles, KNOWN, RELEASE, SERVER } from './inputs/added.ts';
import { EAST, STATES as STATES_DECLARED } from './inputs/declared.ts';
import { EVENTS, sealed } from './inputs/events.ts';
import { goldenFailures, NOW, STATES } from './inputs/failures.ts';
import { MESSAGES } from './inputs/queue.ts';
import { sealFacts } from './sealed.ts';

const ROOT = new URL('../../fixtures/golden/after-0.1.0/', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const read = (path: string): unknown => JSON.parse(textOf(path));
const at = new Date(NOW).toISOString();

test('the Lease has the release of its holder, and what it leaves to the next one', () => {
  const lease = readLease(read('lease.json') as RawObject, 0);
  expect(lease).toMatchObject({ holder: 'sluice-watch-0', epoch: NOW, version: RELEASE });
  const handover = new Handover(() => []);
  handover.take(lease.known);
  const ingress = 'istio-system/istio-ingressgateway';
  expect(handover.isChanged(ingress, ['192.0.2.0/24'])).toBe(false);
  expect(handover.isChanged(ingress, ['198.51.100.0/24'])).toBe(true);
  expect(lease.known).toBe(KNOWN);
});

test('the note of a leader on its Service is read', () => {
  const { metadata } = read('leader.json') as RawObject;
  expect(readLeaderRecord(metadata.annotations?.[leaderAnnotation('east')])).toEqual({
    lease: 'sluice/sluice-watch-east',
    holder: 'sluice-watch-0',
    time: at,
  });
});

test('dead letters on SQS are parked: of apply, moved by SQS, and of others', async () => {
  const failures = goldenFailures(memoryBlobs());
  const path = mkdtempSync(join(tmpdir(), 'sluice-golden-'));
  const { failures: store, ...rest } = smallConfig();
  const config = { ...rest, failures: { ...store, kind: 'fs' as const, path } };
  const runtime = runtimeWith({ config, queues: memoryQueues(virtualClock()) });
  const answer = await parkInto(runtime, failures)(
    { Records: read('sqs-dead-letters.json') as SQSRecord[] },
    {
      awsRequestId: 'r',
      functionName: 'park',
      functionVersion: '1',
      getRemainingTimeInMillis: () => 30_000,
    },
  );
  rmSync(path, { recursive: true });
  expect(answer).toEqual({ batchItemFailures: [] });
  const heads = await failures.store.list();
  const found = heads.map(({ code, device, exposure }) => `${code} ${device} ${exposure}`);
  expect(new Set(found)).toEqual(
    new Set([
      'BIP421 bigip-1 172.16.100.195:32400/tcp',
      'RPL701 bigip-1 undefined',
      'RPL701 undefined undefined',
    ]),
  );
});

/** The parts of the store, as each reader has them. */
async function expectAdded(failures: Failures): Promise<void> {
  const { releases, tries, heard, waiting, schedules, views, verdicts } = failures;
  expect(await views.of('bigip-1', 'k8s')).toEqual({
    device: 'bigip-1',
    partition: 'k8s',
    at,
    seen: STATES_DECLARED['one-exposure'],
  });
  expect(await views.audit('bigip-1')).toMatchObject({ at, hostname: 'bigip-1.example' });
  expect(await verdicts.all()).toMatchObject([{ owner: EAST, servers: [SERVER] }]);
  expect(await releases.of('map')).toEqual([{ release: RELEASE, at: NOW }]);
  expect(await tries.of('bigip-2')).toMatchObject({ at: NOW, count: 1 });
  expect(await heard.of('bigip-1')).toEqual(new Map([['east', at]]));
  expect(await schedules.take({ name: 'audit', every: 600_000 }, async () => 'again')).toBe(
    undefined,
  );
  expect(await waiting.marks()).toMatchObject([{ device: 'bigip-1', state: 'away', since: NOW }]);
  expect((await waiting.list()).map(({ entry: { kind, what } }) => `${kind} ${what}`)).toEqual([
    'order approve',
  ]);
}

test('the store has releases, tries, times, turns, marks and waiting changes', async () => {
  const blobs = memoryBlobs();
  for (const [key, data] of Object.entries(read('store.json') as Record<string, unknown>))
    await blobs.put(key, JSON.stringify(data));
  await expectAdded(goldenFailures(blobs));
});

/** How gzip packs hangs on zlib, so packed texts are not compared. */
const unpacked = (text: string): unknown =>
  JSON.parse(text, (key, value: unknown) =>
    ['state', 'servers'].includes(key) && typeof value === 'string' && value.length > 100
      ? 'packed'
      : value,
  );

test('all of it is still written in the same form; fields may be added', async () => {
  for (const [path, text] of await addedFiles())
    expect([path, unpacked(text)]).toMatchObject([path, unpacked(textOf(path))]);
});

describeWithPostgres('a database of that release', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startPostgres();
    // Lines with a backslash are for psql.
    const sql = textOf('postgres.sql').replaceAll(/^\\.*$/gm, '');
    await server.run(sql);
  });
  afterAll(() => server.stop());

  test('delivers its messages in order, knows those that were sent, and counts receives', async () => {
    const queues = openTestQueues(server.config(SCHEMA));
    const drain = async (name: QueueName): Promise<readonly (readonly [string, unknown])[]> => {
      const all: (readonly [string, unknown])[] = [];
      for (;;) {
        const got = await queues.queue(name).receive({ max: 10, waitMs: 0, visibilityMs: 60_000 });
        if (got.length === 0) return all;
        for (const { receipt, deduplicationId, body, receiveCount } of got) {
          expect(receiveCount).toBe(1);
          all.push([deduplicationId, sealFacts(body)]);
          await queues.queue(name).delete(receipt);
        }
      }
    };
    for (const name of new Set(MESSAGES.map(({ queue }) => queue)))
      expect(await drain(name)).toEqual(
        MESSAGES.filter(({ queue }) => queue === name).map(({ event }) => [
          `golden-${event}`,
          sealFacts(sealed(event, EVENTS[event]!)),
        ]),
      );
    expect(await drain('slices-dead')).toHaveLength(1);
    await queues.close();
  });

  test('lists its failures, and what else is in the store', async () => {
    const failures = goldenFailures(openTestBlobs(server.config(SCHEMA)));
    const heads = await failures.store.list();
    expect(new Set(heads.map(({ state }) => state))).toEqual(new Set(['open', ...STATES]));
    expect(await failures.audit.count()).toBe(3);
    await expectAdded(failures);
    await failures.close();
  });
});
