import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  gateway,
  gatewayPod,
  ingressService,
  route,
  startBench,
  type Bench,
} from '../watch/support.ts';

let at: Bench;
let envoy: Server;
let port: number;
beforeEach(async () => {
  envoy = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => envoy.listen(0, '127.0.0.1', resolve));
  ({ port } = envoy.address() as AddressInfo);
});
afterEach(async () => {
  await at.close();
  if (envoy.listening) await new Promise((resolve) => envoy.close(resolve));
});

async function started(probe: boolean): Promise<void> {
  at = await startBench({ probe });
  at.lab.store.apply(ingressService());
  const status = {
    phase: 'Running',
    podIP: '127.0.0.1',
    podIPs: [{ ip: '127.0.0.1' }],
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  at.lab.store.apply({ ...gatewayPod(), status });
  await at.watcher().start();
  at.lab.store.apply(gateway('echo', port));
  at.lab.store.apply(route('echo', 'echo', port));
}

const reasons = (): readonly string[] =>
  (
    at.lab.store.list('v1', 'Event', 'default') as readonly unknown[] as readonly {
      reason: string;
    }[]
  ).map(({ reason }) => reason);
const sent = (): boolean => at.snapshots().at(-1)?.objects.gateways.length === 1;

test('with probe: true, an Event on the Gateway says that its port has a listener', async () => {
  await started(true);
  await at.passUntil(() => reasons().includes('Listening'));
  expect(reasons()).not.toContain('NotListening');
});

test('with probe: true, an Event says after 30 s that there is no listener; the snapshot is sent all the same', async () => {
  await new Promise((resolve) => envoy.close(resolve));
  await started(true);
  await at.passUntil(() => sent() || (at.settle({}), false));
  expect(reasons()).not.toContain('NotListening');
  await at.passUntil(() => reasons().includes('NotListening'));
});

test('by default listeners are not probed', async () => {
  let knocks = 0;
  envoy.on('connection', () => (knocks += 1));
  await started(false);
  await at.passUntil(() => sent() && reasons().includes('ServicePortAdded'));
  at.clock.advance(5_000);
  await at.passUntil(
    () => at.snapshots().at(-1)?.objects.services[0]?.ports.length === 2 || (at.settle({}), false),
  );
  expect([knocks, reasons().filter((reason) => reason.includes('istening'))]).toEqual([0, []]);
});
