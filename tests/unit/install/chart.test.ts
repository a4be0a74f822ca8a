/** The Helm chart installs what kustomize installs. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import {
  CHART,
  changedConfig,
  comparableObjects,
  exampleArgs,
  helm,
  rendered,
  set,
} from './chart.ts';
import { grantsInCode, grantsOf, sayGrant } from './grants.ts';
import { FOLDER, kustomize, ROOT, type Manifest } from './manifests.ts';
import { describeWith } from './described.ts';
import { fieldProblems } from './kubernetes-fields.ts';

interface Flavour {
  readonly name: string;
  readonly overlay: string;
  readonly components?: readonly string[];
  readonly example: string;
  readonly more?: readonly string[];
  /** How the configuration differs from that of the overlay. */
  readonly config?: (text: string) => string;
}

const withConsole = (text: string): string =>
  `${text}console:\n  url: https://sluice.example.com\n  tokens:\n` +
  '    - { name: ci, role: viewer, token: file:/etc/sluice-console/ci }\n';

const FLAVOURS: readonly Flavour[] = [
  { name: 'watcher with AWS', overlay: 'aws', example: 'aws' },
  { name: 'everything in one cluster', overlay: 'onprem', example: 'onprem' },
  { name: 'watcher with a queue server', overlay: 'onprem-watch', example: 'onprem-watch' },
  {
    name: 'console',
    overlay: 'onprem',
    components: ['console'],
    example: 'console',
    config: withConsole,
  },
  { name: 'replicas with PostgreSQL', overlay: 'replicas', example: 'replicas' },
  {
    name: 'replicas with console, public keys and ServiceMonitor',
    overlay: 'replicas',
    components: ['console', 'verify-keys', 'servicemonitor'],
    example: 'replicas',
    more: set(
      'console.enabled=true',
      'console.existingSecret=sluice-console',
      'verifyKeys.existingConfigMap=sluice-verify-keys',
      'serviceMonitor.enabled=true',
    ),
    config: withConsole,
  },
  {
    name: 'replicas with a queue server',
    overlay: 'replicas',
    components: ['queue-server'],
    example: 'replicas',
    more: set('queueServer.existingSecret=sluice-queue'),
    config: (text) =>
      text.replace(
        /^queue:\n(  .*\n)+/m,
        'queue: { kind: sqs, region: elasticmq, endpoint: "http://queue.example.com:9324" }\n',
      ),
  },
  {
    name: 'ServiceMonitor',
    overlay: 'servicemonitor',
    example: 'aws',
    more: ['--set', 'serviceMonitor.enabled=true'],
  },
  {
    name: 'alerts and dashboard',
    overlay: 'servicemonitor',
    components: ['prometheusrule', 'grafana-dashboard'],
    example: 'aws',
    more: set(
      'serviceMonitor.enabled=true',
      'prometheusRule.enabled=true',
      'grafanaDashboard.enabled=true',
    ),
  },
  {
    name: 'console with ServiceMonitor',
    overlay: 'onprem',
    components: ['console', 'servicemonitor'],
    example: 'console',
    more: ['--set', 'serviceMonitor.enabled=true'],
    config: withConsole,
  },
  {
    name: 'gateways in any namespace',
    overlay: 'aws',
    components: ['any-namespace'],
    example: 'aws',
    more: ['--set', 'rbac.anyNamespace=true'],
  },
  {
    name: 'ports that others add',
    overlay: 'aws',
    components: ['observe'],
    example: 'aws',
    more: ['--set', 'rbac.changeServices=false'],
    config: (text) => text.replace(/^queue:/m, '    servicePorts: observe\nqueue:'),
  },
  {
    name: 'public keys',
    overlay: 'onprem',
    components: ['verify-keys'],
    example: 'onprem',
    more: ['--set', 'verifyKeys.existingConfigMap=sluice-verify-keys'],
  },
  ...['calico', 'cilium'].map((cni) => ({
    name: `networks of ${cni}`,
    overlay: 'aws',
    components: [`network-${cni}`],
    example: 'aws',
    more: ['--set', `rbac.network=${cni}`],
  })),
];

