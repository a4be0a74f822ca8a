/** What the commands read from a live cluster; the same rules apply in the watcher and to files. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import { readCluster } from '../../../shared/operations/objects/read-cluster.ts';
import { rawBlock, rawCiliumNode } from '../../fixtures/cni-nodes.ts';
import { startLab, type Lab } from './support.ts';

const GRANT = {
  apiVersion: 'gateway.networking.k8s.io/v1beta1',
  kind: 'ReferenceGrant',
  metadata: { namespace: 'default', name: 'g' },
  spec: {
    from: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: 'istio-system' }],
    to: [{ group: '', kind: 'Secret' }],
  },
} as unknown as KubernetesObject;
const meshConfig = (name: string, mesh: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace: 'istio-system', name },
  data: { mesh },
});
const SELECTORS = 'discoverySelectors: [{matchLabels: {mesh: "yes"}}]';

const service = (namespace: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace, name: 's' },
  spec: { ports: [{ port: 1 }] },
});

let at: Lab;
beforeEach(async () => {
  at = await startLab();
  at.lab.store.apply(GRANT);
  at.lab.store.apply(meshConfig('istio', SELECTORS));
});
afterEach(() => at.close());

describe('a live cluster', () => {
  test('is read with ReferenceGrants and the mesh ConfigMaps of the revisions of its pods', async () => {
    at.lab.store.apply(meshConfig('istio-canary', SELECTORS));
    at.lab.store.apply(meshConfig('istio-other', SELECTORS));
    at.lab.store.apply({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'istio-system', name: 'p', labels: { 'istio.io/rev': 'canary' } },
      spec: { containers: [{ name: 'istio-proxy', image: 'proxyv2' }] },
    });
    const { objects, notes } = await readCluster(at.kubeconfig);
    expect(objects.optionalKinds).toMatchObject({
      referenceGrants: [{ meta: { name: 'g' } }],
      meshConfigs: [{ revision: 'default' }, { revision: 'canary' }],
    });
    expect(notes).toEqual([]);
  });

  test('without any ReferenceGrant is known to have none', async () => {
    at.lab.store.delete(GRANT.apiVersion, GRANT.kind, 'default', 'g');
    expect((await readCluster(at.kubeconfig)).objects.optionalKinds?.referenceGrants).toEqual([]);
  });

  test('whose ReferenceGrants are forbidden, or not served, is read without them', async () => {
    const allow = at.lab.faults.deny({ resource: 'referencegrants.gateway.networking.k8s.io' });
    const { objects, notes } = await readCluster(at.kubeconfig);
    expect(objects.optionalKinds?.referenceGrants).toBeUndefined();
    expect(notes).toEqual([
      expect.stringMatching(/^referencegrants\.gateway\.networking\.k8s\.io cannot be read.*403/),
    ]);
    allow();
    at.lab.serve('referencegrants.gateway.networking.k8s.io', false);
    const without = await readCluster(at.kubeconfig);
    expect(without.objects.optionalKinds?.referenceGrants).toBeUndefined();
    expect(without.notes).toEqual([]);
  });

  test('is read with a note where its mesh ConfigMap is invalid', async () => {
    at.lab.store.apply(meshConfig('istio', 'discoverySelectors: ['));
    const { objects, notes } = await readCluster(at.kubeconfig);
    expect(objects.optionalKinds?.meshConfigs).toEqual([]);
    expect(notes).toEqual([
      expect.stringMatching(/^ConfigMap istio-system\/istio: it cannot be read/),
    ]);
  });

  test('is read only in the namespaces of its ingresses if the account has only the shipped roles', async () => {
    const local = [
      'services',
      'pods',
      'configmaps',
      'endpointslices.discovery.k8s.io',
      'gateways.gateway.networking.k8s.io',
    ];
    for (const resource of local) at.lab.faults.deny({ resource, namespace: '' });
    at.lab.store.apply(service('istio-system'));
    at.lab.store.apply(service('default'));
    const { objects, notes } = await readCluster(at.kubeconfig, { fallback: ['istio-system'] });
    expect(objects.services.map(({ meta }) => meta.namespace)).toEqual(['istio-system']);
    expect(notes).toEqual([
      'services, pods, configmaps, endpointslices.discovery.k8s.io, ' +
        'gateways.gateway.networking.k8s.io were read only in istio-system, because this ' +
        'account may not read them elsewhere',
    ]);
    await expect(readCluster(at.kubeconfig)).rejects.toThrow(
      /403.*with -c sluice\.yaml, only the namespaces of its ingresses are read/,
    );
  });

  test('stays an error where a kind that is needed is forbidden', async () => {
    at.lab.faults.deny({ resource: 'services' });
    await expect(readCluster(at.kubeconfig)).rejects.toThrow('403');
  });

  describe.each([
    ['calico', 'blockAffinities', 'blockaffinities.projectcalico.org'],
    ['cilium', 'ciliumNodes', 'ciliumnodes.cilium.io'],
  ] as const)('with network.from: %s', (network, list, resource) => {
    const raw =
      network === 'calico'
        ? { ...rawBlock('10.244.3.0/26', { deleted: false }), apiVersion: 'projectcalico.org/v3' }
        : rawCiliumNode();

    test('is read with the objects of the CNI, of which it may have none', async () => {
      const { objects } = await readCluster(at.kubeconfig, { network });
      expect(objects.optionalKinds?.[list]).toEqual([]);
      at.lab.store.apply(raw as KubernetesObject);
      const more = await readCluster(at.kubeconfig, { network });
      expect(more.objects.optionalKinds?.[list]).toHaveLength(1);
      expect(more.notes).toEqual([]);
    });

    test('is read without them if they are forbidden or not served', async () => {
      at.lab.store.apply(raw as KubernetesObject);
      const allow = at.lab.faults.deny({ resource });
      const { objects, notes } = await readCluster(at.kubeconfig, { network });
      expect(objects.optionalKinds).not.toHaveProperty(list);
      expect(notes).toEqual([expect.stringContaining(`${resource} cannot be read`)]);
      allow();
      at.lab.serve(resource, false);
      at.lab.serve('crd.projectcalico.org', false);
      const without = await readCluster(at.kubeconfig, { network });
      expect(without.objects.optionalKinds).not.toHaveProperty(list);
      expect(without.notes).toEqual([]);
    });

    test('is not asked for them without that setting', async () => {
      at.lab.store.apply(raw as KubernetesObject);
      const { objects } = await readCluster(at.kubeconfig);
      expect(objects.optionalKinds).not.toHaveProperty(list);
      expect(at.lab.faults.requests({ resource })).toBe(0);
    });
  });
});
