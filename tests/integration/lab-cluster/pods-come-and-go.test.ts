import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loopbackOf } from '../../../infra/lab/loopback.ts';
import type { LabCluster } from '../../../infra/lab/cluster/index.ts';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import { applyManifest, ask, clock, httpStatus, testCluster, type TestStore } from './helpers.ts';

let cluster: LabCluster;
let store: TestStore;
let close: () => Promise<void>;
/** Ends a pod whose termination was requested. */
let letGo: () => void;

beforeEach(async () => {
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const waiting = { ...clock, sleep: (ms: number) => (ms === 77 ? gone : clock.sleep(ms)) };
  ({ cluster, store, close } = await testCluster(91, { clock: waiting, graceMs: 77 }));
  await applyManifest(store, cluster, 'tcp-echo');
});
afterEach(() => close());

interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions: object;
}

function slices(service: string): readonly KubernetesObject[] {
  return store
    .list('discovery.k8s.io/v1', 'EndpointSlice')
    .filter((s) => s.metadata.labels?.['kubernetes.io/service-name'] === service);
}

function conditions(service: string): Record<string, object> {
  const endpoints = slices(service).flatMap((s) => s.endpoints as Endpoint[]);
  return Object.fromEntries(endpoints.map((e) => [e.addresses[0] ?? '', e.conditions]));
}

const READY = { ready: true, serving: true, terminating: false };

describe('EndpointSlices of the lab', () => {
  test('follow the pods behind a Service, with resolved ports', () => {
    expect(conditions('istio-ingressgateway')).toEqual({ '10.91.1.5': READY, '10.91.2.5': READY });
    const ports = slices('istio-ingressgateway').flatMap((s) => s.ports as object[]);
    expect(ports).toContainEqual({ name: 'http2', port: 8080, protocol: 'TCP' });
  });

  test('say when a pod is not ready', async () => {
    cluster.setReady(cluster.pods('istio-ingressgateway')[0]?.metadata.name ?? '', false);
    await cluster.idle();
    expect(conditions('istio-ingressgateway')['10.91.1.5']).toEqual({
      ready: false,
      serving: false,
      terminating: false,
    });
  });

  test('report a terminating pod, and drop it when it is gone', async () => {
    const leaving = cluster.removePod(cluster.pods('istio-ingressgateway')[0]?.metadata.name ?? '');
    await cluster.idle();
    expect(conditions('istio-ingressgateway')['10.91.1.5']).toEqual({
      ready: false,
      serving: true,
      terminating: true,
    });
    letGo();
    await leaving;
    await cluster.idle();
    expect(conditions('istio-ingressgateway')).toEqual({ '10.91.2.5': READY });
  });

  test('go with their Service', async () => {
    store.delete('v1', 'Service', 'default', 'tcp-echo');
    await cluster.idle();
    expect(slices('tcp-echo')).toEqual([]);
    expect(slices('istio-ingressgateway')).toHaveLength(1);
  });
});

describe('pods of the lab', () => {
  test('that are added open the same ports as the others', async () => {
    const name = cluster.addPod('istio-ingressgateway');
    await cluster.idle();
    const address =
      cluster.pods('istio-ingressgateway').find((p) => p.metadata.name === name)?.status?.podIP ??
      '';
    expect(address).toBe('10.91.1.7');
    expect(await ask(address, 32_400)).toBe('one hello');
    expect(conditions('istio-ingressgateway')[address]).toEqual(READY);
  });

  test('that terminate still answer, fail their readiness, and close their connections at the end', async () => {
    const client = connect({ host: loopbackOf('10.91.1.5'), port: 32_400 });
    client.on('error', () => undefined);
    await once(client, 'connect');
    const leaving = cluster.removePod(cluster.pods('istio-ingressgateway')[0]?.metadata.name ?? '');
    await cluster.idle();
    expect(await httpStatus('10.91.1.5', 15_021, '/healthz/ready')).toBe(503);
    client.write('still there\n');
    expect(String((await once(client, 'data'))[0])).toBe('one still there\n');
    const closed = once(client, 'close');
    letGo();
    await leaving;
    await closed;
    await cluster.idle();
    expect(await ask('10.91.1.5', 32_400)).toBe('refused');
  });

  test('of a backend that terminate get no new connections while another is there', async () => {
    const spec = {
      hosts: ['*'],
      gateways: ['tcp-echo-gateway'],
      tcp: [{ route: [{ destination: { host: 'tcp-echo', port: { number: 9000 } } }] }],
    };
    store.apply({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'tcp-echo', namespace: 'default' },
      spec,
    });
    const leaving = cluster.removePod(cluster.pods('tcp-echo-v1')[0]?.metadata.name ?? '');
    await cluster.idle();
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await ask('10.91.1.5', 32_400));
    expect(answers).toEqual(Array(4).fill('two hello'));
    letGo();
    await leaving;
  });
});

test('a cluster reports which of its addresses is taken, and which process needed it', async () => {
  const { cluster: second, close: closeSecond } = await testCluster(91);
  try {
    expect(second.problems()).toContainEqual(
      expect.stringMatching(
        /^istio-system\/istio-ingressgateway-\S+ cannot listen on 127\.91\.1\.5:15021: .*EADDRINUSE/,
      ),
    );
  } finally {
    await closeSecond();
  }
});
