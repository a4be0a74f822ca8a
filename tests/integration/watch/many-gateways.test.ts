/** Thousands of Gateways at once, on the lab's API. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ExposureResult } from '../../../shared/domain/exposure/exposure.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED, SNAPSHOT_EVENTS } from '../../../shared/queue/events.ts';
import { gateway, gatewayPod, ingressService, startBench, until, type Bench } from './support.ts';

const NAMESPACES = Array.from({ length: 20 }, (_, i) => `team-${i}`);

let at: Bench;

beforeEach(async () => {
  at = await startBench({ servicePorts: 'observe' });
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
  for (const name of NAMESPACES)
    at.lab.store.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
});

afterEach(() => at.close());

interface Place {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
}

function places(count: number): readonly Place[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `gw-${i}`,
    namespace: NAMESPACES[i % NAMESPACES.length] ?? '',
    port: 10_000 + i,
  }));
}

function applied({ name, namespace, port }: Place): ExposureResult {
  return {
    address: '172.16.100.195',
    port,
    protocol: 'tcp',
    partition: 'k8s',
    gateways: [`${namespace}/${name}`],
    outcome: 'applied',
    code: 'OK',
    message: 'created',
  };
}

/** Each snapshot is parsed only once, because it is large. */
function follow(): { readonly all: Snapshot[]; readonly gateways: () => number } {
  let read = 0;
  const all: Snapshot[] = [];
  return {
    all,
    gateways: () => {
      for (const { message } of at.queues.sent.slice(read)) {
        const event = parseEvent(message.body, SNAPSHOT_EVENTS);
        if ('ok' in event && event.ok.type === INGRESS_OBSERVED) all.push(event.ok.data);
      }
      read = at.queues.sent.length;
      return all.at(-1)?.objects.gateways.length ?? 0;
    },
  };
}

test('2,000 new Gateways get Events within a minute, without delaying snapshots', async () => {
  const all = places(2_000);
  for (const { name, namespace, port } of all) at.lab.store.apply(gateway(name, port, namespace));
  const { gateways } = follow();
  await at.watcher().start();
  await at.passUntil(() => gateways() === all.length);
  at.settle({ exposures: all.map(applied) });
  const written = (): number => at.lab.faults.requests({ verbs: ['create'], resource: 'events' });
  // The time advances by a second only when the Events of that second were written, so that the
  // machine's speed does not matter.
  for (let second = 1; second <= 60; second += 1) {
    at.clock.advance(1_000);
    await until(() => written() >= Math.min(2 * all.length, 80 * second));
    if (second === 5) at.lab.store.apply(gateway('another', 9_000));
    if (second === 7) await until(() => gateways() === all.length + 1);
  }
  const told = at.lab.store
    .list('v1', 'Event')
    .filter(({ reason, involvedObject }) => reason === 'Programmed' && isOfGateway(involvedObject));
  expect(told.length).toBe(all.length);
  const lists = NAMESPACES.map((namespace) =>
    at.lab.faults.requests({ verbs: ['list'], resource: 'events', namespace }),
  );
  expect(new Set(lists)).toEqual(new Set([1]));
}, 600_000);

function isOfGateway(object: unknown): boolean {
  return (object as { readonly kind?: string } | undefined)?.kind === 'Gateway';
}

test('10,000 Gateways that are deleted at once are all proven to be deleted', async () => {
  const all = places(10_000);
  for (const { name, namespace, port } of all) at.lab.store.apply(gateway(name, port, namespace));
  const { all: snapshots, gateways } = follow();
  await at.watcher().start();
  await at.passUntil(() => gateways() === all.length);
  at.settle({});
  const before = snapshots.length;
  for (const { name, namespace } of all)
    at.lab.store.delete('networking.istio.io/v1', 'Gateway', namespace, name);
  let settled = before;
  await at.passUntil(() => {
    const left = gateways();
    if (snapshots.length > settled) at.settle({});
    settled = snapshots.length;
    return snapshots.length > before && left === 0;
  });
  const deleted = snapshots
    .slice(before)
    .flatMap(({ changes }) => changes)
    .filter(({ what, kind }) => what === 'deleted' && kind === 'Gateway')
    .map(({ namespace, name }) => `${namespace}/${name}`);
  expect(new Set(deleted).size).toBe(all.length);
}, 600_000);
