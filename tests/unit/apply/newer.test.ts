/** A burst in several steps: newer work that arrives in between is planned with what is left. */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { createWorld, ownerOf } from '../../promises/support/world.ts';
import type { World } from '../../promises/support/world.ts';

const WEST = { owner: ownerOf('west'), clusterUid: 'uid-west' };
const pod = (n: number) => ({ address: `10.9.0.${n}`, port: 80, availability: 'ready' as const });
const burst = (counter: number, ports: number): Slice =>
  slice(
    counter,
    Array.from({ length: ports }, (_, i) => exposure({ port: i + 1, gateways: [`ns/gw-${i}`] })),
  );
const deleted = (n: number): Slice['changes'][number] => ({
  what: 'deleted',
  kind: 'Gateway',
  namespace: 'ns',
  name: `gw-${n}`,
  resourceVersion: '',
});
const west = (counter: number, pods: readonly number[]): Slice =>
  slice(counter, [exposure({ address: '172.16.100.9', port: 9, members: pods.map(pod) })], WEST);

/** Two new exposures in each step, or as many as fit in this number of lines. */
function small(most = 10): World {
  const declareSize = { ...BIGIP.declareSize, most };
  return createWorld({ capabilities: { ...BIGIP, declareSize } });
}

/** Each declare, and what arrives during the first one. */
function watch(world: World, meanwhile: () => void = () => undefined): readonly DeclaredState[] {
  const states: DeclaredState[] = [];
  world.device.after = (_before, next) => {
    states.push(next);
    if (states.length === 1) meanwhile();
  };
  return states;
}

const podsOfWest = (state: DeclaredState | undefined): number =>
  Object.values(state?.exposures ?? {}).find((e) => e.port === 9)?.contributions[0]?.members
    .length ?? 0;
const settled = (world: World): readonly string[] =>
  world
    .settled()
    .map((one) => `${one.owner.split('/')[0]} ${one.version.counter}`)
    .toSorted();

test('a change of another owner waits for one step of a burst, not for all', async () => {
  const world = small();
  await world.send(west(1, [1]));
  await world.drain();
  const states = watch(world, () => void world.send(west(2, [1, 2])));
  await world.send(burst(1, 8));
  await world.step();
  // The rest was returned to the queue, and nothing is reported about it.
  expect(states).toHaveLength(1);
  expect(settled(world)).toEqual(['west 1']);
  await world.step();
  expect(podsOfWest(states[1])).toBe(2);
  expect(Object.keys(world.device.state().exposures)).toHaveLength(9);
  expect(settled(world)).toEqual(['east 1', 'west 1', 'west 2']);
  expect(world.settled().flatMap((one) => one.exposures.map((e) => e.outcome))).not.toContain(
    'retry',
  );
});

test('a burst is done in one run if nothing else comes', async () => {
  const world = small();
  const states = watch(world);
  await world.send(burst(1, 8));
  await world.step();
  expect(states).toHaveLength(4);
  expect(settled(world)).toEqual(['east 1']);
});

test('what is done when the run ends is reported and deleted, the rest is retried', async () => {
  const world = small();
  await world.send(west(1, [1]));
  await world.drain();
  watch(world, () => void world.send(slice(1, [], { owner: ownerOf('north'), clusterUid: 'n' })));
  await world.send(west(2, [1, 2]));
  await world.send(burst(1, 8));
  await world.step();
  expect(settled(world)).toEqual(['west 1', 'west 2']);
  expect(world.settled().at(-1)?.exposures).toMatchObject([{ outcome: 'applied' }]);
  await world.drain();
  expect(Object.keys(world.device.state().exposures)).toHaveLength(9);
});

test('removals that an overtaken slice proves stay proven when the newest one is retried', async () => {
  const world = small();
  await world.send(burst(1, 20));
  await world.drain();
  const changes = Array.from({ length: 17 }, (_, n) => deleted(n + 3));
  watch(world, () => void world.send(west(1, [1])));
  await world.send({ ...burst(2, 3), changes });
  await world.send(burst(3, 3));
  await world.step();
  expect(Object.keys(world.device.state().exposures)).toHaveLength(18);
  await world.drain();
  expect(Object.keys(world.device.state().exposures)).toHaveLength(4);
});

