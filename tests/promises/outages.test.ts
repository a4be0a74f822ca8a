import { beforeEach, describe, expect, test } from '@jest/globals';
import { DeviceError } from '../../shared/device/errors.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { killAt } from './support/gate.ts';
import { tally } from './support/tally.ts';
import type { World } from './support/world.ts';
import { createWorld, ownerOf } from './support/world.ts';

/**
 * Red with the guard removed: when `leave` (functions/apply/waiting.ts) says that everything stays,
 * the queue dead-letters the messages after 1,000 receives, within a week; when `away` never knows,
 * the tries of a minute fail; when `inOrder` (turn.ts) does not sort, enable comes before drain.
 */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let world: World;
/** Times of the requests to the device, in milliseconds since the outage began. */
let tries: number[];
let away: boolean;
let begun: number;

function fresh(): void {
  world = createWorld();
  tries = [];
  away = false;
  const read = world.device.read.bind(world.device);
  Object.assign(world.device, {
    read: (partition: string) => {
      if (!away) return read(partition);
      tries.push(world.clock.now() - begun);
      return Promise.reject(new DeviceError('BIP501', 'transient', 'no answer'));
    },
  });
}
beforeEach(fresh);

function goAway(): void {
  away = true;
  begun = world.clock.now();
}

/** Advances the time and runs everything that becomes due. */
async function pass(ms: number): Promise<void> {
  const end = world.clock.now() + ms;
  await world.drain(ms);
  world.clock.advance(Math.max(0, end - world.clock.now()));
}

/** Milliseconds until no change waits. */
async function comeBack(): Promise<number> {
  away = false;
  const back = world.clock.now();
  let last = back;
  world.device.after = () => (last = world.clock.now());
  await world.drain(HOUR);
  return last - back;
}

const EAST = ownerOf('east');
const WEST = ownerOf('west');
const key = (port: number): string => `172.16.100.195:${port}/tcp`;
const wants = (ports: readonly number[]): ReturnType<typeof exposure>[] =>
  ports.map((port) => exposure({ port, gateways: [`ns/gw-${port}`] }));
const ports = (owner?: string): number[] =>
  Object.values(world.device.state().exposures)
    .filter((e) => owner === undefined || e.contributions.some((c) => c.owner === owner))
    .map((e) => e.port)
    .sort((a, b) => a - b);
const busiest = (from: number): number =>
  Math.max(
    0,
    ...tries
      .filter((t) => t >= from)
      .map((t) => tries.filter((one) => one >= t && one < t + MINUTE).length),
  );

