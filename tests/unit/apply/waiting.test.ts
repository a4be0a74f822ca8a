/**
 * A batch that cannot be completed: which messages are retried, what is reported, and how time
 * limits affect it.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { create } from '../../../functions/apply/handler.ts';
import { DeviceError } from '../../../shared/device/errors.ts';
import type { Version } from '../../../shared/domain/revision.ts';
import type { Steering } from '../../../shared/domain/steering/steering.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import { smallConfig } from '../../fixtures/config.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { memoryDevice, refusing } from '../../fixtures/device.ts';
import { memoryStore } from '../../fixtures/views.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryQueues } from '../../promises/support/queues.ts';
import type { World } from '../../promises/support/world.ts';
import { createWorld } from '../../promises/support/world.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

const { owner } = slice(1, []);
const portsOn = (at: World, partition?: string): number[] =>
  Object.values(at.device.state(partition).exposures)
    .map((e) => e.port)
    .sort((a, b) => a - b);
const lines = (at: World, message: string): readonly object[] =>
  at.log.filter((line) => line.message === message);
const drain: Steering = {
  device: 'bigip-1',
  cluster: 'east',
  action: 'drain',
  mode: 'drain',
  because: 'maintenance',
};
const busy = (): never => {
  throw new DeviceError('BIP503', 'transient', 'busy');
};

let world: World;
beforeEach(() => {
  world = createWorld();
});

/**
 * Red when only the failed stage is retried: the messages sent after it were deleted without being
 * carried out.
 */
describe('while a device is busy', () => {
  test('the whole batch is retried in its order: slices, orders and the slices after them', async () => {
    await world.send(slice(1, [exposure({ port: 1 })]));
    await world.steer(drain);
    await world.send(slice(2, [exposure({ port: 1 }), exposure({ port: 2 })]));
    await world.steer({
      device: 'bigip-1',
      cluster: 'west',
      action: 'drain',
      mode: 'out',
      because: 'power',
    });
    world.device.before = busy;
    await world.step();
    expect(world.queues.messages('slices')).toHaveLength(4);
    world.device.before = () => undefined;
    await world.drain();
    expect([portsOn(world), world.queues.messages('slices')]).toEqual([[1, 2], []]);
    expect(world.device.state().drains).toMatchObject({
      east: { mode: 'drain' },
      west: { mode: 'out' },
    });
  });

  test('what was done before it became busy is not done again', async () => {
    await world.send(slice(1, [exposure({ port: 1 })]));
    await world.steer(drain);
    let declares = 0;
    world.device.before = () => {
      declares += 1;
      if (declares === 2) busy();
    };
    await world.step();
    expect(world.queues.messages('slices')).toHaveLength(1);
    expect(world.settled()).toHaveLength(1);
    await world.drain();
    expect(world.device.state().drains).toMatchObject({ east: { mode: 'drain' } });
    expect(world.settled()).toHaveLength(1);
  });

  test('nothing is dead-lettered, and the clusters get the reason for the wait', async () => {
    await world.send(slice(1, [exposure()]));
    world.device.before = busy;
    await world.drain(60_000);
    expect(world.deadLetters()).toEqual([]);
    expect(world.settled()[0]?.exposures).toMatchObject([{ outcome: 'retry', code: 'BIP503' }]);
  });
});

/**
 * The function has 120 s here. Red without the check of the time, and when the check does not
 * reserve a quarter.
 */
describe('a function whose time is nearly over', () => {
  const slow = (each: number) => (): void => world.clock.advance(each);

  test('starts no declare in its last quarter; the rest is redelivered and done then', async () => {
    world.device.before = (...args) => {
      slow(91_000)();
      refusing((e) => e.port === 2)(...args);
    };
    await world.send(slice(1, [exposure({ port: 1 }), exposure({ port: 2 })]));
    await world.step();
    expect(world.device.declares).toHaveLength(1);
    expect(lines(world, 'retry')).toMatchObject([{ code: 'BIP502' }]);
    expect([world.deadLetters(), world.queues.messages('slices').length]).toEqual([[], 1]);
    world.device.before = refusing((e) => e.port === 2);
    await world.drain();
    expect([portsOn(world), world.deadLetters().map(({ code }) => code)]).toEqual([
      [1],
      ['BIP421'],
    ]);
  });

  test.each([40_000, 90_000])('goes on until then, after %d ms', async (each) => {
    world.device.before = (...args) => {
      slow(each)();
      refusing((e) => e.port === 2)(...args);
    };
    await world.send(slice(1, [exposure({ port: 1 }), exposure({ port: 2 })]));
    await world.step();
    expect(world.device.declares.length).toBeGreaterThan(1);
  });

  test('waits no longer for a script that the device gave up on', async () => {
    let posts = 0;
    world.device.before = () => {
      posts += 1;
      if (posts === 1)
        throw new DeviceError('BIP505', 'transient', 'the script takes too long', { hint: 'slow' });
    };
    let looks = 0;
    world.device.verify = () => {
      looks += 1;
      world.clock.advance(50_000);
      return Promise.resolve(['not there yet']);
    };
    await world.send(slice(1, [exposure()]));
    await world.step();
    expect(looks).toBe(2);
    expect(lines(world, 'retry')).toMatchObject([{ code: 'BIP502' }]);
  });

  test('leaves what is quarantined for another time rather than failing what it has done', async () => {
    world.device.before = refusing((e) => e.port === 2);
    await world.send(slice(1, [exposure({ port: 1 }), exposure({ port: 2 })]));
    await world.drain();
    world.clock.advance(365 * 24 * 60 * 60_000);
    world.device.before = (...args) => {
      slow(91_000)();
      refusing((e) => e.port === 2)(...args);
    };
    const before = world.device.declares.length;
    await world.send(
      slice(2, [exposure({ port: 1 }), exposure({ port: 2 }), exposure({ port: 3 })]),
    );
    await world.step();
    expect(world.device.declares.length - before).toBe(1);
    expect([portsOn(world), world.queues.messages('slices')]).toEqual([[1, 3], []]);
    expect(lines(world, 'retry')).toEqual([]);
  });
});

