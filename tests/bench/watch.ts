/** The built watcher as a process of its own, against the lab's API server in this one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startKubernetes, type KubernetesObject, type LabKubernetes } from '../../infra/lab/kubernetes/index.ts';
import type { Snapshot } from '../../shared/domain/ingress/snapshot.ts';
import { open, seal } from '../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED, INGRESS_SETTLED, SNAPSHOT_EVENTS } from '../../shared/queue/events.ts';
import { openQueues } from '../../shared/queue/open.ts';
import type { Queues } from '../../shared/queue/port.ts';
import { processClock } from '../../shared/runtime/process.ts';
import { table } from './measure.ts';

const MAIN = resolve(import.meta.dirname, '../../dist/watch/main.mjs');
const INGRESSES = 10;
const SIZE = { gateways: 10_000, services: 2_000, pods: 500 };
const CHANGES = Number(process.env['SLUICE_BENCH_CHANGES'] ?? 100_000);
const PACE = 100;

interface Site {
  readonly lab: LabKubernetes;
  readonly queues: Queues;
  readonly child: ChildProcess;
  readonly url: string;
}

type Row = readonly [what: string, value: number, unit: string];
type Add = (...row: Row) => void;

/** Told as they come, because all of it takes minutes. */
function note(rows: Row[]): Add {
  return (...row) => {
    rows.push(row);
    process.stderr.write(`${row.join(' ')}\n`);
  };
}

/** What real objects carry besides what matters: field managers and what kubectl remembers. */
function clutter(name: string): object {
  const fieldsV1 = { 'f:metadata': { 'f:annotations': { '.': {}, 'f:kubectl.kubernetes.io/last-applied-configuration': {} } }, 'f:spec': { '.': {}, 'f:selector': {}, 'f:servers': {}, 'f:gateways': {}, 'f:hosts': {}, 'f:tcp': {} } };
  return {
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ name, filler: 'x'.repeat(400) }) },
    managedFields: [{ manager: 'kubectl-client-side-apply', operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1 }],
  };
}

function gatewayOf(n: number, port: number): KubernetesObject {
  const selector = { istio: `gateway-${n % INGRESSES}` };
  return { apiVersion: 'networking.istio.io/v1', kind: 'Gateway', metadata: { namespace: `team-${n % 50}`, name: `gw-${n}`, ...clutter(`gw-${n}`) }, spec: { selector, servers: [{ port: { number: port, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }] } };
}

function fill(lab: LabKubernetes): void {
  const put = (object: KubernetesObject): void => void lab.store.apply(object);
  for (let n = 0; n < 50; n += 1) put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `team-${n}` } });
  for (let n = 0; n < SIZE.services; n += 1) {
    const ingress = n < INGRESSES;
    const spec = ingress ? { type: 'LoadBalancer', selector: { istio: `gateway-${n}` }, ports: [{ name: 'status', port: 15_021, protocol: 'TCP' }] } : { selector: { app: `app-${n}` }, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] };
    put({ apiVersion: 'v1', kind: 'Service', metadata: { namespace: ingress || n % 2 === 0 ? 'istio-system' : `team-${n % 50}`, name: ingress ? `ingress-${n}` : `svc-${n}`, ...clutter(`svc-${n}`) }, spec });
  }
  for (let n = 0; n < SIZE.pods; n += 1) {
    const ip = `10.244.${n >> 8}.${n & 255}`;
    put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'istio-system', name: `pod-${n}`, labels: { istio: `gateway-${n % INGRESSES}` }, ...clutter(`pod-${n}`) },
      spec: { nodeName: `node-${n % 100}`, containers: [{ name: 'istio-proxy', image: 'proxyv2', args: ['proxy', 'router'], env: Array.from({ length: 30 }, (_, i) => ({ name: `VARIABLE_${i}`, value: 'value' })) }] },
      status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: 'True' }] },
    });
  }
  for (let n = 0; n < SIZE.gateways; n += 1) {
    put(gatewayOf(n, 20_000 + Math.floor(n / INGRESSES)));
    const spec = { hosts: ['*'], gateways: [`gw-${n}`], tcp: [{ match: [{ port: 20_000 + Math.floor(n / INGRESSES) }], route: [{ destination: { host: 'echo', port: { number: 9_000 } } }] }] };
    put({ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { namespace: `team-${n % 50}`, name: `vs-${n}`, ...clutter(`vs-${n}`) }, spec });
  }
}

/** One connection for each: kept ones may be closed while this process is busy with its own load. */
function ask(url: string): Promise<Response> {
  return fetch(url, { headers: { connection: 'close' } });
}

