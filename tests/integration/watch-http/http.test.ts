import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hostedHttpAddress, httpAddress } from '../../../functions/watch/serve/http.ts';
import { createMetrics } from '../../../functions/watch/serve/metrics.ts';
import { pathSamples } from '../../../shared/telemetry/path-metrics.ts';
import { createMeter } from '../../../shared/telemetry/meter.ts';
import { createPathMeter } from '../../../shared/telemetry/path-meter.ts';
import {
  gateway,
  gatewayPod,
  ingressService,
  startBench,
  until,
  type Bench,
} from '../watch/support.ts';
import type { Watcher } from '../../../functions/watch/main.ts';

let at: Bench;
let watcher: Watcher;
beforeEach(async () => {
  at = await startBench();
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
  watcher = at.watcher({ http: { host: '127.0.0.1', port: 0 } });
});
afterEach(() => at.close());

async function ask(
  path: string,
  method = 'GET',
): Promise<{ status: number; text: string; type: string | null }> {
  const response = await fetch(`http://127.0.0.1:${watcher.address()?.port}${path}`, { method });
  return {
    status: response.status,
    text: await response.text(),
    type: response.headers.get('content-type'),
  };
}

/** The value of a metric with these labels. */
async function metric(line: string): Promise<number | undefined> {
  const found = (await ask('/metrics')).text.split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.split(' ').at(-1));
}

describe('/readyz', () => {
  test('reports what is missing until every kind was listed, then its role; /healthz always answers', async () => {
    const allow = at.lab.faults.deny({ verbs: ['list'], resource: 'nodes' });
    const started = watcher.start();
    await until(() => watcher.address() !== undefined);
    expect(await ask('/healthz')).toMatchObject({ status: 200, text: 'alive\n' });
    const before = await ask('/readyz');
    expect(before.status).toBe(503);
    expect(before.text).toContain('Node: not listed yet');
    allow();
    await at.passUntil(() => at.snapshots().length > 0);
    await started;
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: 'ready: leading\n' });
  });

  test('fails after three silent minutes, and recovers', async () => {
    await watcher.start();
    expect((await ask('/readyz')).status).toBe(200);
    at.lab.faults.silenceWatches();
    const hang = at.lab.faults.add({ verbs: ['watch', 'list'] }, { kind: 'hang' });
    at.clock.advance(180_000);
    const silent = await ask('/readyz');
    expect(silent.status).toBe(503);
    expect(silent.text).toContain(
      'Gateway.networking.istio.io: no response from the Kubernetes API for 180 s',
    );
    hang();
    at.lab.faults.cutWatches();
    let status = 503;
    for (; status !== 200; status = (await ask('/readyz')).status) {
      at.clock.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(status).toBe(200);
  });

  test('is also ready on standby', async () => {
    const apiVersion = 'coordination.k8s.io/v1';
    at.lab.store.apply({
      apiVersion,
      kind: 'Lease',
      metadata: { namespace: 'default', name: 'sluice-watch-east' },
      spec: { holderIdentity: 'other', leaseDurationSeconds: 15 },
    });
    await watcher.start();
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: 'ready: standing by\n' });
    expect(await metric('sluice_watch_leader')).toBe(0);
  });
});

