/** How many declares a change costs, from the Kubernetes API to the device. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { gateway, gatewayPod, ingressService, route } from '../watch/support.ts';
import { startChain, type Chain } from './support.ts';

let at: Chain;
afterEach(() => at.close());

const SETTLED_MS = 5_000;

function open(port: number): void {
  at.lab.store.apply(gateway(`echo-${port}`, port));
  at.lab.store.apply(route(`echo-${port}`, `echo-${port}`, port));
}

async function started(ports: readonly number[]): Promise<void> {
  at = await startChain({ drainSeconds: 2 });
  at.lab.store.apply(gatewayPod());
  at.lab.store.apply(ingressService());
  for (const port of ports) open(port);
  await at.watcher.start();
  await at.passUntil(() => at.virtualServers().length === ports.length);
  await at.pass(SETTLED_MS);
  at.declares();
}

describe('the declares', () => {
  test('of a new port are one', async () => {
    await started([32400]);
    open(32401);
    await at.passUntil(() => at.virtualServers().length === 2);
    await at.pass(SETTLED_MS);
    expect(at.declares()).toEqual([expect.objectContaining({ changes: 1, outcome: 'applied' })]);
  });
});
