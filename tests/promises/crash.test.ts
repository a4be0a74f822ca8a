import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { killAt, pauseAt } from './support/gate.ts';
import type { Scenario } from './support/scenarios.ts';
import { crashed, ending, prepare, SCENARIOS, whole } from './support/scenarios.ts';
import { PATIENCE_MS, SEEDS } from './support/seeds.ts';
import { tally } from './support/tally.ts';

jest.setTimeout(PATIENCE_MS);

const series = tally('series of random crashes');

/**
 * Red with the guard removed: when `checkFence` (fence.ts) accepts only newer versions and not the
 * equal one, what a crash left unfinished stays so; without `mayBeUntold` (park.ts) a refusal has
 * no dead letter if its process crashed before reporting it; when the first removal uses up the
 * whole approval (remove.ts), the second part of a large approved removal stays.
 */
const small = Object.entries(SCENARIOS).filter(([, { isLarge }]) => isLarge !== true);

describe('promise 16: crash anywhere, recover anywhere', () => {
  describe.each(Object.entries(SCENARIOS))('%s', (name, scenario) => {
    const points = tally(`crash points: ${name}`);

    test('killed before and after every single call, it reaches the same state', async () => {
      const { calls, end } = await whole(scenario);
      expect(calls.length).toBeGreaterThanOrEqual(10);
      for (const [i, call] of calls.entries())
        for (const when of ['before', 'after'] as const) {
          points();
          const world = await crashed(scenario, [killAt(i + 1, when)]);
          expect({ call, when, ...ending(world, scenario.partitions) }).toEqual({
            call,
            when,
            ...end,
          });
        }
    });
  });

  describe.each(small)('%s', (name, scenario) => {
    const delays = tally(`points of delay: ${name}`);

    test('delayed at every single call until another process did everything, it reaches the same state', async () => {
      const { calls, end } = await whole(scenario);
      for (const [i, call] of calls.entries()) {
        delays();
        const world = await prepare(scenario);
        const gate = pauseAt(i + 1);
        const twin = world.step(gate);
        await Promise.race([gate.paused, twin]);
        // Nobody returned its messages, so they come again alone, and later.
        world.clock.advance(200_000);
        await world.drain();
        gate.release();
        await twin;
        await world.drain();
        // What it reports so late was true once; the next resync corrects it.
        const seen = { call, ...ending(world, scenario.partitions), told: {} };
        expect(seen).toEqual({ call, ...end, told: {} });
      }
    });
  });

  test('killed repeatedly at random calls, it reaches the same state', async () => {
    const expected = new Map<Scenario, object>();
    for (const [, scenario] of small) expected.set(scenario, (await whole(scenario)).end);
    const kills = fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom('before' as const, 'after' as const),
      ),
      // A message that was alone in four processes that ended counts as deadly.
      { maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...small.map(([, scenario]) => scenario)),
        kills,
        async (scenario, list) => {
          series();
          const gates = list.map(([call, when]) => killAt(call, when));
          const world = await crashed(scenario, gates);
          expect(ending(world, scenario.partitions)).toEqual(expected.get(scenario));
        },
      ),
      { numRuns: SEEDS },
    );
  });
});
