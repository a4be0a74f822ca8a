import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { once } from 'node:events';
import { startSite, type Site } from '../../../infra/lab/site.ts';
import { loopbackOf } from '../../../infra/lab/loopback.ts';
import { createKubernetesApi } from '../../../infra/lab/demo/kubernetes-api.ts';
import { ask, manifest } from './helpers.ts';

let site: Site;
const calls: string[] = [];
beforeEach(async () => {
  calls.length = 0;
  site = await startSite({
    id: 'far',
    podNetwork: '10.97',
    nodeAddresses: ['192.97.0.11', '192.97.0.12'],
    answers: { 'tcp-echo-v1': 'far' },
  });
  await site.watch(() => {
    calls.push('start');
    return Promise.resolve({ stop: () => Promise.resolve(void calls.push('stop')) });
  });
  for (const object of manifest('tcp-echo')) site.kubernetes.store.apply(object);
  await site.cluster.idle();
});
afterEach(async () => {
  await site.stopWatching();
  await site.close();
});

function gateway(): string {
  return site.cluster.pods('istio-ingressgateway')[0]?.status?.podIP ?? '';
}

test('a cluster without power does not answer, its connections break, and its watcher is gone', async () => {
  const open = connect({ host: loopbackOf(gateway()), port: 32_400 });
  open.on('error', () => undefined);
  await once(open, 'connect');
  const broken = once(open, 'close');
  await site.power(false);
  await broken;
  expect(await ask(gateway(), 32_400)).toBe('refused');
  await expect(
    createKubernetesApi(site.kubernetes).list('/api/v1/namespaces/default/services'),
  ).rejects.toThrow('ECONNREFUSED');
  expect(calls).toEqual(['start', 'stop']);
});

test('with power again it is the same cluster, with the same pods, objects and address of its API', async () => {
  const [before, url, pods] = [
    await ask(gateway(), 32_400),
    site.kubernetes.url,
    site.cluster.pods('istio-ingressgateway').map((pod) => pod.metadata.name),
  ];
  await site.power(false);
  await site.power(true);
  expect([
    await ask(gateway(), 32_400),
    site.kubernetes.url,
    site.cluster.pods('istio-ingressgateway').map((pod) => pod.metadata.name),
  ]).toEqual([before, url, pods]);
  expect(before).toBe('far hello');
  const services = await createKubernetesApi(site.kubernetes).list(
    '/api/v1/namespaces/default/services',
  );
  expect(services.map((service) => service.metadata?.name)).toContain('tcp-echo');
  expect(calls).toEqual(['start', 'stop', 'start']);
});
