/**
 * The paths to pods, around a process that is killed at any call, or stands still there and goes on
 * when another one has done its work and newer work.
 *
 * Red with the guard removed: when entries are written before the journal (begin.ts), one killed in
 * between has no owner; when the journal forgets an entry with its removal (needs.ts), one that a
 * late process creates again stays forever.
 */
import { describe, expect, test } from '@jest/globals';
import { exposure } from '../fixtures/exposures.ts';
import {
  macOf,
  memberAt,
  networkOf,
  pathSlice,
  podOn,
  routeTo,
  tunnelTo,
  viaOf,
} from '../fixtures/paths.ts';
import { live, route } from '../unit/paths/support.ts';
import { countAll, killAt, pauseAt } from './support/gate.ts';
import { createWorld, type World } from './support/world.ts';
import { tally } from './support/tally.ts';

const MINUTE = 60_000;
const [P1, P2, P3, P4] = [podOn(1), podOn(2), podOn(3), podOn(4)];
const theirs = live(route('10.9.0.0/16', '192.0.2.99'), 'theirs');

interface Scenario {
  readonly before: (world: World) => Promise<void>;
  /** What the process does that is killed or late. */
  readonly event: (world: World) => Promise<void>;
  /** What follows in any case. */
  readonly after: (world: World) => Promise<void>;
}

/** One with the goal of Sluice, and one with another. */
const OF_CIS = [1, 2].map((n) => ({
  key: `route ${networkOf(n)}`,
  name: `/cis/k8s-n${n}`,
  to: viaOf(n === 1 ? 1 : 99),
}));
const renewed = tunnelTo(P1, { mac: '0a:00:00:00:00:09' });
const SCENARIOS: Readonly<Record<string, Scenario & { readonly mode: 'routes' | 'vxlan' }>> = {
  'a new pod, a node with a new address, and a pod that leaves': {
    mode: 'routes',
    before: (w) => w.send(pathSlice(1, [P1, P2])),
    event: (w) => w.send(pathSlice(2, [P1, P3], [routeTo(P1, { via: viaOf(9) }), routeTo(P3)])),
    after: (w) => w.send(pathSlice(3, [P1, P4], [routeTo(P1, { via: viaOf(8) }), routeTo(P4)])),
  },
  'a pod that comes back while its route is removed': {
    mode: 'routes',
    before: async (w) => {
      await w.send(pathSlice(1, [P1, P2]));
      await w.drain();
      await w.send(pathSlice(2, [P1]));
      await w.drain();
      w.clock.advance(10 * MINUTE);
    },
    event: (w) => w.audit(['k8s']),
    after: (w) => w.send(pathSlice(3, [P1, P2])),
  },
  'a first contact through a tunnel, and a new MAC': {
    mode: 'vxlan',
    before: () => Promise.resolve(),
    event: (w) => w.send(pathSlice(1, [P1, P2], [tunnelTo(P1), tunnelTo(P2)])),
    after: (w) => w.send(pathSlice(2, [P1], [renewed])),
  },
  'routes of F5 CIS that are taken over, and a node with a new address': {
    mode: 'routes',
    before: (w) => {
      const { active } = w.device.paths.units;
      for (const { key, name, to } of OF_CIS)
        active.set(key, { ...live(route(key.slice('route '.length), to), 'theirs'), name });
      return w.send(pathSlice(1, [P1, P2]));
    },
    event: (w) => w.audit([], { takeOver: OF_CIS }),
    after: (w) => w.send(pathSlice(2, [P1, P2], [routeTo(P1, { via: viaOf(9) }), routeTo(P2)])),
  },
};

async function prepared(name: string): Promise<{ world: World; faults: string[] }> {
  const { mode, before } = SCENARIOS[name]!;
  const world = createWorld({ modes: { east: mode } });
  const { units } = world.device.paths;
  units.active.set('route 10.9.0.0/16', theirs);
  const faults: string[] = [];
  // No member before its path, no entry before the journal.
  world.device.before = (_partition, next) => {
    const declared = world.device.state();
    const known = new Set(addressesIn(declared));
    for (const pod of addressesIn(next))
      if (!known.has(pod) && !isServed(world, pod)) faults.push(`member ${pod} before its path`);
  };
  world.device.paths.reach = (write) => {
    if (write?.kind === 'put' && !world.device.paths.current().records.has(write.what))
      faults.push(`${write.what} before the journal`);
  };
  await before(world);
  await world.step();
  await world.drain(MINUTE);
  return { world, faults };
}

type State = ReturnType<World['device']['state']>;

function addressesIn({ exposures }: State): readonly string[] {
  return Object.values(exposures).flatMap((e) =>
    e.contributions.flatMap((c) => c.members.map(({ address }) => address)),
  );
}

function isServed(world: World, pod: string): boolean {
  const { active } = world.device.paths.units;
  const n = Number(pod.split('.')[2]);
  const mac = active.get(`arp ${pod}`)?.to;
  return active.has(`route ${networkOf(n)}`) || active.has(`fdb /Common/east ${mac}`);
}