const said = (objects: readonly Manifest[]): readonly string[] =>
  grantsOf(objects).map(sayGrant).sort();

describe('the chart', () => {
  test('has the version of this release, and names its image by it', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8'))).toMatchObject({
      version,
      appVersion: version,
    });
  });

  test('is compared by a check that sees fields that Kubernetes does not have', () => {
    const container = { name: 'c', imagePulPolicy: 'Always', ports: [{ containerPort: '80' }] };
    const object = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', labels: { a: 1 } },
      spec: { replicas: 1, template: { spec: { containers: [container], volumes: {} } } },
    };
    expect(fieldProblems(object as unknown as Manifest)).toEqual([
      'Deployment d.metadata.labels.a is no string: 1',
      'Deployment d.spec.selector is missing',
      'Deployment d.spec.template.spec.containers[0].imagePulPolicy does not exist',
      'Deployment d.spec.template.spec.containers[0].ports[0].containerPort is no number: "80"',
      'Deployment d.spec.template.spec.volumes is no list',
    ]);
  });

  test('has a value for every component of kustomize', () => {
    const inOverlays = readdirSync(join(FOLDER, 'overlays')).map((name) =>
      readFileSync(join(FOLDER, 'overlays', name, 'kustomization.yaml'), 'utf8'),
    );
    const compared = FLAVOURS.flatMap(({ components = [] }) => components);
    const missing = readdirSync(join(FOLDER, 'components')).filter(
      (name) => !compared.includes(name) && !inOverlays.join().includes(`/components/${name}\n`),
    );
    expect(missing).toEqual([]);
  });

  test('has no example that is not compared', () => {
    const compared = new Set(FLAVOURS.map(({ example }) => `${example}.yaml`));
    expect(readdirSync(join(CHART, 'examples')).sort()).toEqual([...compared].sort());
  });
});

describeWith(['helm', 'kubectl'])('chart and kustomize', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-chart-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const to = (path: string): string => relative(folder, join(FOLDER, path));

  /** The overlay with the components and the configuration of the flavour. */
  function kustomized({ overlay, components = [], config }: Flavour): readonly Manifest[] {
    const files = {
      resources: [to(`overlays/${overlay}`)],
      components: components.map((each) => to(`components/${each}`)),
    };
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(files));
    const objects = kustomize(folder);
    if (config === undefined) return objects;
    return objects.map((object) =>
      object.data?.['sluice.yaml'] === undefined
        ? object
        : {
            ...object,
            data: { ...object.data, 'sluice.yaml': config(object.data['sluice.yaml']) },
          },
    );
  }

  function charted({ overlay, example, more = [], config }: Flavour): readonly Manifest[] {
    const source = overlay === 'servicemonitor' ? 'aws' : overlay;
    const changed = config === undefined ? [] : changedConfig(source, /^[^]*$/, config);
    return rendered([...exampleArgs(example, source), ...changed, ...more]);
  }

  test.each(FLAVOURS.map((flavour) => [flavour.name, flavour] as const))(
    'install the same objects and rights: %s',
    (_, flavour) => {
      const chart = charted(flavour);
      const made = kustomized(flavour);
      const { ['Namespace /sluice-system']: namespace, ...rest } = comparableObjects(made);
      expect(namespace).toBeDefined();
      expect(comparableObjects(chart)).toEqual(rest);
      expect(said(chart)).toEqual(said(made));
      expect([...chart, ...made].flatMap(fieldProblems)).toEqual([]);
    },
  );

  test('grant exactly what the code declares it needs', () => {
    const grants = (...more: readonly string[]): readonly string[] =>
      said(rendered([...exampleArgs('aws'), ...more]));
    const needed = grantsInCode().map(sayGrant).sort();
    expect(grants()).toEqual(needed);
    for (const cni of ['calico', 'cilium'] as const)
      expect(grants('--set', `rbac.network=${cni}`)).toEqual(
        [...needed, ...grantsInCode(cni).map(sayGrant)].sort(),
      );
  });

  test('pass the strict lint of helm', () => {
    expect(helm('lint', '--strict', '--quiet', CHART, ...exampleArgs('aws'))).not.toMatch(
      /WARN|ERROR/,
    );
  });
});
