/** What nodes report about their pod networks, on its way into snapshots. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import {
  type Bench,
  gateway,
  gatewayPod,
  ingressService,
  quiet,
  startBench,
  toldAll,
  until,
} from './support.ts';

let at: Bench;
afterEach(() => at.close());

/** The node of the gateway pod. */
function node(podNetworks: string, heartbeat: string): KubernetesObject {
  const annotations = {
    'sluice.io/pod-networks': podNetworks,
    'projectcalico.org/last-seen': heartbeat,
  };
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: heartbeat }];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'worker-1', annotations },
    status: { addresses: [{ type: 'InternalIP', address: '192.0.2.11' }], conditions },
  };
}

/** All snapshots that follow from the start are answered. */
async function started(mode: 'none' | 'routes'): Promise<void> {
  at = await startBench({}, {}, { network: { mode } });
  at.lab.store.apply(ingressService());
  at.lab.store.apply(gatewayPod());
  at.lab.store.apply(node('10.244.1.0/24', '2026-11-30T03:50:39Z'));
  await at.watcher().start();
  await until(() => at.snapshots().length === 1 && at.inventories().length === 1);
  at.settle({});
  await toldAll(at);
}

const networks = () => at.snapshots().map(({ objects }) => objects.nodes[0]?.network?.podNetworks);

/** Longer than the debounce. */
async function debounced(): Promise<void> {
  await quiet();
  at.clock.advance(1_500);
  await quiet();
}

describe('a Node of a gateway pod', () => {
  test('with mode: routes, makes a snapshot if its networks change, and none with a heartbeat', async () => {
    await started('routes');
    at.lab.store.apply(node('10.244.1.0/24', '2026-11-30T03:55:39Z'));
    await debounced();
    expect(networks()).toEqual([['10.244.1.0/24']]);
    at.lab.store.apply(node('10.244.9.0/24', '2026-11-30T03:55:39Z'));
    await at.passUntil(() => at.snapshots().length > 1);
    expect(networks()).toEqual([['10.244.1.0/24'], ['10.244.9.0/24']]);
  });

  test('with mode: none, says nothing about networks, so their change makes no snapshot', async () => {
    await started('none');
    at.lab.store.apply(node('10.244.9.0/24', '2026-11-30T03:50:39Z'));
    await debounced();
    expect(networks()).toEqual([undefined]);
    // Other changes still cause a snapshot.
    at.lab.store.apply(gateway('echo', 32400));
    await at.passUntil(() => at.snapshots().length > 1);
    expect(networks()).toEqual([undefined, undefined]);
  });
});
