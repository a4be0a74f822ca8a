/** The built watcher in its own process, against the lab's API server in this one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startKubernetes, type LabKubernetes } from '../../infra/lab/kubernetes/index.ts';
import { createSecrets } from '../../shared/config/secrets.ts';
import type { Snapshot } from '../../shared/domain/snapshot/snapshot.ts';
import { parseEvent, serialiseEvent } from '../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED, INGRESS_SETTLED, SNAPSHOT_EVENTS } from '../../shared/queue/events.ts';
import { openQueues } from '../../shared/queue/open.ts';
import type { Queues } from '../../shared/queue/port.ts';
import { processClock } from '../../shared/runtime/process.ts';
import { container, FOLDER, readResources } from '../unit/install/manifests.ts';
import { table } from './measure.ts';
import { fill, gatewayOf, INGRESSES, SIZE } from './watch-cluster.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/watch/main.mjs');
const PROCESS = resolve(import.meta.dirname, 'watch-process.ts');
const COLLECT = resolve(import.meta.dirname, 'watch-collect.mjs');
const CHANGES = Number(process.env['SLUICE_BENCH_CHANGES'] ?? 100_000);
const PACE = 100;
const SECONDS = 20;
/** A busy machine makes fewer changes in this time; the table shows the number. */
const CHURN_MS = 240_000;
const LAG_MS = 60_000;
/** By then everything that was being processed has been sent. */
const REST_MS = 5_000;
/** Longer than a start takes on a busy machine. */
const START_MS = 120_000;
/** The memory settings of the Deployment and the image. */
const MEMORY = Object.fromEntries(
  container(readResources(join(FOLDER, 'base')))
    .env.filter(({ name }) => /^(NODE_OPTIONS|MALLOC_)/.test(name))
    .map(({ name, value = '' }) => [name, value]),
);
const FLAGS = (
  JSON.parse(
    /^ENTRYPOINT (.*)$/m.exec(
      readFileSync(join(FOLDER, 'image/Containerfile.watch'), 'utf8'),
    )?.[1] ?? '[]',
  ) as readonly string[]
).filter((word) => word.startsWith('--'));

/** What arrived in the queue. */
interface Seen {
  /** Callbacks by name and version of the changed object. */
  readonly arrived: Map<string, (at: number) => void>;
  readonly owners: Set<string>;
}

interface Site {
  readonly lab: LabKubernetes;
  readonly seen: Seen;
  readonly child: ChildProcess;
  readonly url: string;
}

type Row = readonly [what: string, value: number, unit: string];
type Add = (...row: Row) => void;

/** Printed as they are measured, because the whole run takes minutes. */
function note(rows: Row[]): Add {
  return (...row) => {
    rows.push(row);
    process.stderr.write(`${row.join(' ')}\n`);
  };
}

/** Prints the duration. */
async function section(name: string, work: () => Promise<void>): Promise<void> {
  const began = performance.now();
  await work();
  process.stderr.write(`${name}: ${((performance.now() - began) / 1_000).toFixed(0)} s\n`);
}

/** False if the condition was not met in time. */
async function comesTrue(what: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  while (!(await what())) {
    if (performance.now() > until) return false;
    await processClock.sleep(50);
  }
  return true;
}

/**
 * A new connection for each request: persistent ones may be closed while this process is busy with
 * its own load.
 */
function ask(url: string): Promise<Response> {
  return fetch(url, { headers: { connection: 'close' } });
}