describe('/metrics', () => {
  test('exposes objects, lists by cause, snapshots, lag, queue errors and leadership', async () => {
    await watcher.start();
    await until(() => at.snapshots().length === 1);
    at.lab.store.apply(gateway('echo', 32_400));
    at.settle({});
    await at.passUntil(() => at.snapshots().length === 2);
    const stream = '{kind="Gateway",group="networking.istio.io",namespace=""}';
    expect(await metric(`sluice_watch_stream_objects${stream}`)).toBe(1);
    expect(await metric(`sluice_watch_stream_live${stream}`)).toBe(1);
    expect(await metric(`sluice_watch_stream_events_total${stream}`)).toBe(1);
    expect(
      await metric(
        'sluice_watch_stream_lists_total{kind="Gateway",group="networking.istio.io",namespace="",cause="first"}',
      ),
    ).toBe(1);
    expect(await metric(`sluice_watch_stream_received_bytes_total${stream}`)).toBeGreaterThan(200);
    expect(
      await metric(`sluice_watch_stream_last_list_timestamp_seconds${stream}`),
    ).toBeGreaterThan(1_600_000_000);
    expect(
      await metric('sluice_watch_snapshots_total{owner="east/istio-system/istio-ingressgateway"}'),
    ).toBe(2);
    expect(await metric('sluice_watch_snapshot_lag_seconds_count')).toBe(1);
    expect(
      await metric('sluice_watch_results_total{owner="east/istio-system/istio-ingressgateway"}'),
    ).toBe(1);
    expect(await metric('sluice_watch_leader')).toBe(1);
    expect(await metric('sluice_watch_epoch')).toBe(at.snapshots()[0]?.revision.epoch);
    at.queues.away = true;
    at.lab.store.apply(gateway('more', 32_401));
    at.settle({});
    await at.passUntil(() =>
      at.logs.some(({ message }) => message.startsWith('snapshot not sent')),
    );
    expect(
      await metric('sluice_watch_queue_errors_total{queue="snapshots",operation="send"}'),
    ).toBeGreaterThan(0);
    at.queues.away = false;
  });

  test('exposes why a kind was listed again', async () => {
    await watcher.start();
    at.lab.faults.compact();
    at.lab.faults.cutWatches({ resource: 'pods' });
    const line =
      'sluice_watch_stream_lists_total{kind="Pod",group="",namespace="istio-system",cause="expired"}';
    let count: number | undefined;
    for (; count === undefined; count = await metric(line)) {
      at.lab.store.apply(gatewayPod('gateway-1', { annotations: { n: String(at.clock.now()) } }));
      at.lab.faults.compact();
      at.lab.faults.cutWatches({ resource: 'pods' });
      at.clock.advance(500);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(count).toBeGreaterThan(0);
  });
});

test('other paths and methods are refused, and the valid ones are listed', async () => {
  await watcher.start();
  expect(await ask('/')).toMatchObject({
    status: 404,
    text: 'available paths: /healthz, /readyz and /metrics\n',
  });
  expect(await ask('/metrics', 'POST')).toMatchObject({ status: 405 });
});

test('if nobody asked for a port that is in use, the watcher runs and serves nothing', async () => {
  await watcher.start();
  const port = watcher.address()?.port ?? 0;
  const second = at.watcher({
    identity: 'second',
    http: { host: '127.0.0.1', port, optional: true },
  });
  await second.start();
  expect(second.address()).toBeUndefined();
  await second.stop();
});

test('a port that is in use is reported with the remedy', async () => {
  await watcher.start();
  const second = at.watcher({
    identity: 'second',
    http: { host: '127.0.0.1', port: watcher.address()?.port ?? 0 },
  });
  await expect(second.start()).rejects.toThrow(
    /cannot be opened for \/healthz, \/readyz and \/metrics \(the port is in use, EADDRINUSE\); set SLUICE_HTTP_PORT to a free port, or to off/,
  );
});

test('the reference page lists every metric with its type and its labels, and no other', () => {
  const { registry } = createMetrics({
    states: () => [],
    epoch: () => undefined,
    isRefused: () => false,
    ahead: () => undefined,
    clock: at.clock,
    samples: () => Promise.resolve([]),
  });
  const page = readFileSync(
    join(import.meta.dirname, '../../../docs/reference/metrics.md'),
    'utf8',
  );
  const listed = page
    .split('\n')
    .flatMap(
      (line) =>
        /^\| `(sluice_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$/.exec(line)?.slice(1, 5).join(' | ') ??
        [],
    );
  const known = registry.getMetricsAsArray().map((one) => {
    const { name, type, labelNames, help } = one as unknown as {
      name: string;
      type?: string;
      labelNames: string[];
      help: string;
    };
    const kind = type ?? one.constructor.name.toLowerCase();
    return [name, kind, labelNames.map((label) => `\`${label}\``).join(', '), help].join(' | ');
  });
  expect(listed.toSorted()).toEqual(known.toSorted());
});