describe('promise 15: an outage has no end', () => {
  test('the outage is dated from the first failed attempt, not from the time the changes left the queue', async () => {
    goAway();
    await world.send(slice(1, wants([1]), { owner: EAST }));
    await pass(10 * MINUTE);
    const [mark] = await world.waiting.marks();
    expect(mark).toMatchObject({ state: 'away', since: begun + tries[0]! });
    await pass(HOUR);
    expect((await world.waiting.marks())[0]?.since).toBe(mark?.since);
  });

  test('after 13 days without the device, the newest slices and all orders are applied within 2 minutes', async () => {
    await world.send(slice(1, wants([1, 2, 3]), { owner: EAST }));
    await world.send(
      slice(1, wants([11, 12, 13, 14, 15, 16, 17, 18]), { owner: WEST, clusterUid: 'west' }),
    );
    await world.drain();
    await world.send(slice(2, wants([18]), { owner: WEST, clusterUid: 'west' }));
    await world.drain();
    const shown = world.device.state().owners[WEST]!;
    expect(shown.held).toHaveLength(7);

    goAway();
    await world.steer({
      action: 'drain',
      device: 'bigip-1',
      cluster: 'east',
      mode: 'drain',
      because: 'power',
    });
    await pass(HOUR);
    await world.approve({ owner: WEST, keys: [key(11), key(12)], version: shown.version });
    await world.steer({ action: 'enable', device: 'bigip-1', cluster: 'east' });
    await world.steer({
      action: 'drain',
      device: 'bigip-1',
      cluster: 'west',
      mode: 'out',
      because: 'rebuilt',
    });
    for (let hour = 1; hour < 13 * 24; hour++) {
      await world.send(slice(10 + hour, wants([1, 2, 3, 4]), { owner: EAST }));
      await world.send(slice(10 + hour, wants([18, 19]), { owner: WEST, clusterUid: 'west' }));
      await pass(HOUR);
    }
    expect(world.queues.messages('slices')).toEqual([]);
    expect(world.queues.sent('slices-dead')).toEqual([]);
    const settled = world.settled().at(-1)!;
    expect(settled.exposures.map(({ outcome, code }) => `${outcome} ${code}`)).toEqual([
      'retry BIP501',
      'retry BIP501',
    ]);
    expect(settled.exposures[0]?.message).toContain(
      'The change has been waiting since 2026-01-01T00:0',
    );

    expect(await comeBack()).toBeLessThanOrEqual(2 * MINUTE);
    expect(ports(EAST)).toEqual([1, 2, 3, 4]);
    expect(ports(WEST)).toEqual([13, 14, 15, 16, 17, 18, 19]);
    expect(world.device.state().drains).toMatchObject({
      west: { mode: 'out', because: 'rebuilt' },
    });
    expect(world.device.state().drains).not.toHaveProperty('east');
    expect(world.queues.sent('slices-dead')).toEqual([]);
    expect(await world.waiting.list()).toEqual([]);
  }, 120_000);

  test('an absent device is probed at most six times a minute, and once a minute after an hour', async () => {
    goAway();
    for (let minute = 0; minute < 180; minute++) {
      await world.send(slice(1 + minute, wants([1]), { owner: EAST }));
      await pass(MINUTE);
    }
    expect(busiest(MINUTE)).toBeLessThanOrEqual(6);
    expect(busiest(HOUR + MINUTE)).toBeLessThanOrEqual(1);
  });

  test('messages of 500 owners wait, and all are applied two minutes after the return', async () => {
    goAway();
    for (let i = 0; i < 500; i++)
      await world.send(slice(1, wants([i + 1]), { owner: `east/ns/gateway-${i}` }));
    await pass(40 * MINUTE);
    expect(await world.waiting.list()).toHaveLength(500);
    expect(await comeBack()).toBeLessThanOrEqual(2 * MINUTE);
    expect(ports()).toHaveLength(500);
  });

  test('an observed deletion stays proven, unless the gateway returned meanwhile', async () => {
    await world.send(slice(1, wants([1, 2, 3, 4, 5, 6, 7, 8]), { owner: EAST }));
    await world.drain();
    const deleted = (
      list: readonly number[],
    ): {
      what: 'deleted';
      kind: string;
      namespace: string;
      name: string;
      resourceVersion: string;
    }[] =>
      list.map((n) => ({
        what: 'deleted',
        kind: 'Gateway',
        namespace: 'ns',
        name: `gw-${n}`,
        resourceVersion: '',
      }));
    goAway();
    await world.send(
      slice(2, wants([7, 8]), { owner: EAST, changes: deleted([1, 2, 3, 4, 5, 6]) }),
    );
    await pass(10 * MINUTE);
    await world.send(slice(3, wants([1, 2, 3, 4, 7, 8]), { owner: EAST }));
    await pass(10 * MINUTE);
    await world.send(slice(4, wants([8]), { owner: EAST }));
    await pass(10 * MINUTE);
    await comeBack();
    expect(ports()).toEqual([1, 2, 3, 4, 7, 8]);
  });

  test('an approval does not remove what its owner requested again meanwhile, and reports it', async () => {
    await world.send(slice(1, wants([1, 2, 3, 4, 5, 6, 7, 8]), { owner: EAST }));
    await world.drain();
    await world.send(slice(2, wants([]), { owner: EAST }));
    await world.drain();
    goAway();
    await world.approve({ owner: EAST });
    await world.approve({ owner: EAST, keys: [key(1)], version: slice(2, []).version });
    await pass(10 * MINUTE);
    await world.send(slice(3, wants([1, 2, 3, 4]), { owner: EAST }));
    await pass(10 * MINUTE);
    await world.send(slice(4, wants([]), { owner: EAST }));
    await pass(10 * MINUTE);
    await comeBack();
    expect(ports()).toEqual([1, 2, 3, 4]);
    expect(world.deadLetters()).toMatchObject([
      { code: 'OWN311', reason: expect.stringContaining(`approve ${key(1)} of ${EAST}`) },
    ]);
  });

  test('a cluster that sent events while an order to forget it waited is not forgotten', async () => {
    await world.send(slice(1, wants([1]), { owner: EAST }));
    await world.drain();
    goAway();
    await world.steer({
      action: 'forget',
      device: 'bigip-1',
      cluster: 'east',
      upTo: { [EAST]: slice(1, []).version },
      whole: true,
    });
    await pass(10 * MINUTE);
    await world.send(slice(2, wants([1]), { owner: EAST }));
    await pass(10 * MINUTE);
    // Not in one batch with the order.
    for (let n = 1; n <= 10; n++)
      await world.send(slice(1, wants([100 + n]), { owner: `west/ns/gateway-${n}` }));
    for (let n = 1; n <= 12; n++)
      await world.steer({ action: 'enable', device: 'bigip-1', cluster: 'west' });
    await pass(MINUTE);
    const declares = world.device.declares.length;
    await comeBack();
    const since = world.device.declares.slice(declares);
    expect(since).not.toEqual([]);
    expect(since.filter((one) => !one.ports.includes(1))).toEqual([]);
  });

  test('a device that answers and then refuses every declare is not probed more often', async () => {
    away = false;
    begun = world.clock.now();
    let broken = true;
    world.device.before = () => {
      if (!broken) return;
      tries.push(world.clock.now() - begun);
      throw new DeviceError('BIP502', 'transient', 'no answer in time');
    };
    for (let i = 0; i < 30; i++)
      await world.send(slice(1, wants([i + 1]), { owner: `east/ns/gateway-${i}` }));
    await pass(3 * HOUR);
    expect(world.queues.sent('slices-dead')).toEqual([]);
    expect(busiest(HOUR + 5 * MINUTE)).toBeLessThanOrEqual(1);
    // A probe and a refused declare are two requests.
    expect(tries.filter((t) => t > 2 * HOUR).length).toBeLessThanOrEqual(31);
    broken = false;
    expect(await comeBack()).toBeLessThanOrEqual(5 * MINUTE);
    expect(ports()).toHaveLength(30);
  });
});