async function metric(site: Pick<Site, 'url'>, name: string): Promise<number> {
  const text = await (await ask(`${site.url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

function residentMegabytes(child: ChildProcess): number {
  return (
    Number(
      /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? Number.NaN,
    ) / 1_024
  );
}

interface Megabytes {
  readonly heap: number;
  readonly resident: number;
}

/** Used heap and memory of the process after a full garbage collection. */
async function keptMegabytes(child: ChildProcess): Promise<Megabytes> {
  const { promise, resolve: found, reject } = Promise.withResolvers<Megabytes>();
  let said = '';
  const listen = (piece: Buffer): void => {
    said = `${said}${piece.toString()}`.slice(-10_000);
    const left = /"collected":(\d+)/.exec(said)?.[1];
    if (left !== undefined)
      found({ heap: Number(left) / 1_048_576, resident: residentMegabytes(child) });
  };
  child.stdout?.on('data', listen);
  child.once('exit', (code) => reject(new Error(`the watcher ended with ${code}`)));
  child.kill('SIGUSR2');
  return promise.finally(() => child.stdout?.off('data', listen));
}

/**
 * Read from /proc, because the process itself would answer only when it has caught up. Ticks are
 * hundredths of a second.
 */
function cpuSeconds(child: ChildProcess): number {
  const [user, system] =
    readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ')
      .slice(11, 13)
      .map(Number) ?? [];
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) / 100;
}

/** The port that the watcher reports in its log. */
function portOf(child: ChildProcess): Promise<number> {
  const { promise, resolve: found, reject } = Promise.withResolvers<number>();
  let said = '';
  child.stdout?.on('data', (piece: Buffer) => {
    said = `${said}${piece.toString()}`.slice(-10_000);
    const port = /"port":(\d+)/.exec(said)?.[1];
    if (port !== undefined) found(Number(port));
  });
  child.once('exit', (code) => reject(new Error(`the watcher ended with ${code}: ${said}`)));
  return promise;
}

/** Answers every snapshot as the devices would, and records the time of each. */
async function settleAll(
  queues: Queues,
  taken: (snapshot: Snapshot) => void,
  signal: AbortSignal,
): Promise<void> {
  const ended = (): boolean => signal.aborted;
  while (!ended()) {
    for (const message of await queues
      .queue('snapshots')
      .receive({ max: 10, waitMs: 1_000, visibilityMs: 60_000, signal })) {
      await queues.queue('snapshots').delete(message.receipt);
      const event = parseEvent(message.body, SNAPSHOT_EVENTS);
      if (!('ok' in event) || event.ok.type !== INGRESS_OBSERVED) continue;
      const snapshot = event.ok.data;
      taken(snapshot);
      const owner = `bench/${snapshot.ingress.namespace}/${snapshot.ingress.service}`;
      const settled = {
        owner,
        clusterUid: snapshot.clusterUid,
        version: { ...snapshot.revision, generation: 1 },
        device: 'bigip',
        devices: ['bigip'],
        servers: [],
        exposures: [],
        notes: [],
      };
      await queues.queue('settled-bench').send({
        group: owner,
        deduplicationId: randomUUID(),
        body: serialiseEvent(INGRESS_SETTLED, settled, {
          id: randomUUID(),
          cluster: 'bench',
          subject: owner,
          time: new Date().toISOString(),
        }),
      });
    }
  }
}

export async function benchWatch(): Promise<void> {
  const lab = await startKubernetes({ name: 'bench' });
  fill(lab);
  const rows: Row[] = [];
  const add = note(rows);
  try {
    await withWatcher(lab, [MAIN], async (site, ready) => {
      add('time to ready', ready, 'ms');
      add('RSS at ready', residentMegabytes(site.child), 'MB');
      await section('first snapshots', () => firstSnapshots(site));
      add('RSS after the first snapshots', residentMegabytes(site.child), 'MB');
      await section('paced load', () => measureLoad(site, add));
      await section('churn', () => measureGrowth(site, add));
    });
    await withWatcher(lab, [PROCESS, MAIN], (site) => section('lag', () => measureLag(site, add)));
    table(
      `Watcher: ${SIZE.gateways} Gateways, ${SIZE.gateways} VirtualServices, ` +
        `${SIZE.services} Services, ${SIZE.pods} pods, ${INGRESSES} ingresses`,
      ['figure', 'value', 'unit'],
      rows,
    );
  } finally {
    await lab.close();
  }
}

/** `program`: the file that Node runs; the path of the kubeconfig follows it. */
async function withWatcher(
  lab: LabKubernetes,
  program: readonly string[],
  measure: (site: Site, ready: number) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const [queuePath, kubeconfig, config] = [
    join(folder, 'queue.sqlite'),
    join(folder, 'kubeconfig'),
    join(folder, 'sluice.yaml'),
  ];
  const queue = { kind: 'sqlite' as const, path: queuePath };
  const queues = openQueues(queue, {
    clock: processClock,
    id: randomUUID,
    secrets: createSecrets({ env: {} }),
  });
  writeFileSync(kubeconfig, lab.kubeconfig());
  const ingresses = Array.from({ length: INGRESSES }, (_, n) => ({
    cluster: 'bench',
    service: `istio-system/ingress-${n}`,
    devices: ['bigip'],
    virtualAddress: `192.0.2.${n + 1}`,
    servicePorts: 'observe',
  }));
  writeFileSync(
    config,
    JSON.stringify({
      devices: [
        {
          name: 'bigip',
          url: 'https://192.0.2.99',
          username: 'u',
          password: 'env:P',
          partitions: ['k8s'],
        },
      ],
      clusters: [{ id: 'bench' }],
      ingresses,
      queue,
    }),
  );
  const started = performance.now();
  const env = {
    PATH: process.env['PATH'],
    NODE_ENV: 'production',
    ...MEMORY,
    SLUICE_CONFIG: config,
    SLUICE_CLUSTER: 'bench',
    KUBECONFIG: kubeconfig,
    SLUICE_HTTP_PORT: '127.0.0.1:0',
    POD_NAME: 'bench',
  };
  const child = spawn(
    process.execPath,
    [
      ...FLAGS,
      ...(program[0] === MAIN
        ? ['--expose-gc', '--import', COLLECT, MAIN]
        : [...program, kubeconfig]),
    ],
    { env, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const over = new AbortController();
  const seen: Seen = { arrived: new Map(), owners: new Set() };
  const settling = settleAll(queues, (snapshot) => take(seen, snapshot), over.signal);
  try {
    const url = `http://127.0.0.1:${await portOf(child)}`;
    if (!(await comesTrue(async () => (await ask(`${url}/readyz`)).status === 200, START_MS)))
      throw new Error(`the watcher is not ready after ${START_MS / 1_000} s`);
    await measure({ lab, seen, child, url }, performance.now() - started);
  } finally {
    child.kill('SIGTERM');
    await ended;
    over.abort();
    await settling;
    await queues.close();
    rmSync(folder, { recursive: true });
  }
}

function take({ arrived, owners }: Seen, { ingress, changes }: Snapshot): void {
  owners.add(ingress.service);
  for (const { name, resourceVersion } of changes)
    arrived.get(`${name} ${resourceVersion}`)?.(performance.now());
}

/** Every ingress was sent once, and its result was received. */
async function firstSnapshots({ seen }: Site): Promise<void> {
  if (!(await comesTrue(() => seen.owners.size === INGRESSES, START_MS)))
    throw new Error(
      `only ${seen.owners.size} of ${INGRESSES} ingresses were told in ${START_MS / 1_000} s`,
    );
  await processClock.sleep(REST_MS);
}

async function measureLoad(site: Site, add: Add): Promise<void> {
  const { lab, child } = site;
  const cpu = cpuSeconds(child);
  const began = performance.now();
  for (let n = 0; n < SECONDS * PACE; n += 1) {
    lab.store.apply(gatewayOf(n % SIZE.gateways, 1_000_000 + n));
    await processClock.sleep(Math.max(0, began + ((n + 1) * 1_000) / PACE - performance.now()));
  }
  const took = (performance.now() - began) / 1_000;
  add(
    `CPU at ${((SECONDS * PACE) / took).toFixed(0)} changes/s for ${took.toFixed(0)} s`,
    ((cpuSeconds(child) - cpu) / took) * 100,
    '%',
  );
  add('RSS after that', residentMegabytes(child), 'MB');
}

function addKept(add: Add, { heap, resident }: Megabytes): void {
  add('heap in use after a full collection', heap, 'MB');
  add('RSS after it', resident, 'MB');
}

/**
 * After the paced load, when V8 has compiled the frequently called code, and after a garbage
 * collection: otherwise the figure would show the time since the last collection and not growth.
 */
async function measureGrowth(site: Site, add: Add): Promise<void> {
  await processClock.sleep(REST_MS);
  const before = await keptMegabytes(site.child);
  addKept(add, before);
  const changes = await churn(site);
  add(`RSS after ${changes} changes`, residentMegabytes(site.child), 'MB');
  await processClock.sleep(REST_MS);
  const after = await keptMegabytes(site.child);
  addKept(add, after);
  add('growth of the heap', (after.heap / before.heap - 1) * 100, '%');
  add('growth of RSS', (after.resident / before.resident - 1) * 100, '%');
}

async function measureLag(site: Site, add: Add): Promise<void> {
  await firstSnapshots(site);
  const waits: number[] = [];
  const until = performance.now() + LAG_MS;
  for (let n = 0; n < 100 && performance.now() < until; n += 1) {
    const { promise, resolve: arrive } = Promise.withResolvers<number>();
    const began = performance.now();
    const object = site.lab.store.apply(gatewayOf(n, 2_000_000 + n));
    site.seen.arrived.set(`gw-${n} ${object.metadata.resourceVersion}`, arrive);
    waits.push((await promise) - began);
  }
  const sorted = waits.toSorted((a, b) => a - b);
  add(
    `change to event, without debounce, p50 of ${sorted.length}`,
    sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
    'ms',
  );
  add('the same, p99', sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN, 'ms');
}

/**
 * As fast as the watcher can follow, and no longer than CHURN_MS; resolves with the number of
 * changes.
 */
async function churn(site: Site): Promise<number> {
  const event = 'sluice_watch_stream_events_total';
  const from = await metric(site, event);
  const until = performance.now() + CHURN_MS;
  const behind = async (most: number): Promise<boolean> =>
    performance.now() < until && (await metric(site, event)) < from + most;
  let n = 0;
  for (; n < CHANGES && performance.now() < until; n += 1) {
    site.lab.store.apply(gatewayOf(n % SIZE.gateways, 3_000_000 + n));
    if (n % 500 === 499) while (await behind(n - 1_000)) await processClock.sleep(10);
  }
  while (await behind(n)) await processClock.sleep(50);
  return n;
}