/** Everything is as the last slice wants it, and nothing is without an owner. */
async function ending(world: World): Promise<object> {
  await world.drain(60 * MINUTE);
  // Audits until every grace and every late write is over.
  for (let i = 0; i < 6; i += 1) {
    world.clock.advance(20 * MINUTE);
    await world.audit(['k8s']);
    await world.drain(MINUTE);
  }
  const { paths } = world.device;
  const { records } = paths.current();
  const entries = [...paths.units.active].map(([key, { to }]) => `${key} ${to}`).toSorted();
  return {
    entries,
    journal: [...records].map(([key, { to }]) => `${key} ${to}`).toSorted(),
    members: addressesIn(world.device.state()).toSorted(),
    waiting: world.queues.messages('slices').length,
  };
}

interface Whole {
  readonly end: object;
  readonly calls: readonly string[];
}

async function whole(name: string): Promise<Whole> {
  const { world, faults } = await prepared(name);
  const scenario = SCENARIOS[name]!;
  await scenario.event(world);
  const count = countAll();
  await world.step(count);
  await scenario.after(world);
  const end = await ending(world);
  expect(faults).toEqual([]);
  return { end, calls: count.calls };
}

describe.each(Object.keys(SCENARIOS))('%s', (name) => {
  const scenario = SCENARIOS[name]!;
  const kills = tally(`crash points: ${name}`);
  const delays = tally(`points of delay: ${name}`);

  test('leaves the expected entries, and none without an owner', async () => {
    const { end } = await whole(name);
    const { entries, journal } = end as Record<string, readonly string[]>;
    expect(entries).toEqual([...journal!, 'route 10.9.0.0/16 192.0.2.99'].toSorted());
    expect(entries!.length).toBeGreaterThan(1);
  });

  test('killed before and after every single call, it reaches the same state', async () => {
    const { end, calls } = await whole(name);
    expect(calls.length).toBeGreaterThanOrEqual(10);
    for (const [i, call] of calls.entries())
      for (const when of ['before', 'after'] as const) {
        kills();
        const { world, faults } = await prepared(name);
        await scenario.event(world);
        await world.step(killAt(i + 1, when));
        world.clock.advance(200_000);
        await scenario.after(world);
        expect({ call, when, ...(await ending(world)), faults }).toEqual({
          call,
          when,
          ...end,
          faults: [],
        });
      }
  });

  test('delayed at every single call until another process did everything, it reaches the same state', async () => {
    const { end, calls } = await whole(name);
    for (const [i, call] of calls.entries()) {
      delays();
      const { world, faults } = await prepared(name);
      await scenario.event(world);
      const gate = pauseAt(i + 1);
      const twin = world.step(gate);
      await Promise.race([gate.paused, twin]);
      // What nobody returned is handled alone, and later.
      world.clock.advance(200_000);
      await world.drain(10 * MINUTE);
      await scenario.after(world);
      await world.drain(MINUTE);
      gate.release();
      await twin;
      expect({ call, ...(await ending(world)), faults }).toEqual({ call, ...end, faults: [] });
    }
  });
});

test('a record that a late process creates again after its removal is removed again', async () => {
  const world = createWorld({ modes: { east: 'vxlan' } });
  const { active } = world.device.paths.units;
  const gone = `fdb /Common/east ${macOf(2)}`;
  const look = async (): Promise<boolean> => {
    await world.audit(['k8s']);
    await world.drain(MINUTE);
    return active.has(gone);
  };
  await world.send(pathSlice(1, [P1, P2], [tunnelTo(P1), tunnelTo(P2)]));
  let records = 0;
  const gate = pauseAt(({ name }) => name === 'paths.put' && (records += 1) === 2);
  const twin = world.step(gate);
  await gate.paused;
  world.clock.advance(200_000);
  await world.drain(10 * MINUTE);
  await world.send(pathSlice(2, [P1], [tunnelTo(P1)]));
  await world.drain(MINUTE);
  world.clock.advance(8 * MINUTE);
  expect([await look(), await look()]).toEqual([false, false]);
  gate.release();
  await twin;
  expect(active.has(gone)).toBe(true);
  expect(await look()).toBe(false);
});

test('a path is removed with no member, in any order of what comes and goes', async () => {
  const world = createWorld({ modes: { east: 'routes' } });
  const lost: string[] = [];
  world.device.paths.reach = (write) => {
    if (write?.kind !== 'remove') return;
    for (const pod of addressesIn(world.device.state()))
      if (write.what === `route ${networkOf(Number(pod.split('.')[2]))}`) lost.push(write.what);
  };
  const pods = [P1, P2, P3, P4];
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let counter = 1; counter <= 60; counter += 1) {
    const some = pods.filter(() => random(2) === 0);
    const members = some.map((pod) => memberAt(pod));
    const slice = pathSlice(counter, some);
    await world.send(members.length === 0 ? { ...slice, exposures: [exposure()] } : slice);
    await world.drain(MINUTE);
    world.clock.advance(random(20) * MINUTE);
  }
  expect(lost).toEqual([]);
});