async function metric(site: Pick<Site, 'url'>, name: string): Promise<number> {
  const text = await (await ask(`${site.url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

function residentMegabytes(child: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1_024;
}

/** The port that the watcher says it listens on. */
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

/** Answers every snapshot as the devices would, and tells when each was there. */
async function settleAll(queues: Queues, taken: (snapshot: Snapshot) => void, signal: AbortSignal): Promise<void> {
  const ended = (): boolean => signal.aborted;
  while (!ended()) {
    for (const message of await queues.queue('snapshots').receive({ max: 10, wait: 1_000, visibility: 60_000, signal })) {
      await queues.queue('snapshots').delete(message.receipt);
      const event = open(message.body, SNAPSHOT_EVENTS);
      if (!('ok' in event) || event.ok.type !== INGRESS_OBSERVED) continue;
      const snapshot = event.ok.data;
      taken(snapshot);
      const owner = `bench/${snapshot.ingress.namespace}/${snapshot.ingress.service}`;
      const settled = { owner, clusterUid: snapshot.clusterUid, version: { ...snapshot.revision, generation: 1 }, device: 'bigip', devices: ['bigip'], servers: [], exposures: [], notes: [] };
      await queues.queue('settled-bench').send({ group: owner, deduplicationId: randomUUID(), body: seal(INGRESS_SETTLED, settled, { id: randomUUID(), cluster: 'bench', subject: owner, time: new Date().toISOString() }) });
    }
  }
}

export async function benchWatch(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const lab = await startKubernetes({ name: 'bench' });
  fill(lab);
  const queue = { kind: 'sqlite' as const, path: join(folder, 'queue.sqlite') };
  const queues = openQueues(queue, { clock: processClock, id: randomUUID });
  writeFileSync(join(folder, 'kubeconfig'), lab.kubeconfig());
  const ingresses = Array.from({ length: INGRESSES }, (_, n) => ({ cluster: 'bench', service: `istio-system/ingress-${n}`, devices: ['bigip'], virtualAddress: `192.0.2.${n + 1}`, servicePorts: 'observe' }));
  writeFileSync(join(folder, 'sluice.yaml'), JSON.stringify({ devices: [{ name: 'bigip', url: 'https://192.0.2.99', username: 'u', password: 'env:P', partitions: ['k8s'] }], clusters: [{ id: 'bench' }], ingresses, queue }));
  const started = performance.now();
  const env = { PATH: process.env['PATH'], NODE_ENV: 'production', NODE_OPTIONS: '--max-old-space-size=112', SLUICE_CONFIG: join(folder, 'sluice.yaml'), SLUICE_CLUSTER: 'bench', KUBECONFIG: join(folder, 'kubeconfig'), SLUICE_HTTP_PORT: '127.0.0.1:0' };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const over = new AbortController();
  try {
    const site: Site = { lab, queues, child, url: `http://127.0.0.1:${await portOf(child)}` };
    while ((await ask(`${site.url}/readyz`)).status !== 200) await processClock.sleep(50);
    const ready = performance.now() - started;
    const rows: Row[] = [];
    const add = note(rows);
    add('time to ready', ready, 'ms');
    add('RSS at ready', residentMegabytes(child), 'MB');
    await measure(site, add, over.signal);
    table(`Watcher: ${SIZE.gateways} Gateways, ${SIZE.gateways} VirtualServices, ${SIZE.services} Services, ${SIZE.pods} pods, ${INGRESSES} ingresses`, ['figure', 'value', 'unit'], rows);
  } finally {
    over.abort();
    child.kill('SIGTERM');
    await once(child, 'exit');
    await queues.close();
    await lab.close();
    rmSync(folder, { recursive: true });
  }
}

async function measure(site: Site, add: Add, signal: AbortSignal): Promise<void> {
  const { lab, queues, child } = site;
  const arrivals = new Map<string, (at: number) => void>();
  const settling = settleAll(queues, ({ changes }) => {
    for (const { name, resourceVersion } of changes) arrivals.get(`${name} ${resourceVersion}`)?.(performance.now());
  }, signal);
  while ((await metric(site, 'sluice_watch_snapshots_total')) < INGRESSES) await processClock.sleep(100);
  await processClock.sleep(3_000);
  const before = residentMegabytes(child);
  add('RSS after the first snapshots', before, 'MB');

  const waits: number[] = [];
  for (let n = 0; n < 100; n += 1) {
    const began = performance.now();
    const object = lab.store.apply(gatewayOf(n, 30_000 + n));
    const arrived = new Promise<number>((done) => arrivals.set(`gw-${n} ${object.metadata.resourceVersion}`, done));
    waits.push((await arrived) - began - 100);
  }
  const sorted = waits.toSorted((a, b) => a - b);
  add('change to event, without debounce, p50', sorted[50] ?? Number.NaN, 'ms');
  add('the same, p99', sorted[98] ?? Number.NaN, 'ms');

  const cpu = await metric(site, 'sluice_watch_cpu_seconds_total');
  const seconds = 20;
  const until = performance.now() + seconds * 1_000;
  for (let n = 0; performance.now() < until; n += 1) {
    lab.store.apply(gatewayOf(n % SIZE.gateways, 31_000 + (n % 1_000)));
    await processClock.sleep(1_000 / PACE);
  }
  add(`CPU at ${PACE} changes/s`, (((await metric(site, 'sluice_watch_cpu_seconds_total')) - cpu) / seconds) * 100, '%');

  await churn(site);
  const after = residentMegabytes(child);
  add(`RSS after ${CHANGES} changes`, after, 'MB');
  add('growth', (after / before - 1) * 100, '%');
  void settling;
}

/** As fast as the watcher can follow. */
async function churn(site: Site): Promise<void> {
  const event = 'sluice_watch_stream_events_total';
  const from = await metric(site, event);
  for (let n = 0; n < CHANGES; n += 1) {
    site.lab.store.apply(gatewayOf(n % SIZE.gateways, 32_000 + (Math.floor(n / SIZE.gateways) % 1_000)));
    if (n % 500 === 499) while ((await metric(site, event)) < from + n - 1_000) await processClock.sleep(10);
  }
  while ((await metric(site, event)) < from + CHANGES) await processClock.sleep(50);
  await processClock.sleep(5_000);
}
