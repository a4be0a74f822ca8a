/**
 * The whole chain where BIG-IP reaches pods by routes or tunnels of Sluice. In a file of its own, so
 * that it runs beside `rig`.
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { run } from './rig/rig.ts';
import { schedulesWithPaths } from './rig/schedule.ts';
import { SEEDS } from './support/seeds.ts';
import { tally } from './support/tally.ts';

const histories = tally('random schedules');
const declares = tally('declares checked');
const events = tally('events that ended');

test('the promises hold over the whole chain while nodes come, move and leave', async () => {
  await fc.assert(
    fc.asyncProperty(schedulesWithPaths, async (schedule) => {
      const outcome = await run(schedule);
      expect(outcome.problems).toEqual([]);
      histories();
      declares(outcome.declares);
      events(outcome.events);
    }),
    { numRuns: Math.ceil(SEEDS / 4) },
  );
}, 3_600_000);
