import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import { type Bench, gatewayPod, ingressService, startBench, toldAll } from '../watch/support.ts';

let at: Bench;
beforeEach(async () => {
  at = await startBench();
});
afterEach(() => at.close());

const told = (): readonly { readonly message: string; readonly count: number }[] =>
  (
    at.lab.store.list('v1', 'Event', 'istio-system') as readonly unknown[] as readonly {
      reason: string;
      message: string;
      count: number;
    }[]
  ).filter(({ reason }) => reason === 'SnapshotTooLarge');

const part = (): string => randomBytes(150_000).toString('base64');

/** Random text does not compress; at most 256 KiB of one string is sent. */
function fat(name: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'istio-system', name, labels: { f5type: 'virtual-server' } },
    data: { data: part(), a: part(), b: part(), c: part() },
  };
}

test('a snapshot that is too large is reported once on the Service, with a remedy', async () => {
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
  at.lab.store.apply(fat('one'));
  at.lab.store.apply(fat('two'));
  await at.watcher().start();
  await at.passUntil(() => told().length === 1);
  expect(told()[0]?.message).toMatch(
    /Q604.*Service istio-system\/istio-ingressgateway do not fit.*2 ConfigMaps.*separate Service and gateway pods/,
  );
  await at.passUntil(
    () => at.logs.filter(({ message }) => message.startsWith('snapshot not sent')).length > 2,
  );
  expect(told()).toEqual([expect.objectContaining({ count: 1 })]);
  at.lab.store.delete('v1', 'ConfigMap', 'istio-system', 'two');
  await at.passUntil(() => at.snapshots().length > 0);
  at.settle({});
  await toldAll(at);
  at.lab.store.apply(fat('two'));
  await at.passUntil(() => told()[0]?.count === 2);
});
