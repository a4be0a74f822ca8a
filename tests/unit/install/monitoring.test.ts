/** Alert rules and dashboard as objects of a cluster: the same as in infra/monitoring. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { alerts, dashboard, type Alert } from '../../fixtures/monitoring.ts';
import { exampleArgs, rendered, set } from './chart.ts';
import { describeWith } from './described.ts';
import { FOLDER, kustomize, one, ROOT, type Manifest } from './manifests.ts';

const BASE = 'https://git.example.com/sluice/blob/main';

/** The alerts of a PrometheusRule. */
function alertsOf(objects: readonly Manifest[]): readonly Alert[] {
  const { groups } = one(objects, 'PrometheusRule').spec as {
    groups: readonly { readonly rules: readonly Alert[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** The alerts with links below {@link BASE}. */
const linked = (): readonly Alert[] =>
  alerts().map((each) => ({
    ...each,
    annotations: { ...each.annotations, runbook_url: `${BASE}/${each.annotations.runbook_url}` },
  }));

describeWith(['kubectl'])('the components for monitoring', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-monitoring-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function withMonitoring(more = ''): readonly Manifest[] {
    const to = (path: string): string => relative(folder, join(FOLDER, path));
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      `resources: [${to('overlays/servicemonitor')}]\n` +
        `components: [${to('components/prometheusrule')}, ${to('components/grafana-dashboard')}]\n${more}`,
    );
    return kustomize(folder);
  }

  test('bring every alert and the dashboard, which the sidecar of Grafana finds by its label', () => {
    const objects = withMonitoring();
    expect(alertsOf(objects)).toEqual(alerts());
    const map = objects.find(({ metadata: { name } }) => name === 'sluice-dashboard');
    expect(map?.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    expect(Object.values(map?.data ?? {}).map((text) => JSON.parse(text) as unknown)).toEqual([
      dashboard(),
    ]);
  });

  test('link to the runbooks of a copy, with the lines of alarms.md', () => {
    const page = readFileSync(join(ROOT, 'docs/operations/alarms.md'), 'utf8');
    const [, lines = ''] = /^```yaml\n([^]*?)^```$/m.exec(page) ?? [];
    expect(lines).toContain(`${BASE}/`);
    expect(alertsOf(withMonitoring(lines))).toEqual(linked());
  });
});

describeWith(['helm'])('the chart', () => {
  const MONITORED = [
    ...exampleArgs('aws'),
    ...set('prometheusRule.enabled=true', 'grafanaDashboard.enabled=true'),
  ];

  test.each([BASE, `${BASE}/`])('links to the runbooks of a copy at %s', (base) => {
    expect(alertsOf(rendered([...MONITORED, ...set(`prometheusRule.runbooks=${base}`)]))).toEqual(
      linked(),
    );
  });

  test('has the labels and annotations by which Prometheus and Grafana select', () => {
    const objects = rendered([
      ...MONITORED,
      ...set('prometheusRule.labels.release=prometheus', 'grafanaDashboard.annotations.folder=Net'),
      '--set-string',
      'grafanaDashboard.labels.dashboards=1',
    ]);
    expect(one(objects, 'PrometheusRule').metadata.labels).toMatchObject({ release: 'prometheus' });
    expect(
      objects.find(({ metadata: { name } }) => name === 'sluice-dashboard')?.metadata,
    ).toMatchObject({
      labels: { grafana_dashboard: '1', dashboards: '1' },
      annotations: { folder: 'Net' },
    });
  });
});
