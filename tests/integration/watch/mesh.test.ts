import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import { mapIngress } from '../../../shared/domain/istio/map-ingress.ts';
import { MeshOptions } from '../../../shared/domain/istio/mesh.ts';
import { gatewayPod, ingressService, quiet, startBench, until, type Bench } from './support.ts';

const REF = { namespace: 'istio-system', service: 'istio-ingressgateway' };
const SERVICES = { resource: 'services' };

let at: Bench;
beforeEach(async () => {
  at = await startBench({ servicePorts: 'observe' });
  at.lab.store.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
});
afterEach(() => at.close());

function passthrough(host: string): KubernetesObject {
  const server = {
    port: { number: 15443, name: 'tls', protocol: 'TLS' },
    tls: { mode: 'AUTO_PASSTHROUGH' },
    hosts: [host],
  };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { namespace: 'default', name: 'mesh' },
    spec: { selector: { istio: 'ingressgateway' }, servers: [server] },
  };
}

function shop(name = 'cart', namespace = 'shop'): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name, labels: { team: 'shop' }, annotations: { note: 'x' } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] },
  };
}

const CART = passthrough('cart.shop.svc.cluster.local');

/** The result of `map` for the newest snapshot. */
function verdict(): string | undefined {
  const snapshot = at.snapshots().at(-1);
  return (
    snapshot &&
    mapIngress(REF, snapshot.objects, MeshOptions.parse({})).servers.find(
      ({ gateway }) => gateway === 'default/mesh',
    )?.verdict
  );
}

/** Results arrive, so that the next snapshot need not wait for them. */
async function becomes(wanted: string | undefined): Promise<void> {
  await at.passUntil(() => {
    at.settle({});
    return verdict() === wanted;
  });
}

/** List and watch of Services of all namespaces. */
const following = (): number => at.lab.faults.watches(SERVICES) - 1;

interface Said {
  readonly reason: string;
  readonly message: string;
  readonly involvedObject: { readonly kind: string; readonly name: string };
}
const denials = (): readonly Said[] =>
  (at.lab.store.list('v1', 'Event') as unknown as Said[]).filter(
    ({ reason }) => reason === 'MeshServicesDenied',
  );

describe('a server with AUTO_PASSTHROUGH for a Service in another namespace', () => {
  test('listens while that Service exists, and no longer than that', async () => {
    at.lab.store.apply(CART);
    await at.watcher().start();
    await becomes('no-route');
    at.lab.store.apply(shop());
    await becomes('listening');
    at.lab.store.delete('v1', 'Service', 'shop', 'cart');
    await becomes('no-route');
  });

  test('listens in the very first snapshot', async () => {
    at.lab.store.apply(CART);
    at.lab.store.apply(shop());
    await at.watcher().start();
    await until(() => at.snapshots().length > 0);
    expect(verdict()).toBe('listening');
  });

  test('listens for a Service beside the ingress that selects none of its pods', async () => {
    at.lab.store.apply(passthrough('cart.istio-system.svc.cluster.local'));
    at.lab.store.apply(shop('cart', 'istio-system'));
    await at.watcher().start();
    await becomes('listening');
  });

  test('adds only that Service to the snapshot, reduced to the fields that matter', async () => {
    at.lab.store.apply(CART);
    for (const name of ['cart', 'stock', 'till']) at.lab.store.apply(shop(name));
    await at.watcher().start();
    await becomes('listening');
    const [cart, ...rest] =
      at
        .snapshots()
        .at(-1)
        ?.objects.services.filter(({ meta }) => meta.namespace === 'shop') ?? [];
    expect(rest).toEqual([]);
    expect(cart).toMatchObject({
      meta: { name: 'cart', uid: '', labels: {}, annotations: {} },
      selector: {},
      ports: [{ port: 8080, protocol: 'TCP' }],
    });
    expect(cart?.meta.created).not.toBe('');
  });
});

describe('the Services of the whole cluster', () => {
  test('are followed only while a server waits for them', async () => {
    await at.watcher().start();
    await until(() => at.snapshots().length > 0);
    expect(following()).toBe(0);
    at.lab.store.apply(shop());
    at.lab.store.apply(CART);
    await becomes('listening');
    await at.passUntil(() => following() === 1);
    at.lab.store.delete('networking.istio.io/v1', 'Gateway', 'default', 'mesh');
    await becomes(undefined);
    await at.passUntil(() => following() === 0);
    at.lab.store.delete('v1', 'Service', 'shop', 'cart');
    at.lab.store.apply(CART);
    await becomes('no-route');
  });

  test('are not requested if the hosts include the ingress itself, as with an east-west gateway', async () => {
    at.lab.store.apply(passthrough('*.local'));
    await at.watcher().start();
    await becomes('listening');
    expect(following()).toBe(0);
  });

  test('are waited for: an open port does not look closed while they are listed', async () => {
    at.lab.store.apply(shop());
    await at.watcher().start();
    await until(() => at.snapshots().length > 0);
    const release = at.lab.faults.add(
      { ...SERVICES, verbs: ['list'] },
      { kind: 'fail', code: 500, reason: 'InternalError', message: 'etcd is slow' },
    );
    at.lab.store.apply(CART);
    for (let n = 0; n < 20; n += 1) {
      at.clock.advance(100);
      await quiet();
    }
    expect(verdict()).toBeUndefined();
    release();
    await becomes('listening');
  });
});

describe('a watcher that may not list the Services of the cluster', () => {
  test('reports a missing permission, continues without it, and uses it once granted', async () => {
    at.lab.store.apply(shop());
    const watcher = at.watcher({ http: { host: '127.0.0.1', port: 0 } });
    await watcher.start();
    await until(() => at.snapshots().length > 0);
    const allow = at.lab.faults.deny({ ...SERVICES, verbs: ['list'] });
    at.lab.store.apply(CART);
    await becomes('no-route');
    await at.passUntil(() => denials().length === 2);
    expect(
      denials()
        .map(({ involvedObject }) => `${involvedObject.kind} ${involvedObject.name}`)
        .sort(),
    ).toEqual(['Gateway mesh', 'Service istio-ingressgateway']);
    expect(denials()[0]?.message).toMatch(
      /^GW160: .*Grant the service account of Sluice list and watch on services/,
    );
    expect((await fetch(`http://127.0.0.1:${watcher.address()?.port}/readyz`)).status).toBe(200);
    allow();
    await becomes('listening');
  });

  test('keeps what it knew when the right is taken away', async () => {
    at.lab.store.apply(shop());
    at.lab.store.apply(CART);
    await at.watcher().start();
    await becomes('listening');
    const allow = at.lab.faults.deny(SERVICES);
    at.lab.faults.compact();
    at.lab.faults.cutWatches(SERVICES);
    await at.passUntil(() => denials().length === 2);
    expect(verdict()).toBe('listening');
    allow();
    await at.passUntil(() => following() === 1);
    at.lab.store.delete('v1', 'Service', 'shop', 'cart');
    await becomes('no-route');
  });
});
