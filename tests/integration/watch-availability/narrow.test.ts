import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import { type Bench, gatewayPod, ingressService, startBench, toldAll } from '../watch/support.ts';

let at: Bench;
beforeEach(async () => {
  at = await startBench();
});
afterEach(() => at.close());

function slice(name: string, service: string): KubernetesObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'istio-system',
      name,
      labels: { 'kubernetes.io/service-name': service },
    },
    addressType: 'IPv4',
    endpoints: [],
    ports: [],
  };
}

const streams = (): readonly { kind: string; objects: number }[] =>
  (
    at.logs.find(({ message }) => message === 'watching')?.fields as
      { streams: { kind: string; objects: number }[] } | undefined
  )?.streams ?? [];
const podNames = (): readonly (readonly string[])[] =>
  at.snapshots().map(({ objects }) => objects.pods.map(({ meta }) => meta.name));

describe('of a large namespace', () => {
  test('only the gateway pods and the endpoints of the ingress Service arrive', async () => {
    at.lab.store.apply(ingressService());
    at.lab.store.apply(gatewayPod());
    for (let n = 0; n < 20; n += 1)
      at.lab.store.apply(gatewayPod(`other-${n}`, { labels: { app: 'other' } }));
    at.lab.store.apply(slice('own', 'istio-ingressgateway'));
    at.lab.store.apply(slice('other', 'istiod'));
    await at.watcher().start();
    expect(
      streams()
        .filter(({ kind }) => kind === 'Pod' || kind === 'EndpointSlice')
        .map(({ kind, objects }) => [kind, objects]),
    ).toEqual([
      ['Pod', 1],
      ['EndpointSlice', 1],
    ]);
    await at.passUntil(() => at.snapshots().length > 0);
    expect(podNames().at(-1)).toEqual(['gateway-1']);
  });

  test('a Service that comes later brings its pods, and no snapshot goes without them', async () => {
    at.lab.store.apply(gatewayPod());
    await at.watcher().start();
    at.lab.store.apply(ingressService());
    await at.passUntil(() => at.snapshots().length > 0);
    expect(new Set(podNames().flat())).toEqual(new Set(['gateway-1']));
    expect(podNames().every((names) => names.length === 1)).toBe(true);
  });

  test('a new selector brings the new pods, and no snapshot goes without any', async () => {
    at.lab.store.apply(ingressService());
    at.lab.store.apply(gatewayPod());
    at.lab.store.apply(gatewayPod('second', { labels: { istio: 'second' } }));
    await at.watcher().start();
    await at.passUntil(() => at.snapshots().length > 0);
    at.settle({});
    await toldAll(at);
    at.lab.store.apply(ingressService({ selector: { istio: 'second' } }));
    await at.passUntil(() => podNames().at(-1)?.join() === 'second');
    expect(podNames().every((names) => names.length === 1)).toBe(true);
  });
});