test('a run with an order is not split', async () => {
  const world = small();
  await world.send(burst(1, 1));
  await world.drain();
  const states = watch(world, () => void world.send(west(1, [1])));
  await world.approve({ owner: ownerOf('east') });
  await world.send(burst(2, 8));
  await world.step();
  expect(states).toHaveLength(4);
});

/** Owners of the cluster east, each with its own addresses. */
const ownerAt = (n: number): string => `east/ns/gw-${n}`;
const of = (n: number, counter: number, ports: number): Slice =>
  slice(
    counter,
    Array.from({ length: ports }, (_, i) =>
      exposure({
        address: `172.16.${100 + (n >> 8)}.${n & 255}`,
        port: i + 1,
        members: [pod(counter % 250)],
      }),
    ),
    { owner: ownerAt(n) },
  );

/** How often each finished message was received. */
const receives = (world: World): readonly number[] =>
  world.log
    .filter(({ message }) => message === 'settled' || message === 'superseded by a newer slice')
    .map(({ attempt }) => Number(attempt));

test('500 owners wait while others send events all the time: each call finishes what it got', async () => {
  const world = small(50);
  let sent = 500;
  world.device.after = () => {
    sent += 1;
    void world.send(of(sent % 7, sent, 2));
  };
  for (let n = 0; n < 500; n += 1) await world.send(of(n, 1, 2));
  for (let calls = 0; calls < 50; calls += 1) await world.step();
  const applied = new Set(world.settled().map(({ owner }) => owner));
  expect(applied.size).toBe(500);
  expect(new Set(receives(world))).toEqual(new Set([1]));
});

test('whatever comes meanwhile, a message is finished by the third call that gets it', async () => {
  const event = fc.record({ owner: fc.nat(5), ports: fc.integer({ min: 1, max: 6 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { minLength: 1, maxLength: 14 }),
      fc.array(event, { maxLength: 40 }),
      async (first, later) => {
        const world = small();
        const newest = new Map<string, number>();
        let counter = 0;
        const speak = ({ owner, ports }: { owner: number; ports: number }): Promise<void> => {
          counter += 1;
          newest.set(ownerAt(owner), counter);
          return world.send(of(owner, counter, ports));
        };
        for (const one of first) await speak(one);
        const rest = [...later];
        world.device.after = () => {
          const [one] = rest.splice(0, 1);
          if (one !== undefined) void speak(one);
        };
        // Each call finishes a message, or is one of two that returned each of at most nine.
        for (let calls = 0; calls < 3 * (first.length + later.length); calls += 1)
          await world.step();
        expect(world.queues.messages('slices')).toEqual([]);
        expect(Math.max(...receives(world))).toBeLessThanOrEqual(3);
        const { owners } = world.device.state();
        for (const [owner, version] of newest) expect(owners[owner]?.version.counter).toBe(version);
      },
    ),
    { numRuns: 60 },
  );
});

test('no step of a large removal enables a node that the same slice drains', async () => {
  const world = small();
  const pods = (last: 'ready' | 'draining') => [pod(1), { ...pod(2), availability: last }];
  const { address } = pod(2);
  const asked = (counter: number, ports: readonly number[], last: 'ready' | 'draining'): Slice =>
    slice(
      counter,
      ports.map((port) => exposure({ port, members: pods(last), gateways: [`ns/gw-${port}`] })),
      { changes: [1, 2, 3, 4, 5, 6].map(deleted) },
    );
  await world.send(asked(1, [1, 2, 3, 4, 5, 6, 7, 8], 'ready'));
  await world.drain();
  const next = asked(2, [7, 8], 'draining');
  const stamp = { cluster: 'east', version: next.version };
  const write = { name: address, address, availability: 'draining', stamp } as const;
  await world.device.openNodes().write('k8s', write);
  const seen: unknown[] = [];
  world.device.after = () =>
    void seen.push(world.device.partitions.get('k8s')?.nodes.get(address)?.availability);
  await world.send(next);
  await world.drain();
  expect(Object.keys(world.device.state().exposures)).toHaveLength(2);
  expect(seen.length).toBeGreaterThan(1);
  expect(new Set(seen)).toEqual(new Set(['draining']));
});
