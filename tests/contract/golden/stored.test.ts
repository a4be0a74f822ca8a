/** Queue files, failure stores, bundles, Leases and keys of 0.1.0 can be used unchanged. */
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readLease } from '../../../shared/kubernetes/lease.ts';
import { createAudit } from '../../../shared/failures/audit.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { readBundle } from '../../../shared/failures/bundle.ts';
import { createFileBlobs } from '../../../shared/failures/fs/blobs.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import type { RawObject } from '../../../shared/kubernetes/index.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import type { QueueMessage, QueueName, Queues } from '../../../shared/queue/port.ts';
import { sealFacts } from './sealed.ts';
import { filesIn, golden, GOLDEN, leases, textFiles, writeStore } from './files.ts';
import { EVENTS, sealed } from './inputs/events.ts';
import { fill, goldenFailures, ITEMS, JOBS, NOW, STATES } from './inputs/failures.ts';
import { fillQueues, MESSAGES, VISIBILITY } from './inputs/queue.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'sluice-golden-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

describe('the queue file of 0.1.0', () => {
  let now: number;
  let queues: Queues;
  beforeEach(() => {
    now = NOW + 1_000;
    copyFileSync(join(GOLDEN, 'queue.sqlite'), join(scratch, 'queue.sqlite'));
    queues = createSqliteQueues({
      path: join(scratch, 'queue.sqlite'),
      clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() },
      id: () => crypto.randomUUID(),
    });
  });
  afterEach(() => queues.close());

  /** Receives until nothing is left. */
  async function drain(name: QueueName): Promise<readonly QueueMessage[]> {
    const all: QueueMessage[] = [];
    for (;;) {
      const got = await queues
        .queue(name)
        .receive({ max: 10, waitMs: 0, visibilityMs: VISIBILITY });
      if (got.length === 0) return all;
      all.push(...got);
      for (const { receipt } of got) await queues.queue(name).delete(receipt);
    }
  }

  test('hides a message in flight and the rest of its group', async () => {
    expect(await queues.queue('snapshots').depth()).toMatchObject({ waiting: 2, inFlight: 1 });
    expect((await drain('snapshots')).map(({ deduplicationId }) => deduplicationId)).toEqual([
      'golden-cluster-inventory',
    ]);
  });

  test('delivers everything in order after the visibility timeout', async () => {
    now = NOW + VISIBILITY + 1_000;
    for (const name of new Set(MESSAGES.map(({ queue }) => queue))) {
      const got = await drain(name);
      const sent = MESSAGES.filter(({ queue }) => queue === name);
      expect(got.map(({ deduplicationId }) => deduplicationId)).toEqual(
        sent.map(({ event }) => `golden-${event}`),
      );
      expect(got.map(({ body }) => sealFacts(body))).toEqual(
        sent.map(({ event }) => sealFacts(sealed(event, EVENTS[event]!))),
      );
    }
    expect(await drain('slices-dead')).toHaveLength(1);
  });

  test('keeps the receive count of earlier receives', async () => {
    now = NOW + VISIBILITY + 1_000;
    const [first] = await queues
      .queue('snapshots')
      .receive({ max: 1, waitMs: 0, visibilityMs: VISIBILITY });
    expect(first).toMatchObject({
      deduplicationId: 'golden-ingress-observed',
      receiveCount: 3,
      sentAt: NOW,
      id: 'id-0001',
    });
  });

  test('accepts a receipt from 0.1.0', async () => {
    await queues.queue('slices').delete('id-0012');
    expect(await queues.queue('slices').depth()).toMatchObject({ waiting: 2, inFlight: 0 });
  });

  test('deduplicates messages that 0.1.0 sent', async () => {
    await queues
      .queue('express')
      .send({ group: 'bigip-1', deduplicationId: 'golden-member-express', body: '{}' });
    expect(await queues.queue('express').depth()).toMatchObject({ waiting: 1, inFlight: 0 });
  });

  test('has the same tables and rows as one written now; columns may be added', async () => {
    await fillQueues(join(scratch, 'today.sqlite'));
    const tables = (path: string): Readonly<Record<string, readonly Record<string, unknown>[]>> => {
      const database = new DatabaseSync(path, { readOnly: true });
      const rows = (table: string): readonly Record<string, unknown>[] =>
        database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all();
      const all = {
        message: rows('message').map(({ body, ...row }) => ({
          ...row,
          body: sealFacts(String(body)),
        })),
        seen: rows('seen'),
      };
      database.close();
      return all;
    };
    await queues.close();
    expect(tables(join(scratch, 'today.sqlite'))).toMatchObject(
      tables(join(scratch, 'queue.sqlite')),
    );
  });
});

