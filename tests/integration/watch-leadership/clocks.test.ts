/**
 * Epochs start from the API server's time; an epoch that a wrong clock left is continued, and
 * reported.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/index.ts';
import { gateway, until } from '../watch/support.ts';
import { pass, startCluster, type Cluster, type Replica } from './support.ts';

const T = 1_700_000_000_000;
const DAY = 86_400_000;

let at: Cluster;
beforeEach(async () => {
  at = await startCluster();
});
afterEach(() => at.close());

async function lead(name: string, step: number): Promise<Replica> {
  const replica = at.replica(name);
  replica.clock.step(step);
  const before = at.snapshots().length;
  await replica.watcher.start();
  await pass([replica], () => at.snapshots().length > before);
  return replica;
}
const newest = (): number => at.snapshots().at(-1)?.revision.epoch ?? 0;
const told = (): KubernetesObject[] =>
  at.lab.store.list('v1', 'Event').filter((event) => event['reason'] === 'ClockWrong');
const events = (): unknown[] => told().map((event) => event['message']);
const tellsOf = (): string[] =>
  told()
    .map(({ involvedObject }) => involvedObject as Record<'kind' | 'name', string>)
    .map(({ kind, name }) => `${kind} ${name}`)
    .toSorted();

/** Red without `epochTime` (lease.ts). */
test.each([
  ['ahead', DAY],
  ['behind', -DAY],
])(
  'a clock that is a day %s makes no epoch, and is reported at the ingress Service',
  async (_way, step) => {
    await lead('a', step);
    expect(Math.abs(newest() - T)).toBeLessThan(2_000);
    expect(at.lease().epoch).toBe(newest());
    await until(() => events().length === 1);
    expect(events()[0]).toContain(
      `GW105: the clock of the watcher's machine is about 1 day ` +
        `${step > 0 ? 'ahead of' : 'behind'} the clock of the Kubernetes API server`,
    );
  },
);

test('a wrong clock is reported at each Gateway of the ingress too, and at those that come later', async () => {
  at.lab.store.apply(gateway('one', 32_400));
  const other = gateway('of-other-pods', 32_401);
  at.lab.store.apply({ ...other, spec: { ...(other['spec'] as object), selector: { app: 'x' } } });
  await lead('a', DAY);
  await until(() => tellsOf().length === 2);
  expect(tellsOf()).toEqual(['Gateway one', 'Service istio-ingressgateway']);
  at.lab.store.apply(gateway('two', 32_402));
  await until(() => tellsOf().includes('Gateway two'));
  expect(tellsOf()).toHaveLength(3);
});

test('a clock that was corrected and is wrong again is reported again', async () => {
  at.lab.store.apply(gateway('one', 32_400));
  const a = await lead('a', DAY);
  const counts = (): unknown[] => told().map((event) => event['count']);
  await until(() => told().length === 2);
  const round = async (step: number, what: () => boolean): Promise<void> => {
    a.clock.step(step);
    at.lab.store.apply(gateway(`at-${step}`, 32_500));
    await until(what);
  };
  await round(-DAY, () => a.messages.includes('the clocks agree again'));
  await round(DAY, () => counts().filter((count) => count === 2).length === 2);
  expect(tellsOf()).toEqual(
    [
      'Gateway one',
      `Gateway at-${-DAY}`,
      `Gateway at-${DAY}`,
      'Service istio-ingressgateway',
    ].toSorted(),
  );
});

test('clocks that agree make no Event', async () => {
  at.lab.store.apply(gateway('one', 32_400));
  await lead('a', 20_000);
  expect([newest(), events()]).toEqual([T + 20_000, []]);
});

test.each([
  ['ahead', DAY],
  ['behind', -DAY],
])(
  'where no answer carries a Date, the times that the API server notes in the Lease count for a clock that is a day %s',
  async (_way, step) => {
    at.api.dated = false;
    await lead('a', step);
    expect(Math.abs(newest() - T)).toBeLessThan(2_000);
    expect(at.lease().epoch).toBe(newest());
    await until(() => events().length === 1);
  },
);

test('if the clock of the API server is as wrong as its own, the next leader uses a higher epoch', async () => {
  at.api.time = T + DAY;
  const a = await lead('a', DAY);
  expect(newest()).toBe(T + DAY);
  await a.watcher.stop();
  at.api.time = T;
  const b = await lead('b', 0);
  expect(newest()).toBe(T + DAY + 1);
  await b.watcher.stop();
  await lead('c', -DAY);
  expect(newest()).toBe(T + DAY + 2);
});

test('a watcher whose Lease was lost starts at the current time, and moves above the declared epoch', async () => {
  const a = await lead('a', 0);
  const { revision } = at.snapshots().at(-1)!;
  at.settle({
    version: { ...revision, generation: 1 },
    supersededBy: { epoch: T + 365 * DAY, counter: 7, generation: 1 },
  });
  await pass([a], () => newest() === T + 365 * DAY + 1);
  expect(at.lease().epoch).toBe(T + 365 * DAY + 1);
});

test('an epoch on the Lease that no clock can have made is not continued', async () => {
  at.seize('', 9_007_199_254_740_991);
  await lead('a', 0);
  expect(newest()).toBe(T);
});
