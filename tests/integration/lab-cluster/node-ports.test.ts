import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LabCluster, RawService } from '../../../infra/lab/cluster/index.ts';
import { applyManifest, ask, httpStatus, testCluster, type TestStore } from './helpers.ts';

let cluster: LabCluster;
let store: TestStore;
let close: () => Promise<void>;

async function changeService(change: (spec: RawService['spec']) => object): Promise<void> {
  const service = cluster.world().services.find((s) => s.metadata.name === 'istio-ingressgateway');
  if (!service) throw new Error('no ingress Service');
  store.apply({ ...service, spec: { ...service.spec, ...change(service.spec) } });
  await cluster.idle();
}

async function setReady(index: number, ready: boolean): Promise<void> {
  cluster.setReady(cluster.pods('istio-ingressgateway')[index]?.metadata.name ?? '', ready);
  await cluster.idle();
}

beforeEach(async () => {
  ({ cluster, store, close } = await testCluster(92));
  await applyManifest(store, cluster, 'tcp-echo');
  await changeService((spec) => ({
    ports: [
      ...(spec.ports ?? []),
      { name: 'tcp2', port: 32_400, targetPort: 32_400, nodePort: 30_776 },
    ],
  }));
});
afterEach(() => close());

describe('node ports of the lab', () => {
  test('lead from every node to the target port of a ready pod', async () => {
    expect(await ask('192.92.0.11', 30_776)).toBe('one hello');
    expect(await ask('192.92.0.12', 30_776)).toBe('one hello');
  });

  test('lead to a pod on another node if their own has no ready pod', async () => {
    await setReady(0, false);
    expect(await ask('192.92.0.11', 30_776)).toBe('one hello');
  });

  test('answer on a node without a ready pod only while externalTrafficPolicy is not Local', async () => {
    await changeService(() => ({ externalTrafficPolicy: 'Local', healthCheckNodePort: 30_999 }));
    await setReady(0, false);
    expect(await ask('192.92.0.11', 30_776)).toBe('closed');
    expect(await ask('192.92.0.12', 30_776)).toBe('one hello');
  });

  test('say on the health check node port whether the node has pods', async () => {
    await changeService(() => ({ externalTrafficPolicy: 'Local', healthCheckNodePort: 30_999 }));
    await setReady(0, false);
    expect(await httpStatus('192.92.0.11', 30_999)).toBe(503);
    expect(await httpStatus('192.92.0.12', 30_999)).toBe(200);
  });

  test('close when the Service loses the port', async () => {
    await changeService((spec) => ({ ports: (spec.ports ?? []).filter((p) => p.port !== 32_400) }));
    expect(await ask('192.92.0.11', 30_776)).toBe('refused');
  });
});

test('two clusters run side by side without touching each other', async () => {
  const {
    cluster: other,
    store: otherStore,
    close: closeOther,
  } = await testCluster(93, { id: 'west' });
  try {
    await applyManifest(otherStore, other, 'second-gateway');
    expect(await ask('10.93.1.5', 32_500)).toBe('closed');
    await applyManifest(otherStore, other, 'tcp-echo');
    expect(await ask('10.93.1.5', 32_500)).toBe('two hello');
    expect(await ask('10.92.1.5', 32_500)).toBe('refused');
    expect(other.pods('istio-ingressgateway').map((p) => p.metadata.name)).not.toEqual(
      cluster.pods('istio-ingressgateway').map((p) => p.metadata.name),
    );
  } finally {
    await closeOther();
  }
});
