/** Alarms, alerts and dashboards fit their page and the metrics that exist. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createMetrics } from '../../../functions/watch/serve/metrics.ts';
import { AUDIT_INTERVAL_MS } from '../../../shared/host/schedules.ts';
import { METRICS } from '../../../shared/telemetry/metrics.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import { alerts, dashboard } from '../../fixtures/monitoring.ts';

const root = resolve(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/operations/alarms.md'), 'utf8');

interface Section {
  readonly anchor: string;
  readonly names: readonly string[];
  readonly text: string;
}

/** The sections, with the alarms and alerts that each names as its own. */
const sections: readonly Section[] = page
  .split(/^## /m)
  .slice(1)
  .map((text) => ({
    anchor: text.split('\n', 1)[0]!.toLowerCase().replaceAll(' ', '-'),
    names: [...(/^Reported by: (.*)\.$/m.exec(text)?.[1] ?? '').matchAll(/`(\w+)`/g)].map(
      ([, name = '']) => name,
    ),
    text,
  }));

interface AwsAlarm {
  readonly EvaluationPeriods: number;
  /** In seconds; absent if the alarm has several metrics. */
  readonly Period?: number;
  readonly Metrics?: readonly {
    readonly MetricStat?: { readonly Metric: object; readonly Period: number };
  }[];
}

/** Alarms of the stack without a console, by their logical names. */
function alarmsOfAws(): ReadonlyMap<string, AwsAlarm> {
  process.env['SLUICE_CONFIG'] = join(root, 'infra/aws/example.yaml');
  const require = createRequire(import.meta.url);
  const found = ['queues', 'signals', 'alarms'].flatMap((name) => {
    const make = require(join(root, `infra/aws/${name}.cjs`)) as () => {
      readonly Resources: Readonly<
        Record<string, { readonly Type: string; readonly Properties: AwsAlarm }>
      >;
    };
    return Object.entries(make().Resources)
      .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
      .map(([id, { Properties }]) => [id, Properties] as const);
  });
  return new Map(found);
}

test('each alarm and each alert has one section, and each section an alarm or alert', () => {
  const all = [
    ...alarmsOfAws().keys(),
    'ConsoleErrorsAlarm',
    ...alerts().map(({ alert }) => alert),
  ];
  expect(sections.flatMap(({ names }) => names).toSorted()).toEqual(all.toSorted());
  expect(sections.filter(({ names }) => names.length === 0)).toEqual([]);
});

test('the link of each alert leads to the section that names it', () => {
  for (const { alert, annotations } of alerts()) {
    const [file, anchor] = annotations.runbook_url.split('#');
    expect(file).toBe('docs/operations/alarms.md');
    expect(sections.find((one) => one.anchor === anchor)?.names).toContain(alert);
  }
});

/** Names of metrics in an expression, without the suffixes of histograms. */
function metricsIn(expr: string): readonly string[] {
  return [...expr.matchAll(/\bsluice_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));
}

describe('the metrics of', () => {
  const { registry } = createMetrics({
    states: () => [],
    epoch: () => undefined,
    isRefused: () => false,
    ahead: () => undefined,
    clock: processClock,
    samples: () => Promise.resolve([]),
  });
  const known = new Set(registry.getMetricsAsArray().map(({ name }) => name));

  test.each([
    ['alerts', alerts().map(({ expr }) => expr)],
    ['the dashboard', dashboard().panels.flatMap(({ targets }) => targets.map((t) => t.expr))],
  ])('%s exist', (_, exprs) => {
    for (const expr of exprs) {
      expect(metricsIn(expr)).not.toEqual([]);
      expect(metricsIn(expr).filter((name) => !known.has(name))).toEqual([]);
    }
  });

  test('the dashboard are all that Sluice adds to those of the watcher', () => {
    const shown = new Set(
      dashboard().panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => metricsIn(expr))),
    );
    const missing = METRICS.map(({ name }) => name).filter((name) => !shown.has(name));
    expect(missing).toEqual([
      // The largest of a metric that is shown.
      'sluice_settled_oldest_seconds',
      'sluice_cluster_silent',
      'sluice_paths_oldest_stale_seconds',
      'sluice_path_writes_total',
    ]);
  });
});

test('panels of the dashboard have ids and places of their own', () => {
  const { panels } = dashboard();
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const places = panels.map(({ gridPos: { x, y } }) => `${x} ${y}`);
  expect(new Set(places).size).toBe(panels.length);
  for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
});

test.each(['AuditErrorsAlarm', 'ReplayErrorsAlarm', 'ThrottlesAlarm', 'DurationAlarm'])(
  '%s fires though a schedule calls its function only now and then',
  (name) => {
    const { Period = 0, Metrics = [] } = alarmsOfAws().get(name)!;
    const periods = Metrics.flatMap(({ MetricStat }) => MetricStat?.Period ?? []);
    // A period without a call ends the series, so each needs one.
    const shortest = Metrics.length === 0 ? Period : Math.min(...periods);
    expect(shortest * 1_000).toBeGreaterThan(AUDIT_INTERVAL_MS);
  },
);
