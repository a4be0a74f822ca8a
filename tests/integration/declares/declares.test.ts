/** How many declares a change costs, from the Kubernetes API to the device. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { gateway, gatewayPod, ingressService, route } from '../watch/support.ts';
import { startChain, type Chain } from './support.ts';

let at: Chain;
afterEach(() => at.close());

const SETTLED_MS = 3_000;

function open(port: number): void {
  at.lab.store.apply(gateway(`echo-${port}`, port));
  at.lab.store.apply(route(`echo-${port}`, `echo-${port}`, port));
}

/** `podIP` undefined: the pod is not scheduled yet. */
function pod(name: string, state: 'pending' | 'started' | 'ready' | 'leaving'): void {
  const ip = '10.244.1.6';
  at.lab.store.apply({
    ...gatewayPod(name, {
      ...(state === 'leaving' && { deletionTimestamp: new Date(at.clock.now()).toISOString() }),
    }),
    status: {
      phase: state === 'pending' ? 'Pending' : 'Running',
      ...(state !== 'pending' && { podIP: ip, podIPs: [{ ip }] }),
      conditions: [{ type: 'Ready', status: state === 'ready' ? 'True' : 'False' }],
    },
  });
}

async function started(ports: readonly number[]): Promise<void> {
  at = await startChain({ drainSeconds: 1 });
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

  test('of a pod that comes and goes at ten exposures are two', async () => {
    await started(Array.from({ length: 10 }, (_, n) => 32400 + n));
    const wait = (): Promise<void> => at.pass(SETTLED_MS);
    for (const state of ['pending', 'started', 'ready'] as const) {
      pod('gateway-2', state);
      await wait();
    }
    expect(at.members(32405)).toEqual(['10.244.1.5', '10.244.1.6']);
    pod('gateway-2', 'leaving');
    await wait();
    at.lab.store.delete('v1', 'Pod', 'istio-system', 'gateway-2');
    await wait();
    expect(at.members(32405)).toEqual(['10.244.1.5']);
    expect(at.declares().map(({ changes }) => changes)).toEqual([10, 10]);
  });
});
