import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { HEALTH_PATH } from '../../../functions/console/http/app.ts';
import { httpAddress, serveHttp } from '../../../functions/watch/serve/http.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import { FUNCTIONS } from '../../../shared/queue/functions.ts';
import { grantsOf, sayGrant } from './grants.ts';
import {
  container,
  deployment,
  FOLDER,
  kustomize,
  one,
  OVERLAYS,
  readResources,
  ROOT,
  workloads,
  type Container,
  type Manifest,
} from './manifests.ts';
import { describeWith } from './described.ts';
import { scraped } from './scraped.ts';

const VERSION = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
).version;
const MEBI = 1_048_576;

const source = (folder: string): string =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(ROOT, folder, name), 'utf8'))
    .join('\n');
const bytes = (size: string): number => Number(/^(\d+)Mi$/.exec(size)?.[1]) * MEBI;
const env = (from: Container, name: string): string | undefined =>
  from.env.find((entry) => entry.name === name)?.value;

/** Checks that apply to the pod of every installation. */
function expectSafe(manifests: readonly Manifest[]): void {
  const { spec } = deployment(manifests).template;
  const only = container(manifests);
  expect(spec.securityContext).toMatchObject({
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(only.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers'])
    expect(spec).not.toHaveProperty(field);
  expect(spec.volumes.filter((volume) => 'hostPath' in volume)).toEqual([]);
  expect(spec.serviceAccountName).toBe(one(manifests, 'ServiceAccount').metadata.name);
  expect(only.image).toMatch(
    new RegExp(`:${VERSION.replaceAll('.', '\\.')}$|@sha256:[0-9a-f]{64}$`),
  );
  expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
}

/** The old generation of the heap uses most of the memory and leaves room for the rest. */
function expectHeapFits(only: Container): void {
  const heap =
    Number(/--max-old-space-size=(\d+)/.exec(env(only, 'NODE_OPTIONS') ?? '')?.[1]) * MEBI;
  const young =
    Number(/--max-semi-space-size=(\d+)/.exec(env(only, 'NODE_OPTIONS') ?? '')?.[1] ?? 16) *
    3 *
    MEBI;
  const limit = bytes(only.resources.limits['memory'] ?? '');
  // Code and libraries take 64 MB before the first object arrives.
  expect(heap + young + 64 * MEBI).toBeLessThanOrEqual(limit);
  expect(heap / limit).toBeGreaterThan(0.5);
  expect(heap / limit).toBeLessThanOrEqual(0.75);
  expect(bytes(only.resources.requests['memory'] ?? '')).toBeLessThanOrEqual(limit);
}

function expectSelected(manifests: readonly Manifest[]): void {
  const { selector, template } = deployment(manifests);
  const { labels } = template.metadata;
  expect(labels).toMatchObject(selector.matchLabels);
  expect(labels).toMatchObject(
    (one(manifests, 'PodDisruptionBudget').spec as { selector: { matchLabels: object } }).selector
      .matchLabels,
  );
  expect(labels).toMatchObject(
    (one(manifests, 'NetworkPolicy').spec as { podSelector: { matchLabels: object } }).podSelector
      .matchLabels,
  );
}

/** What the pod refers to is among the objects, and every volume is mounted. */
function expectReferences(manifests: readonly Manifest[]): void {
  const map = one(manifests, 'ConfigMap');
  const { volumes } = deployment(manifests).template.spec;
  const config = volumes.find((volume) => volume.configMap !== undefined)?.configMap;
  expect(config?.name).toBe(map.metadata.name);
  expect(config?.items.map(({ key }) => Object.keys(map.data ?? {}).includes(key))).toEqual([true]);
  for (const { valueFrom } of container(manifests).env) {
    const reference = valueFrom?.configMapKeyRef;
    if (reference !== undefined)
      expect(map).toMatchObject({
        metadata: { name: reference.name },
        data: { [reference.key]: expect.any(String) },
      });
  }
  const claims = volumes.flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
  expect(
    manifests
      .filter(({ kind }) => kind === 'PersistentVolumeClaim')
      .map(({ metadata }) => metadata.name),
  ).toEqual(claims);
  const mounted = container(manifests).volumeMounts.map((mount) => mount.name);
  expect([...mounted].sort()).toEqual(volumes.map((volume) => volume.name).sort());
}

interface Policy {
  readonly ingress: readonly {
    readonly from: readonly object[];
    readonly ports: readonly { readonly port: number }[];
  }[];
  readonly egress: readonly { readonly ports: readonly { readonly port: number }[] }[];
}
const policy = (manifests: readonly Manifest[]): Policy =>
  one(manifests, 'NetworkPolicy').spec as unknown as Policy;
const ingressPorts = (manifests: readonly Manifest[]): readonly number[] =>
  policy(manifests).ingress.flatMap(({ ports }) => ports.map(({ port }) => port));
const egress = (manifests: readonly Manifest[]): readonly number[] =>
  policy(manifests).egress.flatMap(({ ports }) => ports.map(({ port }) => port));

describe('the base', () => {
  const base = readResources(join(FOLDER, 'base'));

  test('runs as nobody, without rights on the host, from a pinned image', () => expectSafe(base));
  test('gives the heap what fits below the limit', () => expectHeapFits(container(base)));
  test('has labels that match its own selectors', () => expectSelected(base));

  test('refuses pods that want more, by the label of its namespace', () => {
    expect(one(base, 'Namespace').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
  });

  test('can be drained from a node with any number of replicas', () => {
    const { spec } = one(base, 'PodDisruptionBudget');
    expect(spec).toMatchObject({ maxUnavailable: 1 });
    expect(spec).not.toHaveProperty('minAvailable');
    expect(deployment(base).strategy).toMatchObject({
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
    });
  });

  test('runs a standby beside the leading watcher', () => {
    expect(deployment(base).replicas).toBe(2);
  });

  test('probes and metrics use one port: the configured one, which the process opens', () => {
    const only = container(base);
    expect(httpAddress({ SLUICE_HTTP_PORT: env(only, 'SLUICE_HTTP_PORT') })).toEqual({
      host: undefined,
      port: only.ports?.[0]?.containerPort,
    });
    expect(only.ports).toHaveLength(1);
    expect(
      [only.startupProbe, only.livenessProbe, only.readinessProbe].map(
        (probe) => probe?.httpGet.port,
      ),
    ).toEqual(['http', 'http', 'http']);
    expect(ingressPorts(base)).toEqual([only.ports?.[0]?.containerPort]);
  });

  test('probes the paths that the watcher serves: alive before ready', async () => {
    const only = container(base);
    const served = await serveHttp(
      { host: '127.0.0.1', port: 0 },
      {
        ready: () => ({ ready: false, lines: [] }),
        metrics: () => Promise.resolve({ type: 'text/plain', text: '' }),
      },
    );
    const status = async (path = ''): Promise<number> =>
      (await fetch(`http://127.0.0.1:${served.address.port}${path}`)).status;
    expect(await status(only.startupProbe?.httpGet.path)).toBe(200);
    expect(await status(only.livenessProbe?.httpGet.path)).toBe(200);
    expect(await status(only.readinessProbe?.httpGet.path)).toBe(503);
    expect(await status('/metrics')).toBe(200);
    await served.close();
  });

  test('allows egress to DNS, the API server and SQS, and nothing else', () => {
    expect(egress(base)).toEqual([53, 53, 443, 6443]);
  });

  test('sets every variable that the process requires', () => {
    const required = [...source('functions/watch').matchAll(/required\(env, '([A-Z_]+)'\)/g)].map(
      (match) => match[1] ?? '',
    );
    expect(required).toContain('SLUICE_CONFIG');
    expect(container(base).env.map(({ name }) => name)).toEqual(
      expect.arrayContaining([...required, 'POD_NAME', 'POD_NAMESPACE', 'SLUICE_LOG_LEVEL']),
    );
  });
});

interface Kustomization {
  readonly configMapGenerator?: readonly { readonly literals: readonly string[] }[];
  readonly images?: readonly { readonly newTag: string }[];
}
const settings = (name: string): Kustomization =>
  parse(
    readFileSync(join(FOLDER, 'overlays', name, 'kustomization.yaml'), 'utf8'),
  ) as Kustomization;
/** Overlays that contain a sluice.yaml. */
const configured = OVERLAYS.filter((name) => settings(name).configMapGenerator !== undefined);

test('every overlay has a configuration, except the one on top of another', () => {
  expect(configured).toEqual(OVERLAYS.filter((name) => name !== 'servicemonitor'));
});

describe.each(configured)('the files of overlay %s', (name) => {
  test('name the version of this release', () => {
    expect(new Set(settings(name).images?.map(({ newTag }) => newTag))).toEqual(new Set([VERSION]));
  });

  test('hold a configuration that Sluice reads, with this cluster in it and its gateways where the rights are', () => {
    const config = parseConfig(
      readFileSync(join(FOLDER, 'overlays', name, 'sluice.yaml'), 'utf8'),
      name,
      1,
    );
    const cluster = settings(name)
      .configMapGenerator?.[0]?.literals.find((literal) => literal.startsWith('cluster='))
      ?.slice('cluster='.length);
    const own = config.ingresses
      .filter((ingress) => ingress.cluster === cluster)
      .map(({ service }) => service.split('/')[0]);
    expect(own).toEqual(['istio-system']);
  });
});

describe('the container files', () => {
  const read = (name: string): string => readFileSync(join(FOLDER, 'image', name), 'utf8');

  test.each(['Containerfile.watch', 'Containerfile.sluice'])(
    '%s only copies built files onto a base without a shell, and runs as nobody',
    (name) => {
      const steps = read(name)
        .split('\n')
        .filter((line) => /^[A-Z]/.test(line));
      expect(steps.filter((step) => /^(RUN|ADD)/.test(step))).toEqual([]);
      expect(
        steps
          .filter((step) => step.startsWith('COPY'))
          .every((step) => step.startsWith('COPY dist/')),
      ).toBe(true);
      expect(steps).toEqual(
        expect.arrayContaining([
          `ARG BASE=localhost/sluice-base:${VERSION}`,
          'FROM ${BASE}',
          'USER 65532:65532',
        ]),
      );
    },
  );

  test('Containerfile.base adds its root to nothing, and runs as nobody', () => {
    const steps = read('Containerfile.base')
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line));
    expect(steps).toEqual([
      'FROM scratch',
      'ADD root.tar /',
      'USER 65532:65532',
      'WORKDIR /',
      'ENTRYPOINT ["/nodejs/bin/node"]',
    ]);
  });

  test('start the bundles by the names that the build gives them', () => {
    expect(read('Containerfile.watch')).toContain(
      'COPY dist/watch/ watch/\nCOPY dist/shared/ shared/\n',
    );
    expect(read('Containerfile.watch')).toContain('"/sluice/watch/main.mjs"]');
    expect(read('Containerfile.sluice')).toContain('"/sluice/cli/sluice.mjs"]');
    // All of dist, so that "sluice up" finds every function beside it.
    expect(read('Containerfile.sluice')).toContain('COPY dist/ ./\n');
  });
});

describeWith(['kubectl'])('what kubectl makes of', () => {
  const built = new Map<string, readonly Manifest[]>();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-install-'));
    for (const name of OVERLAYS) built.set(name, kustomize(join(FOLDER, 'overlays', name)));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const of = (name: string): readonly Manifest[] => built.get(name) ?? [];

  const to = (path: string): string => relative(folder, join(FOLDER, path));

  /** An overlay with additions, as a user would write it. */
  function withMore(more: string, overlay = 'aws'): readonly Manifest[] {
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      `resources: [${to(`overlays/${overlay}`)}]\n${more}`,
    );
    return kustomize(folder);
  }
  const withComponent = (name: string, overlay?: string): readonly Manifest[] =>
    withMore(`components: [${to(`components/${name}`)}]\n`, overlay);

  test.each(OVERLAYS)(
    'overlay %s is safe, fits its memory, and every reference leads somewhere',
    (name) => {
      const parts = workloads(of(name));
      expect(parts).toHaveLength(name === 'replicas' ? 2 : 1);
      for (const manifests of parts) {
        expectSafe(manifests);
        expectHeapFits(container(manifests));
        expectSelected(manifests);
        expectReferences(manifests);
      }
    },
  );

  test.each(OVERLAYS)('overlay %s grants what the base grants, and nothing more', (name) => {
    const base = grantsOf(readResources(join(FOLDER, 'base'))).map(sayGrant);
    expect(grantsOf(of(name)).map(sayGrant).sort()).toEqual(base.sort());
  });

  test('overlay aws gives the account a role, and contains no keys', () => {
    expect(
      one(of('aws'), 'ServiceAccount').metadata.annotations?.['eks.amazonaws.com/role-arn'],
    ).toMatch(/^arn:aws:iam::\d{12}:role\//);
    expect(container(of('aws')).env.filter(({ name }) => name.startsWith('AWS_'))).toEqual([]);
  });

  test('overlay onprem runs "sluice up" alone on its volume, with time to finish, probes and metrics', () => {
    const only = container(of('onprem'));
    expect(only.args).toEqual([
      'up',
      '--config',
      '$(SLUICE_CONFIG)',
      '--cluster',
      '$(SLUICE_CLUSTER)',
    ]);
    expect(deployment(of('onprem'))).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(deployment(of('onprem')).strategy.rollingUpdate).toBeUndefined();
    expect(only.volumeMounts.find(({ mountPath }) => mountPath === only.workingDir)?.name).toBe(
      'state',
    );
    const longest = Math.max(...FUNCTIONS.map(({ timeout }) => timeout)) / 1000;
    expect(deployment(of('onprem')).template.spec['terminationGracePeriodSeconds']).toBeGreaterThan(
      longest,
    );
    const port = Number(env(only, 'SLUICE_HTTP_PORT'));
    expect(only.ports).toEqual([{ name: 'http', containerPort: port }]);
    expect([only.startupProbe, only.livenessProbe, only.readinessProbe]).toMatchObject([
      { httpGet: { path: '/healthz', port: 'http' } },
      { httpGet: { path: '/healthz', port: 'http' } },
      { httpGet: { path: '/readyz', port: 'http' } },
    ]);
    expect(ingressPorts(of('onprem'))).toEqual([port]);
  });

  test('overlay onprem-watch signs with a key that the kubelet mounts from a Secret', () => {
    const config = parseConfig(
      one(of('onprem-watch'), 'ConfigMap').data?.['sluice.yaml'] ?? '',
      'onprem-watch',
      1,
    );
    const { signKey = '' } =
      config.clusters.find(
        ({ id }) => id === one(of('onprem-watch'), 'ConfigMap').data?.['cluster'],
      ) ?? {};
    const mount = container(of('onprem-watch')).volumeMounts.find(({ mountPath }) =>
      signKey.startsWith(`file:${mountPath}/`),
    );
    const volume = deployment(of('onprem-watch')).template.spec.volumes.find(
      ({ name }) => name === mount?.name,
    );
    expect(mount).toMatchObject({ readOnly: true });
    expect(volume).toMatchObject({ secret: { secretName: 'sluice-sign-key' } });
  });

  test('component verify-keys mounts public keys for "sluice up"', () => {
    const withKeys = withComponent('verify-keys', 'onprem');
    expect(container(withKeys).volumeMounts).toContainEqual({
      name: 'verify-keys',
      mountPath: '/etc/sluice-verify',
      readOnly: true,
    });
  });

  test('overlay onprem-watch reaches the queue server of its configuration, with keys from a Secret', () => {
    const config = parseConfig(
      one(of('onprem-watch'), 'ConfigMap').data?.['sluice.yaml'] ?? '',
      'onprem-watch',
      1,
    );
    if (config.queue.kind !== 'sqs') throw new Error('the overlay should use a queue server');
    expect(egress(of('onprem-watch'))).toContain(Number(new URL(config.queue.endpoint ?? '').port));
    expect(
      container(of('onprem-watch'))
        .env.filter(({ name }) => name.startsWith('AWS_'))
        .map((entry) => entry.valueFrom),
    ).toEqual([
      { secretKeyRef: { name: 'sluice-queue', key: 'accessKeyId' } },
      { secretKeyRef: { name: 'sluice-queue', key: 'secretAccessKey' } },
    ]);
  });

  test('overlay servicemonitor scrapes the port of the pod, and lets only the monitoring namespace in', () => {
    const manifests = of('servicemonitor');
    expect(scraped(manifests)).toEqual([{ pods: 'sluice', port: 'http', path: '/metrics' }]);
    expect(policy(manifests).ingress[0]?.from).toEqual([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
    ]);
  });

  test('component servicemonitor scrapes metrics of "sluice up", and not its console', () => {
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      JSON.stringify({
        resources: [to('overlays/onprem')],
        components: [to('components/console'), to('components/servicemonitor')],
      }),
    );
    const manifests = kustomize(folder);
    expect(scraped(manifests)).toEqual([{ pods: 'sluice', port: 'http', path: '/metrics' }]);
    expect(policy(manifests).ingress.map(({ from }) => from)).toEqual([
      [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
      [{ namespaceSelector: {} }],
    ]);
  });

  test('component any-namespace moves the rights of gateway namespaces to the whole cluster, and adds none', () => {
    const wide = grantsOf(withComponent('any-namespace')).map(sayGrant).sort();
    expect(wide).toEqual(
      grantsOf(of('aws'))
        .map((grant) => sayGrant(grant).replace(/ in istio-system$/, ' in *'))
        .sort(),
    );
  });

  test.each([
    ['calico', ['blockaffinities.crd.projectcalico.org', 'blockaffinities.projectcalico.org']],
    ['cilium', ['ciliumnodes.cilium.io']],
  ])('component network-%s adds the right to read %j, and no other', (cni, kinds) => {
    const usual = new Set(grantsOf(of('aws')).map(sayGrant));
    const more = grantsOf(withComponent(`network-${cni}`)).map(sayGrant);
    expect(more.filter((grant) => !usual.has(grant)).sort()).toEqual(
      ['get', 'list', 'watch']
        .flatMap((verb) => kinds.map((kind) => `${verb} ${kind} in *`))
        .sort(),
    );
    expect(more).toHaveLength(usual.size + 3 * kinds.length);
  });

  test('component console adds a Service with probes to "sluice up", and no right', () => {
    const manifests = withComponent('console', 'onprem');
    const only = container(manifests);
    expect(only.args?.slice(-2)).toEqual(['--console', '9080']);
    expect(only.ports).toEqual([
      { name: 'console', containerPort: 9_080 },
      { name: 'http', containerPort: 8_080 },
    ]);
    // People reach the console also while the API server does not answer.
    expect(only.readinessProbe?.httpGet).toEqual({ path: HEALTH_PATH, port: 'console' });
    expect(only.livenessProbe).toEqual(container(of('onprem')).livenessProbe);
    const { spec } = one(manifests, 'Service');
    expect(spec?.['ports']).toMatchObject([{ targetPort: 'console' }]);
    expect(deployment(manifests).template.metadata.labels).toMatchObject(
      spec?.['selector'] as object,
    );
    expect(ingressPorts(manifests)).toEqual([8_080, 9_080]);
    expect(only.volumeMounts).toContainEqual({
      name: 'console',
      mountPath: '/etc/sluice-console',
      readOnly: true,
    });
    expectSafe(manifests);
    expect(grantsOf(manifests).map(sayGrant).sort()).toEqual(
      grantsOf(of('onprem')).map(sayGrant).sort(),
    );
  });

  test('component observe takes away the right to change Services, and no other', () => {
    const without = grantsOf(withComponent('observe')).map(sayGrant).sort();
    expect(without).toEqual(
      grantsOf(of('aws'))
        .map(sayGrant)
        .filter((grant) => grant !== 'patch services in istio-system')
        .sort(),
    );
  });

  test('the patches of install.md move the rights to another namespace, and allow egress to another port', () => {
    const page = readFileSync(join(ROOT, 'docs/operations/install.md'), 'utf8');
    const [move = '', open = ''] = [...page.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(
      ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    );
    const moved = grantsOf(withMore(move)).map(sayGrant);
    expect(moved).toContain('patch services in gateways');
    expect(moved.filter((grant) => grant.endsWith('istio-system'))).toEqual([]);
    expect(egress(withMore(open))).toEqual([...egress(of('aws')), 8443]);
  });
});