describe('an owner with a newer declared version', () => {
  const at = (counter: number): Version => ({ epoch: 1, counter, generation: 1 });

  test('gets the declared version if it is newer, and none otherwise', async () => {
    for (const counter of [5, 4, 6]) {
      await world.send(slice(counter, [exposure()]));
      await world.drain();
    }
    expect(
      world.settled().map(({ version, supersededBy }) => [version.counter, supersededBy]),
    ).toEqual([
      [5, undefined],
      [4, at(5)],
      [6, undefined],
    ]);
  });

  /**
   * Red when a version that is not higher is reported: the watcher would search for a number above
   * its own in vain.
   */
  test('gets no notice of a floor that equals its own version', async () => {
    await world.device.declare(
      'k8s',
      { owners: {}, exposures: {}, floors: { east: at(5) } },
      undefined,
    );
    for (const counter of [5, 4]) {
      await world.send(slice(counter, [exposure()]));
      await world.drain();
    }
    expect(
      world.settled().map(({ version, supersededBy }) => [version.counter, supersededBy]),
    ).toEqual([
      [5, undefined],
      [4, at(5)],
    ]);
    expect(
      world.settled().flatMap(({ exposures }) => exposures.map(({ outcome }) => outcome)),
    ).toEqual(['superseded', 'superseded']);
  });
});

describe('an exposure that goes to another partition', () => {
  const at = (port: number, partition: string, address = '172.16.100.195') =>
    exposure({ port, partition, address });

  beforeEach(() => {
    world = createWorld({ partitions: ['one', 'two'] });
    // BIG-IP has an address in one partition only.
    world.device.before = (partition, next) => {
      const other = Object.keys(world.device.state(partition === 'one' ? 'two' : 'one').exposures);
      if (Object.keys(next.exposures).some((key) => other.includes(key)))
        throw new DeviceError('BIP423', 'content', 'the address belongs to another partition');
    };
  });

  test.each([
    ['one', 'two'],
    ['two', 'one'],
  ])('leaves %s before it comes to %s, whichever is configured first', async (from, to) => {
    await world.send(slice(1, [at(1, from)]));
    await world.drain();
    await world.send(slice(2, [at(1, to)]));
    await world.drain();
    expect([portsOn(world, from), portsOn(world, to)]).toEqual([[], [1]]);
    expect(world.device.declares.every(({ ok }) => ok)).toBe(true);
    expect(world.deadLetters()).toEqual([]);
  });
});

describe('a certificate that is not trusted', () => {
  const config = smallConfig();

  /** How often the connection was closed after one batch that failed in this way. */
  async function forgottenAfter(error: DeviceError): Promise<number> {
    const clock = virtualClock();
    const queues = memoryQueues(clock);
    let forgotten = 0;
    const device = memoryDevice();
    device.read = () => Promise.reject(error);
    const runtime = runtimeWith({
      config,
      queues,
      clock,
      random: () => 0.5,
      id: () => 'id',
      secrets: { resolve: () => Promise.resolve('') },
    });
    const healing = {
      note: () => Promise.resolve(),
      tell: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const devices = {
      get: () => Promise.resolve(device),
      forget: async () => void (forgotten += 1),
      close: () => Promise.resolve(),
    };
    const apply = create(runtime, devices, healing, {
      schedules: async () => memoryStore().failures,
    });
    await queues.queue('slices').send({
      group: 'bigip-1',
      deduplicationId: 'e-1',
      body: serialiseEvent(INGRESS_DESIRED, slice(1, [exposure()]), {
        id: 'e-1',
        cluster: 'east',
        subject: owner,
        time: new Date(0).toISOString(),
      }),
    });
    const batch = await queues
      .queue('slices')
      .receive({ max: 10, waitMs: 0, visibilityMs: 60_000 });
    const context = {
      awsRequestId: 'r',
      functionName: 'apply',
      functionVersion: '1',
      getRemainingTimeInMillis: () => 120_000,
    };
    const answer = await apply(
      { Records: batch.map((message) => toRecord(message, 'arn:aws:sqs:local:0:slices.fifo')) },
      context,
    );
    expect(answer?.batchItemFailures).toHaveLength(1);
    return forgotten;
  }

  /** Red without it: the corrected CA would be read only when the process starts again. */
  test('is read again with the next attempt, because it may have been corrected', async () => {
    expect(
      await forgottenAfter(new DeviceError('BIP402', 'device', 'certificate not trusted')),
    ).toBe(1);
  });

  test.each(['BIP401', 'BIP501', 'BIP503'] as const)(
    'is the only reason for that: not %s',
    async (code) => {
      expect(await forgottenAfter(new DeviceError(code, 'transient', 'something else'))).toBe(0);
    },
  );
});
