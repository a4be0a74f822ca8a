import { afterEach, describe, expect, test } from '@jest/globals';
import type { IngressConfig } from '../../../shared/config/schema.ts';
import type { Pod } from '../../../shared/domain/snapshot/objects.ts';
import {
  type Bench,
  gatewayPod,
  ingressService,
  quiet,
  startBench,
  toldAll,
  until,
} from '../watch/support.ts';

let at: Bench;
afterEach(() => at.close());

const pods = (): readonly Pod[] => at.snapshots().at(-1)?.objects.pods ?? [];
const names = (): string =>
  pods()
    .map(({ meta, gone }) => `${meta.name}${gone === true ? ' gone' : ''}`)
    .join(', ');
const status = (ip: string, ready = 'True'): object => ({
  phase: 'Running',
  podIP: ip,
  podIPs: [{ ip }],
  conditions: [{ type: 'Ready', status: ready }],
});

async function started(ingress: Partial<IngressConfig> = {}): Promise<void> {
  at = await startBench(ingress);
  at.lab.store.apply(ingressService());
  at.lab.store.apply({ ...gatewayPod('one'), status: status('10.244.1.1') });
  at.lab.store.apply({ ...gatewayPod('two'), status: status('10.244.1.2') });
  await at.watcher().start();
  await at.passUntil(() => pods().length === 2);
  at.settle({});
  await toldAll(at);
}

describe('a gateway pod that was deleted', () => {
  test('is sent as terminating at once, and is gone after drainSeconds, with its deletion as proof', async () => {
    await started({ drainSeconds: 30 });
    at.lab.store.delete('v1', 'Pod', 'istio-system', 'one');
    await at.passUntil(() => names() === 'one gone, two');
    const since = at.clock.now();
    expect(pods()[0]).toMatchObject({ ips: ['10.244.1.1'], terminating: true });
    at.settle({});
    await toldAll(at);
    await quiet();
    at.clock.advance(29_000);
    await quiet();
    expect(names()).toBe('one gone, two');
    at.clock.advance(30_000 - (at.clock.now() - since));
    await at.passUntil(() => names() === 'two');
    expect(at.snapshots().at(-1)?.changes).toContainEqual(
      expect.objectContaining({ what: 'deleted', kind: 'Pod', name: 'one' }),
    );
  });

  test('is reported before its snapshot is made, which does not wait for the last result', async () => {
    await started();
    at.lab.store.apply({ ...gatewayPod('three'), status: status('10.244.1.3') });
    await at.passUntil(() => names() === 'one, three, two');
    at.lab.store.delete('v1', 'Pod', 'istio-system', 'one');
    await until(() => at.leaving().length === 1);
    expect(names()).toBe('one, three, two');
    expect(at.leaving()).toMatchObject([{ addresses: ['10.244.1.1'] }]);
    await at.passUntil(() => names() === 'one gone, three, two');
    const [told, sent] = [at.leaving()[0], at.snapshots().at(-1)];
    expect(told!.revision.counter).toBeLessThan(sent!.revision.counter);
  });

  test('is not reported if another pod has its address, as on the host network', async () => {
    await started();
    at.lab.store.apply({ ...gatewayPod('three'), status: status('10.244.1.1') });
    await at.passUntil(() => names() === 'one, three, two');
    at.lab.store.delete('v1', 'Pod', 'istio-system', 'one');
    at.lab.store.delete('v1', 'Pod', 'istio-system', 'two');
    await until(() => at.leaving().length > 0);
    expect(at.leaving()).toMatchObject([{ addresses: ['10.244.1.2'] }]);
  });

  test('is gone at once with drainSeconds: 0', async () => {
    await started({ drainSeconds: 0 });
    at.lab.store.delete('v1', 'Pod', 'istio-system', 'one');
    await until(() => names() === 'two');
    expect(at.leaving()).toEqual([]);
    expect(
      at.snapshots().some(({ objects }) => objects.pods.some(({ gone }) => gone === true)),
    ).toBe(false);
  });

  test('does not return to drain if it had no connections', async () => {
    await started();
    at.lab.store.apply({ ...gatewayPod('one'), status: status('10.244.1.1', 'False') });
    await at.passUntil(() => pods().some(({ ready }) => !ready));
    at.settle({});
    await toldAll(at);
    at.lab.store.delete('v1', 'Pod', 'istio-system', 'one');
    await at.passUntil(() => names() === 'two');
    expect(at.leaving()).toEqual([]);
    expect(
      at.snapshots().some(({ objects }) => objects.pods.some(({ gone }) => gone === true)),
    ).toBe(false);
  });

  test('is dropped in favour of a pod that has its address', async () => {
    await started();
    at.lab.store.delete('v1', 'Pod', 'istio-system', 'one');
    await at.passUntil(() => names() === 'one gone, two');
    at.settle({});
    await toldAll(at);
    at.lab.store.apply({ ...gatewayPod('three'), status: status('10.244.1.1') });
    await at.passUntil(() => names() === 'three, two');
  });
});