test('metrics of paths have the figures of the functions in the same process', async () => {
  const meter = createPathMeter();
  const metrics = createMetrics({
    states: () => [],
    epoch: () => undefined,
    isRefused: () => false,
    ahead: () => undefined,
    clock: at.clock,
    samples: () => Promise.resolve(pathSamples(meter.read())),
  });
  const rows = async (): Promise<readonly string[]> =>
    (await metrics.text()).text.split('\n').filter((line) => line.startsWith('sluice_path'));
  expect(await rows()).toEqual([]);
  meter.count('bigip', 'written');
  meter.count('bigip', 'written');
  meter.count('bigip', 'refused');
  meter.wait('bigip', 'east/a/b', 3);
  meter.state('bigip', { wanted: 7, refused: 1, stale: 2, held: 0, oldestStaleSeconds: 90 });
  expect(await rows()).toEqual([
    'sluice_paths{device="bigip",state="wanted"} 7',
    'sluice_paths{device="bigip",state="refused"} 1',
    'sluice_paths{device="bigip",state="stale"} 2',
    'sluice_paths{device="bigip",state="held"} 0',
    'sluice_paths_oldest_stale_seconds{device="bigip"} 90',
    'sluice_path_writes_total{device="bigip",outcome="written"} 2',
    'sluice_path_writes_total{device="bigip",outcome="removed"} 0',
    'sluice_path_writes_total{device="bigip",outcome="refused"} 1',
    'sluice_path_writes_total{device="bigip",outcome="failed"} 0',
    'sluice_path_waiting_members{device="bigip"} 3',
  ]);
});

test('values are served with their labels, and histograms with their buckets', async () => {
  const meter = createMeter();
  const metrics = createMetrics({
    states: () => [],
    epoch: () => undefined,
    isRefused: () => false,
    ahead: () => undefined,
    clock: at.clock,
    samples: () => Promise.resolve(meter.read()),
  });
  meter.count('sluice_dead_letters_total', { queue: 'slices', code: 'BIP421' });
  meter.observe('sluice_device_declare_seconds', { device: 'a"b' }, 3);
  const { text } = await metrics.text();
  expect(text).toContain('# TYPE sluice_dead_letters_total counter\n');
  expect(text).toContain('sluice_dead_letters_total{queue="slices",code="BIP421"} 1\n');
  expect(text).toContain('# TYPE sluice_device_declare_seconds histogram\n');
  expect(text).toContain('sluice_device_declare_seconds_bucket{device="a\\"b",le="2"} 0\n');
  expect(text).toContain('sluice_device_declare_seconds_bucket{device="a\\"b",le="+Inf"} 1\n');
  expect(text).toContain('sluice_device_declare_seconds_sum{device="a\\"b"} 3\n');
});

test('"sluice up" serves HTTP without being asked: everywhere in a pod, otherwise to its host', () => {
  expect(hostedHttpAddress({})).toEqual({ host: '127.0.0.1', port: 9464, optional: true });
  expect(hostedHttpAddress({ KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toEqual({ port: 8080 });
  expect(hostedHttpAddress({ SLUICE_HTTP_PORT: '9090' })).toEqual({ port: 9090 });
  expect(hostedHttpAddress({ SLUICE_HTTP_PORT: 'off' })).toBeUndefined();
});

describe('SLUICE_HTTP_PORT', () => {
  test.each([
    [{}, undefined],
    [{ KUBERNETES_SERVICE_HOST: '10.0.0.1' }, { port: 8080 }],
    [{ KUBERNETES_SERVICE_HOST: '10.0.0.1', SLUICE_HTTP_PORT: 'off' }, undefined],
    [{ SLUICE_HTTP_PORT: '9090' }, { port: 9090 }],
    [{ SLUICE_HTTP_PORT: '127.0.0.1:9090' }, { host: '127.0.0.1', port: 9090 }],
    [{ SLUICE_HTTP_PORT: '[::1]:9090' }, { host: '::1', port: 9090 }],
  ])('%j', (env, address) => {
    expect(httpAddress(env)).toEqual(address);
  });

  test.each(['http', '99999', '-1', '80:'])('%s is refused', (value) => {
    expect(() => httpAddress({ SLUICE_HTTP_PORT: value })).toThrow(
      `environment variable SLUICE_HTTP_PORT is "${value}"; set it to a port such as 8080, to host:port, or to off`,
    );
  });
});
