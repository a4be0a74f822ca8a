/**
 * The whole chain, from the objects of several clusters to the device and back to the status, under
 * random schedules of changes, faults, crashes and replays. The promises are watched while it runs,
 * by `rig/monitors.ts`, and at rest, by `rig/rest.ts`.
 */
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { RARE } from './rig/rare.ts';
import { run } from './rig/rig.ts';
import { longSchedules, type Schedule, schedules } from './rig/schedule.ts';
import { SEEDS } from './support/seeds.ts';
import { tally } from './support/tally.ts';

const histories = tally('random schedules');
const declares = tally('declares checked');
const events = tally('events that ended');
const long = tally('random schedules with an outage of a day');
const dry = tally('random schedules of a dry run');

/** A schedule takes as long as twenty histories of one function, and rig-paths has as many. */
const RUNS = Math.ceil(SEEDS / 4);

test('the promises hold over the whole chain, whatever happens in clusters, queues and device', async () => {
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const outcome = await run(schedule);
      expect(outcome.problems).toEqual([]);
      histories();
      declares(outcome.declares);
      events(outcome.events);
    }),
    { numRuns: RUNS + RARE.length, examples: RARE.map((one): [Schedule] => [one]) },
  );
}, 3_600_000);

test('the promises hold over the whole chain if something is away for a day', async () => {
  await fc.assert(
    fc.asyncProperty(longSchedules, async (schedule) => {
      expect((await run(schedule)).problems).toEqual([]);
      long();
    }),
    { numRuns: Math.ceil(RUNS / 200) },
  );
}, 3_600_000);

test('a dry run of the whole chain writes nothing, whatever happens', async () => {
  let planned = 0;
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const outcome = await run(schedule, true);
      expect(outcome.problems).toEqual([]);
      planned += outcome.events;
      dry();
    }),
    { numRuns: Math.ceil(RUNS / 5) },
  );
  expect(planned).toBeGreaterThan(0);
}, 3_600_000);
