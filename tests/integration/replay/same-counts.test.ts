/** The command line and the console's page count the same failures, jobs and results. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Command } from 'commander';
import { registerFailures } from '../../../functions/cli/commands/failures.ts';
import { registerReplay } from '../../../functions/cli/commands/replay.ts';
import { create } from '../../../functions/console/main.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import { openFailures } from '../../../shared/failures/open.ts';
import { parseFilter } from '../../../shared/failures/filter.ts';
import { countResults } from '../../../shared/failures/replay/job.ts';
import type { ReplayItem } from '../../../shared/failures/replay/job.ts';
import { createJob, selectItems } from '../../../shared/failures/replay/select.ts';
import { configOf, testRuntime } from '../../fixtures/failures/runtime.ts';
import { sighting, T0 } from '../../fixtures/failures/sighting.ts';

type Json = ReturnType<typeof JSON.parse>;

const COUNT = 40;
const DAY_MS = 86_400_000;
const FILTERS = ['', 'state:all', 'failure 1', 'cluster:west', 'namespace:team', 'state:archived'];

let dir: string;
let failures: Failures;
let job: string;
/** The answer of the API. */
let api: (path: string) => Promise<Json>;

/** The data that a command prints. */
async function sluice(...words: readonly string[]): Promise<Json> {
  const program = new Command('sluice');
  registerFailures(program);
  registerReplay(program);
  let printed = '';
  const out = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    const options = ['-c', join(dir, 'sluice.yaml'), '-o', 'json'];
    await program.parseAsync([...words, ...options], { from: 'user' });
  } finally {
    out.mockRestore();
    // Failures that are found are exit code 2.
    process.exitCode = undefined;
  }
  return JSON.parse(printed);
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-counts-'));
  const raw = { failures: { kind: 'fs', path: join(dir, 'failures') } };
  const runtime = testRuntime(configOf(raw), T0 + DAY_MS);
  const { devices, clusters, ingresses } = runtime.config;
  const queue = { kind: 'sqlite', path: join(dir, 'queues.db') };
  writeFileSync(
    join(dir, 'sluice.yaml'),
    JSON.stringify({ ...raw, devices, clusters, ingresses, queue }),
  );
  failures = openFailures(runtime.config.failures, { ...runtime, id: randomUUID });
  for (let n = 0; n < COUNT; n++)
    await failures.store.record(
      sighting(n, { ...(n % 4 === 0 && { owner: 'west/istio-system/istio-ingressgateway' }) }),
    );
  const now = runtime.clock.now();
  const filter = parseFilter(['cluster:west'], now);
  const items = await selectItems(failures.store, filter, now);
  const made = createJob(
    { id: 'job-1', filter, by: 'ada', why: 'mended', canary: 1, rate: 5, now },
    items,
  );
  job = made.id;
  await failures.jobs.create(made, items);
  const { fetch } = create({
    runtime,
    failures,
    live: 'polling',
    who: 'ada',
    role: 'operator',
    call: () => Promise.resolve(),
  });
  api = async (path) => {
    const url = `http://localhost/api/v1/${path}`;
    return (await fetch(new Request(url, { headers: { Host: 'localhost' } }))).json();
  };
});
afterAll(async () => {
  await failures.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Group {
  readonly values: readonly string[];
  readonly failures: number;
  readonly seen: number;
}
const counts = ({ groups }: { readonly groups: readonly Group[] }) =>
  groups.map(({ values, failures: n, seen }) => [values, n, seen]);

async function expectSameFailures(filter: string): Promise<void> {
  const words = filter.split(' ').filter((word) => word !== '');
  const query = new URLSearchParams({ filter, by: 'code,cluster' }).toString();
  const listed = await sluice('failures', 'list', ...words);
  const grouped = await sluice('failures', 'groups', '--by', 'code,cluster', ...words);
  const rows = await api(`failures?${new URLSearchParams({ filter }).toString()}`);
  const groups = await api(`failures/groups?${query}`);
  const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);
  expect([listed.total, ids(listed.failures), counts(grouped)]).toEqual([
    rows.total,
    ids(rows.failures),
    counts(groups),
  ]);
}

describe('the same counts by command and page', () => {
  test.each(FILTERS)('of failures: "%s"', async (filter) => expectSameFailures(filter));

  test('of the results of a job, and of what is left open after it', async () => {
    const ledger = await failures.jobs.ledger(job);
    const done = (
      index: number,
      kind: 'applied' | 'quarantined',
    ): readonly [number, ReplayItem] => [
      index,
      { ...ledger.items[index]!, status: 'done', result: { kind, reason: 'tried', at: T0 } },
    ];
    await ledger.save(new Map([done(0, 'applied'), done(1, 'applied'), done(2, 'quarantined')]));
    const closed = ledger.items.slice(0, 2).map(({ failure }) => failure);
    await failures.store.change(closed, () => ({ state: 'replayed' }));
    const shown = await sluice('replay', 'status', job);
    const jobs = await sluice('replay', 'status');
    const known = await api(`jobs/${job}`);
    expect(countResults(shown.items)).toEqual(known.results);
    expect(known).toMatchObject({ total: 10, results: { applied: 2, quarantined: 1 } });
    expect(jobs.map(({ id }: { readonly id: string }) => id)).toEqual(
      (await api('jobs')).jobs.map(({ id }: { readonly id: string }) => id),
    );
    await expectSameFailures('');
    expect(await api('failures')).toMatchObject({ total: COUNT - 2 });
  });
});
