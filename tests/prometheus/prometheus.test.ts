import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createMetrics } from '../../functions/watch/serve/metrics.ts';
import { processClock } from '../../shared/runtime/process.ts';
import { createMeter } from '../../shared/telemetry/meter.ts';
import { METRICS } from '../../shared/telemetry/metrics.ts';
import { converged, openPorts } from '../e2e/support/looks.ts';
import { startSite, type Site } from '../e2e/support/site.ts';
import { until } from '../e2e/support/until.ts';
import { alerts, dashboard } from '../fixtures/monitoring.ts';
import { FIRED } from './fired.ts';
import { describeWithPrometheus, promtool, startPrometheus, type Prometheus } from './support.ts';

const RULES = resolve(import.meta.dirname, '../../infra/monitoring/alerts.yaml');
const LIMIT = 240_000;

describeWithPrometheus('promtool', () => {
  test('accepts the rules, and sees each alert fire and end', async () => {
    await promtool('check', 'rules', RULES);
    expect(Object.keys(FIRED).toSorted()).toEqual(
      alerts()
        .map(({ alert }) => alert)
        .toSorted(),
    );
    const tests = alerts().map(({ alert, labels, annotations: { runbook_url } }) => {
      const { series, summary, labels: own = {} } = FIRED[alert]!;
      const fired = {
        exp_labels: { ...labels, ...own },
        exp_annotations: { summary, runbook_url },
      };
      return {
        name: alert,
        interval: '1m',
        input_series: series.map(([name, bad, good]) => ({
          series: name,
          values: `${bad} ${good}`,
        })),
        alert_rule_test: [
          { alertname: alert, eval_time: '50m', exp_alerts: [fired] },
          { alertname: alert, eval_time: '100m', exp_alerts: [] },
        ],
      };
    });
    const functionsAlone = {
      name: 'replicas with --no-watch, whose watchers another Prometheus scrapes',
      interval: '1m',
      input_series: [{ series: 'sluice_store_reachable', values: '1x60' }],
      alert_rule_test: [{ alertname: 'SluiceDown', eval_time: '50m', exp_alerts: [] }],
    };
    const folder = mkdtempSync(join(tmpdir(), 'sluice-rules-'));
    const file = join(folder, 'tests.yaml');
    const all = [...tests, functionsAlone];
    writeFileSync(
      file,
      JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests: all }),
    );
    expect(await promtool('test', 'rules', file)).toContain('SUCCESS');
    rmSync(folder, { recursive: true });
  });
});

/** Serves what a quiet lab does not have: dead letters, failures, waits; counters grow. */
async function serveEverything(): Promise<Server> {
  const meter = createMeter();
  const gauges = METRICS.filter(({ kind }) => kind === 'gauge').map(({ name, labels }) => ({
    name,
    labels: Object.fromEntries(labels.map((label) => [label, `some-${label}`])),
    value: 1,
  }));
  const metrics = createMetrics({
    states: () => [],
    epoch: () => undefined,
    isRefused: () => false,
    ahead: () => undefined,
    clock: processClock,
    samples: () => {
      meter.count('sluice_dead_letters_total', { queue: 'slices', code: 'BIP421' });
      meter.count('sluice_device_busy_total', { device: 'a' });
      return Promise.resolve([...gauges, ...meter.read()]);
    },
  });
  const server = createServer((_request, response) => {
    void metrics.text().then(({ type, text }) => {
      response.writeHead(200, { 'content-type': type }).end(text);
    });
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

describeWithPrometheus('Prometheus', () => {
  let site: Site;
  let everything: Server;
  let prometheus: Prometheus;
  let lab: string;
  beforeAll(async () => {
    [site, everything] = await Promise.all([startSite(), serveEverything()]);
    const sluice = await site.up({ SLUICE_HTTP_PORT: '127.0.0.1:0' });
    const served = sluice.log().find(({ msg }) => msg.startsWith('serving'));
    lab = `127.0.0.1:${String(served?.['port'])}`;
    const { port: other } = everything.address() as AddressInfo;
    prometheus = await startPrometheus([lab, `127.0.0.1:${other}`]);
    for (const [i, name] of ['echo', 'second', 'third'].entries()) {
      await openPorts(site, name, [{ port: 32_400 + i }]);
      await converged(site, name, 32_400 + i, sluice);
    }
  }, LIMIT);
  afterAll(async () => {
    await prometheus.stop();
    everything.close();
    await site.stop();
  });

  /** Whether it returns data in the end: rates need two scrapes. */
  const hasData = (query: string): Promise<true> =>
    until(
      query,
      async () => (await prometheus.count(query).catch(() => 0)) > 0,
      () => query,
    );

  test(
    'scrapes the lab',
    async () => {
      for (const metric of [
        'sluice_watch_leader',
        'sluice_store_reachable',
        'sluice_queue_reachable{queue="slices"}',
        'sluice_device_declares_total{outcome="applied"}',
        'sluice_device_declare_seconds_count',
        'sluice_cluster_silence_seconds',
      ])
        await hasData(
          `${metric.replace('}', '')}${metric.includes('{') ? ',' : '{'}instance="${lab}"}`,
        );
    },
    LIMIT,
  );

  test(
    'answers each query of the dashboard with data',
    async () => {
      for (const { targets } of dashboard().panels)
        for (const { expr } of targets) await hasData(expr.replaceAll('$__rate_interval', '1m'));
    },
    LIMIT,
  );
});