describe('a process that crashes between the queue and the store', () => {
  const give = async (): Promise<void> => {
    await world.send(slice(1, wants([9]), { owner: 'east/ns/gateway-9' }));
    await world.drain();
    goAway();
    for (const n of [1, 2, 3])
      await world.send(slice(n, wants([n]), { owner: `east/ns/gateway-${n}` }));
    await world.steer({
      action: 'drain',
      device: 'bigip-1',
      cluster: 'east',
      mode: 'drain',
      because: 'power',
    });
  };
  const expectAll = (): void => {
    expect(ports()).toEqual([1, 2, 3, 9]);
    expect(world.device.state().drains).toMatchObject({ east: { mode: 'drain' } });
    expect(world.queues.sent('slices-dead')).toEqual([]);
  };

  const points = tally('crash points: changes that wait for a device, out and back');
  /**
   * Resolves with whether the process crashed; it cannot crash at a call that it never reaches.
   */
  const play = async (
    at: number,
    when: 'before' | 'after',
    way: 'out' | 'back',
  ): Promise<boolean> => {
    fresh();
    await give();
    const gate = killAt(at, when);
    if (way === 'out') {
      while (
        world.queues.messages('slices').length > 0 &&
        !gate.dead &&
        world.clock.now() - begun < 10 * MINUTE
      ) {
        world.clock.advance(Math.max(0, world.queues.nextAt('slices')! - world.clock.now()));
        await world.step(world.clock.now() - begun < 3 * MINUTE ? undefined : gate);
      }
    }
    await pass(10 * MINUTE);
    expect(await world.waiting.list()).toHaveLength(4);
    away = false;
    world.clock.advance(2 * MINUTE);
    if (way === 'back') await world.turn(gate);
    await world.drain(HOUR);
    expectAll();
    return gate.dead;
  };

  test.each([
    ['before', 'out'],
    ['after', 'out'],
    ['before', 'back'],
    ['after', 'back'],
  ] as const)(
    '%s any call on its way %s loses nothing',
    async (when, way) => {
      let deaths = 0;
      while (await play(deaths + 1, when, way)) deaths += 1;
      points(deaths);
      expect(deaths).toBeGreaterThan(8);
    },
    60_000,
  );

  test('two processes that probe at the same moment send nothing twice', async () => {
    await give();
    await pass(10 * MINUTE);
    const before = world.queues.sent('slices').length;
    away = false;
    world.clock.advance(MINUTE);
    await Promise.all([world.turn(), world.turn(killAt(1_000, 'after'))]);
    expect(world.queues.sent('slices').length - before).toBe(4);
  });
});

describe('a store that fails', () => {
  test('keeps the message in the queue, with short retry intervals', async () => {
    world = createWorld({
      blobs: {
        where: 'nowhere',
        get: () => Promise.reject(new Error('down')),
        put: () => Promise.reject(new Error('down')),
        delete: () => Promise.reject(new Error('down')),
        list: () => Promise.reject(new Error('down')),
        close: () => Promise.resolve(),
      },
    });
    world.device.read = () => Promise.reject(new DeviceError('BIP501', 'transient', 'no answer'));
    await world.send(slice(1, wants([1])));
    for (let i = 0; i < 20; i++) {
      world.clock.advance(Math.max(0, world.queues.nextAt('slices')! - world.clock.now()));
      await world.step();
      expect(world.queues.nextAt('slices')! - world.clock.now()).toBeLessThanOrEqual(MINUTE);
    }
    expect(world.queues.messages('slices')).toHaveLength(1);
  });
});
