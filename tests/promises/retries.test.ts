import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { backoff } from '../../functions/apply/backoff.ts';
import { DeviceError } from '../../shared/device/errors.ts';
import { MAX_RECEIVE_COUNT } from '../../shared/queue/limits.ts';
import { exposure, SETTINGS, slice } from '../fixtures/exposures.ts';
import type { World } from './support/world.ts';
import { createWorld } from './support/world.ts';

const MINUTE = 60_000;
const AWAY = 10 * MINUTE;
const EVENTS = 500;

/** The times of all requests while the device is down for ten minutes and 500 events wait. */
async function outage(
  random: () => number,
  trouble: DeviceError,
): Promise<{
  readonly world: World;
  readonly requests: readonly number[];
  readonly drained: number;
}> {
  const world = createWorld({ random });
  const begun = world.clock.now();
  const requests: number[] = [];
  const read = world.device.read.bind(world.device);
  Object.assign(world.device, {
    read: (partition: string) => {
      requests.push(world.clock.now() - begun);
      return world.clock.now() - begun < AWAY ? Promise.reject(trouble) : read(partition);
    },
  });
  world.device.before = () => world.clock.advance(2_000);
  for (let i = 0; i < EVENTS; i++)
    await world.send(
      slice(1, [exposure({ port: i + 1, gateways: [`ns/gw-${i}`] })], {
        owner: `east/ns/gateway-${i}`,
      }),
    );
  await world.drain();
  return { world, requests, drained: world.clock.now() - begun - AWAY };
}

function busiestMinute(times: readonly number[]): number {
  return Math.max(
    ...times.map((from) => times.filter((t) => t >= from && t < from + MINUTE).length),
  );
}

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('promise 10: retries are few and spread over time', () => {
  test.each([
    ['busy', new DeviceError('BIP503', 'transient', 'busy'), MINUTE],
    ['away', new DeviceError('BIP501', 'transient', 'no answer'), MINUTE / 2],
  ])(
    'a device that is %s for ten minutes gets at most 6 requests in any minute, with 500 events waiting',
    async (_name, trouble, lastWait) => {
      for (const seed of [1, 2, 3]) {
        const { world, requests, drained } = await outage(seeded(seed), trouble);
        const during = requests.filter((t) => t < AWAY);
        expect(busiestMinute(during.filter((t) => t > MINUTE))).toBeLessThanOrEqual(6);
        expect(during.length).toBeLessThanOrEqual(60);
        // The last wait of the outage, then 50 batches of 10 with one declare of two seconds each.
        expect(drained).toBeLessThanOrEqual(lastWait + 2 * MINUTE);
        expect(Object.keys(world.device.state().exposures)).toHaveLength(EVENTS);
      }
    },
    60_000,
  );

  test.each([
    [
      'busy',
      { code: 'BIP503', fault: 'transient' as const },
      { first: 1_000, limit: 14_000, least: 1.4 },
    ],
    [
      'away',
      { code: 'BIP501', fault: 'transient' as const },
      { first: 1_000, limit: 30_000, least: 3 },
    ],
    [
      'left alone',
      { code: 'BIP508', fault: 'transient' as const },
      { first: 1_000, limit: 30_000, least: 3 },
    ],
    [
      'waiting for a change',
      { code: 'BIP402', fault: 'device' as const },
      { first: 10_000, limit: 300_000, least: 6 },
    ],
    ['unknown', undefined, { first: 1_000, limit: 60_000, least: 6 }],
  ])(
    '%s: for any random number the delay lies between its lower and upper bound, and grows to a limit',
    (_name, error, { first, limit, least }) => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 100 }),
          fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
          (attempt, chance) => {
            const ceiling = Math.min(limit, first * 2 ** Math.min(attempt - 1, 20));
            const delay = backoff(error, { attempt, age: 0 }, () => chance);
            expect(delay).toBeGreaterThanOrEqual(Math.floor(ceiling / least));
            expect(delay).toBeLessThanOrEqual(ceiling);
          },
        ),
      );
    },
  );

  test.each([
    ['busy', { code: 'BIP503', fault: 'transient' as const }],
    ['away', { code: 'BIP501', fault: 'transient' as const }],
    ['waiting for a change', { code: 'BIP402', fault: 'device' as const }],
    ['unknown', undefined],
  ])(
    '%s: after an hour a message is tried at most once a minute, hidden at most 15 minutes, for 3 days',
    (_name, error) => {
      const day = 24 * 60 * MINUTE;
      for (const chance of [0, 0.5, 0.999]) {
        let tries = 0;
        let age = 0;
        while (age < 3 * day) {
          tries += 1;
          const delay = backoff(error, { attempt: tries, age }, () => chance);
          if (age >= 60 * MINUTE) expect(delay).toBeGreaterThanOrEqual(MINUTE);
          expect(delay).toBeLessThanOrEqual(15 * MINUTE);
          age += delay;
        }
        if (chance === 0.5) expect(tries).toBeLessThan(MAX_RECEIVE_COUNT);
      }
      expect(backoff({ fault: 'transient', after: day }, { attempt: 1, age: 0 }, () => 0)).toBe(
        15 * MINUTE,
      );
    },
  );

  test('a busy device that is free again is used within 14 seconds, also after a minute or two', () => {
    for (const attempt of [1, 5, 20])
      expect(
        backoff(
          { code: 'BIP503', fault: 'transient' },
          { attempt, age: 2 * MINUTE },
          () => 0.999_999,
        ),
      ).toBeLessThanOrEqual(14_000);
  });

  test('the first retry of an old message comes as soon as that of a new one', () => {
    expect(
      backoff(
        { code: 'BIP501', fault: 'transient' },
        { attempt: 1, age: 24 * 60 * MINUTE },
        () => 1,
      ),
    ).toBe(1_000);
  });

  test('processes that fail at the same time retry at different times', () => {
    const random = seeded(7);
    const delays = Array.from({ length: 1_000 }, () =>
      backoff({ fault: 'transient' }, { attempt: 10, age: 0 }, random),
    );
    const perSecond = Map.groupBy(delays, (d) => Math.floor(d / 1_000));
    expect(Math.max(...[...perSecond.values()].map((list) => list.length))).toBeLessThan(60);
  });

  test('the retry time of the device is respected', () => {
    expect(backoff({ fault: 'transient', after: 90_000 }, { attempt: 1, age: 0 }, () => 0)).toBe(
      90_000,
    );
  });

  test('a permanent fault is tried once, and not again before its time', async () => {
    const world = createWorld();
    let posts = 0;
    world.device.before = (_p, next) => {
      if (!Object.values(next.exposures).some((e) => e.settings.iRules.length > 0)) return;
      posts += 1;
      throw new DeviceError('BIP420', 'content', 'refused');
    };
    const bad = exposure({ port: 7, settings: { ...SETTINGS, iRules: ['/Common/missing'] } });
    // A snapshot every five minutes for a day: 1, 2, 4 … 60 minutes apart.
    for (let i = 1; i <= 288; i++) {
      await world.send(slice(i, [bad]));
      await world.drain();
      world.clock.advance(5 * MINUTE);
    }
    expect(posts).toBeGreaterThanOrEqual(24);
    expect(posts).toBeLessThanOrEqual(30);
    expect(world.deadLetters()).toHaveLength(1);
  });
});
