/**
 * Reports about an ingress are written beside everything else: a namespace that cannot be written
 * to delays nothing.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import type { ExposureResult } from '../../../shared/domain/exposure/exposure.ts';
import { gateway, gatewayPod, ingressService, quiet, startBench, type Bench } from './support.ts';

let at: Bench;

beforeEach(async () => {
  at = await startBench({ servicePorts: 'observe' });
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
});

afterEach(() => at.close());

function applied(gateways: string[], port = 80): ExposureResult {
  return {
    address: '172.16.100.195',
    port,
    protocol: 'tcp',
    partition: 'k8s',
    gateways,
    outcome: 'applied',
    code: 'OK',
    message: 'created',
  };
}

function told(name: string, namespace = 'default', reason = 'Programmed'): boolean {
  return at.lab.store
    .list('v1', 'Event', namespace)
    .some((event) => event['reason'] === reason && about(event) === name);
}

function about(event: KubernetesObject): string {
  return (event['involvedObject'] as { name: string }).name;
}

/** A namespace that hangs in Terminating, with a Gateway that a finalizer holds. */
async function hang(): Promise<void> {
  at.lab.store.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  const held = gateway('held', 8080, 'team');
  at.lab.store.apply({
    ...held,
    metadata: { ...held.metadata, finalizers: ['example.com/hold'] },
  });
  at.lab.store.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'team', deletionTimestamp: '2026-11-29T12:00:00Z' },
  });
  await quiet();
}

test('a namespace that hangs in Terminating delays neither results nor other Gateways', async () => {
  at.lab.store.apply(gateway('web', 80));
  await hang();
  await at.watcher().start();
  await at.passUntil(() => at.snapshots().length > 0);
  at.settle({ exposures: [applied(['team/held'], 8080), applied(['default/web'])] });
  await at.passUntil(() => told('web'));
  expect(at.queues.waiting('settled-east')).toBe(0);
  // The next change is sent at once: nothing waits for a result.
  const before = at.snapshots().length;
  const since = at.clock.monotonic();
  at.lab.store.apply(gateway('next', 81));
  await at.passUntil(() => at.snapshots().length > before);
  expect(at.clock.monotonic() - since).toBeLessThan(5_000);
  at.settle({ exposures: [applied(['default/next'], 81)] });
  await at.passUntil(() => told('next'));
  expect(at.lab.store.list('v1', 'Event', 'team')).toEqual([]);
});

test('the next leader reports results that were acknowledged but not reported', async () => {
  at.lab.store.apply(gateway('web', 80));
  const refused = at.lab.faults.add(
    { verbs: ['create'], resource: 'events' },
    { kind: 'fail', code: 500, reason: 'InternalError', message: 'later' },
  );
  const first = at.watcher();
  await first.start();
  await at.passUntil(() => at.snapshots().length > 0);
  at.settle({ exposures: [applied(['default/web'])] });
  await at.passUntil(() => at.queues.waiting('settled-east') === 0);
  await first.stop();
  expect(told('web')).toBe(false);
  refused();
  const before = at.snapshots().length;
  await at.watcher().start();
  await at.passUntil(() => at.snapshots().length > before);
  // Nothing has changed on the device, which confirms every exposure.
  at.settle({ exposures: [{ ...applied(['default/web']), outcome: 'unchanged' }] });
  await at.passUntil(() => told('web'));
});

test('a first snapshot that is behind what the device knows is followed by a newer one', async () => {
  at.lab.store.apply(gateway('web', 80));
  await at.watcher().start();
  await at.passUntil(() => at.snapshots().length > 0);
  const [first] = at.snapshots();
  const epoch = (first?.revision.epoch ?? 0) + 7;
  at.settle({
    supersededBy: { epoch, counter: 3, generation: 1 },
    exposures: [{ ...applied(['default/web']), outcome: 'superseded' }],
  });
  await at.passUntil(() => (at.snapshots().at(-1)?.revision.epoch ?? 0) > epoch);
  at.settle({ exposures: [{ ...applied(['default/web']), outcome: 'unchanged' }] });
  await at.passUntil(() => told('web'));
});

test('the Events of a namespace are listed once, however many Gateways are in it', async () => {
  const names = Array.from({ length: 150 }, (_, i) => `gw-${i}`);
  for (const name of names) at.lab.store.apply(gateway(name, 80));
  await at.watcher().start();
  await at.passUntil(() => at.snapshots().length > 0);
  at.settle({ exposures: [applied(names.map((name) => `default/${name}`))] });
  await at.passUntil(() => names.every((name) => told(name)));
  const lists = (namespace: string): number =>
    at.lab.faults.requests({ verbs: ['list'], resource: 'events', namespace });
  expect([lists('default'), lists('istio-system')]).toEqual([1, 1]);
}, 120_000);
