/**
 * Lists, filters and groups 100,000 failures: time and memory of a process that starts with empty
 * caches.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileBlobs } from '../../shared/failures/fs/blobs.ts';
import { groupFailures, matchesFilter, parseFilter } from '../../shared/failures/filter.ts';
import { failureId } from '../../shared/failures/identity.ts';
import { failuresOver, type Failures } from '../../shared/failures/open.ts';
import type { Failure, FailureRecord } from '../../shared/failures/port.ts';
import { processClock } from '../../shared/runtime/process.ts';
import { table, time } from './measure.ts';

const CODES = ['BIP421', 'BIP422', 'BIP424', 'GW104', 'OWN303', 'RPL701'];
const T0 = Date.UTC(2026, 10, 23, 3);

function failureOf(n: number): Failure {
  const owner = `cluster-${n % 4}/team-${n % 400}/istio-ingressgateway`;
  const code = CODES[n % CODES.length] ?? '';
  const exposure = `10.${n % 200}.${Math.floor(n / 200) % 200}.${Math.floor(n / 40_000)}:${1_024 + (n % 60_000)}/tcp`;
  const id = failureId({
    code,
    queue: 'slices',
    owner,
    group: 'bigip-1',
    device: 'bigip-1',
    partition: 'k8s',
    exposure,
    structure: String(n),
  });
  const reason =
    `${exposure} of team-${n % 400}/gateway-${n} in partition k8s: the device refuses ` +
    'the configuration; correct the setting that BIG-IP names';
  return {
    id,
    code,
    class: 'device',
    sentence: reason,
    queue: 'slices',
    owner,
    device: 'bigip-1',
    partition: 'k8s',
    exposure,
    gateways: [`team-${n % 400}/gateway-${n}`],
    revision: { epoch: T0, counter: n },
    state: 'open',
    count: 1,
    first: T0 + n,
    last: T0 + n,
    changed: T0 + n,
    seen: ['0123456789ab'],
    evidence: `evidence/${id.slice(0, 2)}/${id}/0123456789ab.json`,
    details: {
      reason,
      attempts: [],
      event: {
        queue: 'slices',
        group: 'bigip-1',
        id: String(n),
        body: 'x'.repeat(4_000),
        sentAt: T0,
        receiveCount: 1,
        verification: 'unchecked',
      },
    },
  };
}

const open = (root: string): Failures =>
  failuresOver(createFileBlobs(root, randomUUID), { clock: processClock, id: randomUUID });

/** Without the evidence, which lists do not read: so many small files would measure the disk. */
async function fill(root: string, count: number): Promise<void> {
  const blobs = createFileBlobs(root, randomUUID);
  const shards = Map.groupBy(
    Array.from({ length: count }, (_, n) => failureOf(n)),
    ({ id }) => id.slice(0, 2),
  );
  for (const [shard, failures] of shards) {
    const heads = failures.map(({ details: _details, ...head }) => head);
    await blobs.put(`index/${shard}.json`, JSON.stringify({ format: 1, heads }));
  }
  await blobs.close();
}

async function measureIn(root: string): Promise<void> {
  const before = process.memoryUsage().rss;
  const failures = open(root);
  const started = performance.now();
  const heads = await failures.store.list();
  const first = performance.now() - started;
  const again = await time(3, () => failures.store.list());
  const filter = parseFilter(['code:BIP421 cluster:cluster-1'], T0);
  const filtered = await time(5, () => heads.filter((head) => matchesFilter(filter, head)));
  const grouped = await time(5, () => groupFailures(heads, ['code', 'device', 'cluster']));
  const megabytes = (process.memoryUsage().rss - before) / 1_048_576;
  const sighting = (n: number): FailureRecord => ({
    head: failureOf(n),
    details: failureOf(n).details,
    message: randomUUID(),
    at: T0,
  });
  const {
    id,
    code,
    class: kind,
    sentence,
    queue,
    owner,
    device,
    partition,
    exposure,
    gateways,
    revision,
  } = failureOf(1_000_000);
  const parked = await time(20, () =>
    failures.store.record({
      ...sighting(1_000_000),
      head: {
        id,
        code,
        class: kind,
        sentence,
        queue,
        owner,
        device,
        partition,
        exposure,
        gateways,
        revision,
      },
    }),
  );
  await failures.close();
  process.stdout.write(
    JSON.stringify([
      first,
      again.median,
      filtered.median,
      grouped.median,
      parked.median,
      megabytes,
    ]),
  );
}

export async function benchFailures(): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const count of [1_000, 10_000, 100_000]) {
    const root = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    try {
      await fill(root, count);
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', import.meta.filename, root],
        { encoding: 'utf8' },
      );
      if (status !== 0) throw new Error(stderr);
      rows.push([String(count), ...(JSON.parse(stdout) as number[])]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  table(
    'Failures in a directory (a fresh process; times in ms)',
    ['failures', 'list', 'list again', 'filter', 'group', 'park one', 'MB'],
    rows,
  );
}

if (process.argv[1] === import.meta.filename) await measureIn(process.argv[2] ?? '');
