import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import { gateway, gatewayPod, ingressService, startBench, type Bench } from './support.ts';

let at: Bench;
beforeEach(async () => {
  at = await startBench();
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
  at.lab.store.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'certs' } });
  at.lab.store.apply(GATEWAY);
});
afterEach(() => at.close());

const GATEWAY = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { namespace: 'istio-system', name: 'web' },
  spec: {
    gatewayClassName: 'istio',
    addresses: [{ type: 'Hostname', value: 'istio-ingressgateway' }],
    listeners: [
      {
        name: 'web',
        port: 443,
        protocol: 'HTTPS',
        tls: { mode: 'Terminate', certificateRefs: [{ name: 'c', namespace: 'certs' }] },
      },
    ],
  },
} as unknown as KubernetesObject;
const GRANT = {
  apiVersion: 'gateway.networking.k8s.io/v1beta1',
  kind: 'ReferenceGrant',
  metadata: { namespace: 'certs', name: 'g' },
  spec: {
    from: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'istio-system' }],
    to: [{ group: '', kind: 'Secret' }],
  },
} as unknown as KubernetesObject;

const grants = (): readonly unknown[] | undefined =>
  at.snapshots().at(-1)?.objects.optionalKinds?.referenceGrants;

describe('a kind that Sluice can do without', () => {
  test('is in the snapshots once it is read, and each change of it too', async () => {
    await at.watcher().start();
    await at.passUntil(() => grants()?.length === 0);
    at.settle({});
    at.lab.store.apply(GRANT);
    await at.passUntil(() => grants()?.length === 1);
  });

  test('may be forbidden: everything else is reported, and the watcher is ready', async () => {
    at.lab.store.apply(GRANT);
    const allow = at.lab.faults.deny({ resource: 'referencegrants.gateway.networking.k8s.io' });
    await at.watcher({ http: { host: '127.0.0.1', port: 0 } }).start();
    await at.passUntil(() => at.snapshots().length > 0);
    expect(grants()).toBeUndefined();
    expect(at.snapshots().at(-1)?.objects.apiGateways).toHaveLength(1);
    at.settle({});
    allow();
    await at.passUntil(() => {
      at.clock.advance(30_000);
      return grants()?.length === 1;
    });
  });
});

test('without the CRD of EnvoyFilters there are none, and nothing asks for rights to read them', async () => {
  at.lab.serve('envoyfilters.networking.istio.io', false);
  await at.watcher().start();
  await at.passUntil(() => at.snapshots().length > 0);
  expect(at.snapshots().at(-1)?.objects.optionalKinds?.envoyFilters).toEqual([]);
});

describe('the mesh ConfigMap of the revision that serves the pods', () => {
  const config = (mesh: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'istio-system', name: 'istio' },
    data: { mesh },
  });
  const SELECTORS = 'discoverySelectors: [{matchLabels: {mesh: "yes"}}]';
  const selectors = (): number | undefined =>
    at.snapshots().at(-1)?.objects.optionalKinds?.meshConfigs?.[0]?.discoverySelectors.length;

  test('is in the first snapshot, with the namespaces that it refers to', async () => {
    at.lab.store.apply(config(SELECTORS));
    at.lab.store.apply(gateway('echo', 32400));
    await at.watcher().start();
    await at.passUntil(() => at.snapshots().length > 0);
    const { objects } = at.snapshots()[0]!;
    expect(objects.optionalKinds?.meshConfigs).toMatchObject([
      { revision: 'default', discoverySelectors: [{ matchLabels: { mesh: 'yes' } }] },
    ]);
    expect(objects.namespaces.map(({ name }) => name)).toEqual(['default', 'istio-system']);
  });

  test('stays as it was known when it vanishes or cannot be read any more', async () => {
    at.lab.store.apply(config(SELECTORS));
    await at.watcher().start();
    await at.passUntil(() => selectors() === 1);
    at.settle({});
    const before = at.snapshots().length;
    at.lab.store.apply(config('discoverySelectors: ['));
    at.lab.store.delete('v1', 'ConfigMap', 'istio-system', 'istio');
    at.lab.store.apply(gateway('echo', 32400));
    await at.passUntil(() => at.snapshots().length > before);
    expect(selectors()).toBe(1);
  });
});
