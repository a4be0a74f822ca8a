/** The end of a run: the site comes to rest, and everything is as the clusters want it. */
import { processClock } from '../../shared/runtime/process.ts';
import { keptMemory } from './collect.ts';
import { foreignObjects } from './device.ts';
import type { Check } from './record.ts';
import type { Run } from './run.ts';
import { needsSomebody, queueOf } from './sample.ts';
import { allowedMemory } from './shipped.ts';
import { differences } from './wanted.ts';

/** Longer than any pause of the product after a fault. */
const LIMIT_MS = 300_000;
const LOOK_MS = 500;
/** Seconds for which nothing may happen any more, or longer: until the run ends. */
const REST_SECONDS = 60;
/** Lines of each check that are shown. */
const SHOWN = 5;

/** `foreign`: what others had on the device at the start. */
export async function checkEnd(run: Run, foreign: string): Promise<Check[]> {
  const from = run.elapsed();
  run.say('no more changes; waiting for the device to be as the clusters want it');
  const left = await settle(run);
  const took = run.elapsed() - from;
  const declares = run.site.bigip.declares.length;
  const { seconds } = run.schedule;
  const rest = Math.max(Math.min(REST_SECONDS, seconds * 0.1), seconds - run.elapsed());
  await processClock.sleep(rest * 1_000);
  const late = run.site.bigip.declares.length - declares;
  return [
    check('it comes to rest after the last change', left, `after ${took.toFixed(0)} s`),
    check('the device is as the clusters want it', differences(run.teams, run.served()), 'equal'),
    lostChanges(run),
    check('every event ended: the queues are empty', await unfinished(run), 'empty'),
    check('no failure is open', await openFailures(run), 'none'),
    check(
      'what others have on the device is the same, byte for byte',
      foreignObjects(run.site.bigip) === foreign ? [] : ['it differs'],
      'the same',
    ),
    check(
      'no process ended by itself',
      run.site.processes.flatMap((one) => [
        ...(one.crashes() === 0 ? [] : [`${one.name} ended ${one.crashes()} times`]),
        ...(one.alive() ? [] : [`${one.name} does not run`]),
      ]),
      'none',
    ),
    {
      what: `at rest nothing is declared (${rest.toFixed(0)} s)`,
      found: `${late} declares`,
      holds: late === 0,
    },
    await keptCheck(run),
  ];
}

function check(what: string, wrong: readonly string[], otherwise: string): Check {
  const more = wrong.length > SHOWN ? `; and ${wrong.length - SHOWN} more` : '';
  return {
    what,
    found: wrong.length === 0 ? otherwise : wrong.slice(0, SHOWN).join('; ') + more,
    holds: wrong.length === 0,
  };
}

/** Of what the manifests allow; the rest is for garbage and peaks. */
const KEPT_SHARE = 2 / 3;

/** A leak is what stays after a collection of garbage. */
async function keptCheck({ site: { processes } }: Run): Promise<Check> {
  const kept: { readonly name: string; readonly rss: number }[] = [];
  for (const one of processes)
    if (one.alive()) kept.push({ name: one.name, rss: await keptMemory(one) });
  const limitOf = (name: string): number => Math.round(allowedMemory(name) * KEPT_SHARE);
  return {
    what: 'what a process keeps after a collection of garbage is bounded',
    found: kept
      .map(({ name, rss }) => `${name} ${rss.toFixed(0)} MiB (limit ${limitOf(name)})`)
      .join(', '),
    holds: kept.every(({ name, rss }) => rss <= limitOf(name)),
  };
}

function lostChanges({ meter }: Run): Check {
  return check(
    'every change reached the device',
    meter.waiting().map(({ subject, from }) => `${subject}, since ${new Date(from).toISOString()}`),
    `all, ${meter.replaced()} of them replaced by later ones before`,
  );
}

async function unfinished({ site }: Run): Promise<readonly string[]> {
  const { waiting, inFlight, dead } = await queueOf(site);
  return waiting + inFlight + dead === 0
    ? []
    : [`${waiting} wait, ${inFlight} are in progress, ${dead} are dead letters`];
}

async function openFailures({ site }: Run): Promise<readonly string[]> {
  const heads = await site.failures.store.list();
  return heads
    .filter(needsSomebody)
    .map(({ code, owner, exposure, sentence }) => `${code} ${owner} ${exposure}: ${sentence}`);
}

/** What is still wrong at the time limit; empty as soon as nothing is. */
async function settle(run: Run): Promise<readonly string[]> {
  const limit = Date.now() + LIMIT_MS;
  for (;;) {
    const wrong = [
      ...differences(run.teams, run.served()),
      ...(await unfinished(run)),
      ...(await openFailures(run)),
    ];
    if (wrong.length === 0 || Date.now() > limit) return wrong;
    await processClock.sleep(LOOK_MS);
  }
}
