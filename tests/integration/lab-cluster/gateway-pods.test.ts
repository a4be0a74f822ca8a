import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LabCluster, RawService } from '../../../infra/lab/cluster/index.ts';
import {
  applyManifest,
  ask,
  httpStatus,
  manifest,
  testCluster,
  type TestStore,
} from './helpers.ts';

let cluster: LabCluster;
let store: TestStore;
let close: () => Promise<void>;

beforeEach(async () => {
  ({ cluster, store, close } = await testCluster(90));
});
afterEach(() => close());

function address(index = 0): string {
  return cluster.pods('istio-ingressgateway')[index]?.status?.podIP ?? '';
}

async function changeService(change: (spec: RawService['spec']) => object): Promise<void> {
  const service = cluster.world().services.find((s) => s.metadata.name === 'istio-ingressgateway');
  if (!service) throw new Error('no ingress Service');
  store.apply({ ...service, spec: { ...service.spec, ...change(service.spec) } });
  await cluster.idle();
}

async function applyWith(
  name: string,
  kind: string,
  change: (spec: Record<string, unknown>) => object,
): Promise<void> {
  for (const object of manifest(name)) {
    const spec = object.spec as Record<string, unknown>;
    store.apply(object.kind === kind ? { ...object, spec: { ...spec, ...change(spec) } } : object);
  }
  await cluster.idle();
}

describe('the gateway pods of the lab', () => {
  test('listen on a port that only the Gateway names, and lead it to the subset of the route', async () => {
    expect(await ask(address(), 32_400)).toBe('refused');
    await applyManifest(store, cluster, 'tcp-echo');
    expect(await ask(address(0), 32_400)).toBe('one hello');
    expect(await ask(address(1), 32_400)).toBe('one hello');
  });

  test('stop listening when the Gateway is deleted', async () => {
    await applyManifest(store, cluster, 'tcp-echo');
    store.delete('networking.istio.io/v1', 'Gateway', 'default', 'tcp-echo-gateway');
    await cluster.idle();
    expect(await ask(address(), 32_400)).toBe('refused');
  });

  test('do not listen for a TCP server without a route', async () => {
    await applyManifest(store, cluster, 'no-route');
    expect(await ask(address(), 32_600)).toBe('refused');
  });

  test('answer 404 for an HTTP server without a route, on the target port of the Service port', async () => {
    await applyManifest(store, cluster, 'web-gateway');
    expect(await httpStatus(address(), 8080)).toBe(404);
    expect(await ask(address(), 80)).toBe('refused');
  });

  test('answer with the direct response of a VirtualService for the host, and 404 for others', async () => {
    await applyManifest(store, cluster, 'shop');
    const answer = async (host: string): Promise<string> => {
      const text = await ask(address(), 8080, `GET / HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
      return `${text.split(' ')[1]} ${text.split('\r\n\r\n')[1]}`;
    };
    expect(await answer('shop.example.com')).toBe('200 hello from the shop');
    expect(await answer('other.example.com')).toMatch(/^404/);
  });

  test('move the listener to where the Service port leads', async () => {
    await applyManifest(store, cluster, 'tcp-echo');
    await changeService((spec) => ({
      ports: [...(spec.ports ?? []), { name: 'tcp-x', port: 32_400, targetPort: 20_000 }],
    }));
    expect(await ask(address(), 20_000)).toBe('one hello');
    expect(await ask(address(), 32_400)).toBe('refused');
  });

  test('ignore a second Service port of the same protocol that leads to the same target', async () => {
    await applyManifest(store, cluster, 'tcp-echo');
    await changeService((spec) => ({
      ports: [...(spec.ports ?? []), { name: 'tcp-x', port: 32_400, targetPort: 31_400 }],
    }));
    expect(await ask(address(), 32_400)).toBe('one hello');
    expect(await ask(address(), 31_400)).toBe('refused');
  });

  test('cannot bind a privileged port', async () => {
    await applyWith('web-gateway', 'Gateway', () => ({
      servers: [{ port: { number: 90, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
    }));
    expect(await ask(address(), 90)).toBe('refused');
    expect(cluster.problems()).toEqual([]);
  });

  test('leave a port to the oldest Gateway that claims it, even when that one has no route', async () => {
    await applyManifest(store, cluster, 'no-route');
    await applyWith('tcp-echo', 'Gateway', () => ({
      servers: [{ port: { number: 32_600, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }],
    }));
    expect(await ask(address(), 32_600)).toBe('refused');
  });

  test.each([
    ['a Gateway for other pods', 'Gateway', { selector: { istio: 'eastwestgateway' } }],
    ['a VirtualService that names another gateway', 'VirtualService', { gateways: ['other'] }],
    ['a VirtualService that is not exported to the gateway', 'VirtualService', { exportTo: ['.'] }],
    [
      'a VirtualService for another port',
      'VirtualService',
      { tcp: [{ match: [{ port: 1 }], route: [{ destination: { host: 'tcp-echo' } }] }] },
    ],
    [
      'a bind that cannot be reached',
      'Gateway',
      {
        servers: [
          {
            port: { number: 32_400, name: 'tcp', protocol: 'TCP' },
            bind: '127.0.0.1',
            hosts: ['*'],
          },
        ],
      },
    ],
  ])('do not listen for %s', async (_what, kind, change) => {
    await applyWith('tcp-echo', kind, () => change);
    expect(await ask(address(), 32_400)).toBe('refused');
  });

  test('accept and close where the destination does not exist', async () => {
    await applyWith('tcp-echo', 'VirtualService', () => ({
      tcp: [{ route: [{ destination: { host: 'missing', port: { number: 9000 } } }] }],
    }));
    expect(await ask(address(), 32_400)).toBe('closed');
  });

  test('share connections between destinations by weight', async () => {
    const to = (subset: string, weight: number) => ({
      destination: { host: 'tcp-echo', port: { number: 9000 }, subset },
      weight,
    });
    await applyWith('tcp-echo', 'VirtualService', () => ({
      tcp: [{ route: [to('v1', 3), to('v2', 1)] }],
    }));
    const answers = [];
    for (let i = 0; i < 8; i++) answers.push(await ask(address(), 32_400));
    expect(answers.sort()).toEqual([...Array(6).fill('one hello'), ...Array(2).fill('two hello')]);
  });

  test('forward many lines in both directions, until the client is done', async () => {
    await applyManifest(store, cluster, 'tcp-echo');
    const lines = Array.from({ length: 2000 }, (_, i) => `line ${i}`);
    const answer = await ask(address(), 32_400, lines.join('\n'));
    expect(answer.split('\n')).toEqual(lines.map((l) => `one ${l}`));
  });

  test('say on 15021 whether they are ready', async () => {
    const name = cluster.pods('istio-ingressgateway')[0]?.metadata.name ?? '';
    expect(await httpStatus(address(), 15_021, '/healthz/ready')).toBe(200);
    expect(await httpStatus(address(), 15_021, '/else')).toBe(404);
    cluster.setReady(name, false);
    await cluster.idle();
    expect(await httpStatus(address(), 15_021, '/healthz/ready')).toBe(503);
  });
});