describe('the failure store of 0.1.0', () => {
  let failures: Failures;
  beforeEach(() => {
    cpSync(join(GOLDEN, 'failures'), join(scratch, 'failures'), { recursive: true });
    failures = goldenFailures(createFileBlobs(join(scratch, 'failures'), () => 'temporary'));
  });
  afterEach(() => failures.close());

  test('lists its failures in every state, each with its evidence', async () => {
    const heads = await failures.store.list();
    expect(new Set(heads.map(({ state }) => state))).toEqual(new Set(['open', ...STATES]));
    const all = await Promise.all(heads.map(({ id }) => failures.store.get(id)));
    expect(all).toEqual(readBundle(golden('failures.jsonl'), 'failures.jsonl'));
  });

  test('lists its jobs in every state, and resumes one', async () => {
    expect((await failures.jobs.list()).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      JOBS.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    );
    expect(await failures.jobs.items('job-planned')).toEqual(ITEMS);
    const ledger = await failures.jobs.ledger('job-planned');
    await ledger.save(new Map([[0, { ...ITEMS[0]!, status: 'sending' }]]));
    await failures.jobs.update('job-planned', (job) => ({ ...job, state: 'running' }));
    expect([
      (await failures.jobs.get('job-planned')).state,
      (await failures.jobs.items('job-planned'))[0]?.status,
    ]).toEqual(['running', 'sending']);
  });

  test('reads the state of policies, the audit log, and the histories', async () => {
    expect(await failures.turns.get('passing')).toEqual({
      format: 1,
      policy: 'passing',
      due: NOW + 60_000,
      misses: 2,
      job: 'job-running',
      says: '1 applied',
      lease: { holder: 'h-1', until: NOW + 30_000 },
    });
    expect((await failures.audit.list()).map(({ action, who }) => `${who} ${action}`)).toEqual([
      'ada failures archive',
      'ada replay start',
      'ada cluster drain',
    ]);
    expect(
      (await failures.history.all()).map(({ chapters }) =>
        chapters.map(({ outcomes }) => outcomes),
      ),
    ).toEqual([[{ applied: 1 }, { rejected: 1 }]]);
  });

  test('counts a repeated failure instead of storing it twice', async () => {
    const before = await failures.store.list();
    const { store, audit: _audit, ...rest } = failures;
    await fill({
      ...rest,
      store,
      audit: createAudit(
        memoryBlobs(),
        () => 0,
        () => crypto.randomUUID(),
      ),
      jobs: { ...failures.jobs, create: () => Promise.resolve() },
    });
    const after = await store.list();
    expect(after.map(({ id, count, first }) => ({ id, count, first }))).toEqual(
      before.map(({ id, count, first }) => ({ id, count, first })),
    );
  });

  test('is still written byte for byte the same, and so is its bundle', async () => {
    const bundle = await writeStore(join(scratch, 'today'));
    expect(bundle).toBe(golden('failures.jsonl'));
    const files = (root: string): Readonly<Record<string, string>> =>
      Object.fromEntries(
        filesIn(root).map((path) => [path, readFileSync(join(root, path), 'utf8')]),
      );
    expect(files(join(scratch, 'today'))).toEqual(files(join(GOLDEN, 'failures')));
  });
});

test('a bundle of 0.1.0 is imported completely, once', async () => {
  const failures = goldenFailures(
    createFileBlobs(join(scratch, 'empty'), () => crypto.randomUUID()),
  );
  const bundle = readBundle(golden('failures.jsonl'), 'failures.jsonl');
  expect((await failures.store.adopt(bundle)).map(({ id }) => id).toSorted()).toEqual(
    bundle.map(({ id }) => id).toSorted(),
  );
  expect(await failures.store.adopt(bundle)).toHaveLength(0);
  expect(bundle.length).toBeGreaterThan(9);
  // The location of the evidence, its messages and its trust are different in each store.
  for (const { details, ...head } of bundle) {
    const own = {
      evidence: expect.any(String),
      seen: expect.any(Array),
      details: { ...details, event: { ...details.event, verification: expect.any(String) } },
    };
    expect(await failures.store.get(head.id)).toEqual({ ...head, ...own });
  }
  await failures.close();
});

describe('the Lease of 0.1.0', () => {
  test('is read with holder, epoch and duration', () => {
    const claims = (JSON.parse(golden('leases.json')) as RawObject[]).map((lease) =>
      readLease(lease, 1),
    );
    expect(
      claims.map(({ holder, epoch, durationMs }) => [holder, epoch - NOW, durationMs]),
    ).toEqual([
      ['sluice-watch-0', 0, 15_000],
      ['sluice-watch-0', 0, 15_000],
      ['sluice-watch-1', 20_000, 15_000],
      ['sluice-watch-1', 90_000, 15_000],
      ['', 90_000, 1_000],
    ]);
  });

  test('is still written in the same form', () => {
    expect(JSON.parse(JSON.stringify(leases()))).toEqual(JSON.parse(golden('leases.json')));
  });
});

test('computed keys, hashes and names are those of 0.1.0', async () => {
  expect((await textFiles()).get('fingerprints.json')).toBe(golden('fingerprints.json'));
});
