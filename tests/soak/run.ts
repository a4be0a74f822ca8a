/** One run: changes and faults by the schedule, samples all the time, and the checks at the end. */
import { processClock } from '../../shared/runtime/process.ts';
import { chanceOf } from '../fixtures/chance.ts';
import { createTeam, type Team } from './changes.ts';
import { deviceVersion, foreignObjects, servedBy, type ServedPorts } from './device.ts';
import { checkEnd } from './ending.ts';
import { beginFault, type Disturbed } from './faults.ts';
import { createMeter, type Meter } from './meter.ts';
import type { Recorder, Summary } from './record.ts';
import { sampleOf } from './sample.ts';
import { clockText, type PlannedFault, type Schedule } from './schedule.ts';
import type { SoakSite } from './site.ts';

const LOOK_MS = 25;
const SAMPLE_MS = 5_000;
/** As often as Prometheus asks by default. */
const SCRAPE_EVERY = 3;
/** Mean milliseconds between two changes of the whole site. */
const CHANGE_MS = 2_000;

export interface RunOptions {
  readonly site: SoakSite;
  readonly schedule: Schedule;
  readonly recorder: Recorder;
  readonly say: (line: string) => void;
}

/** A run while it goes on. */
export interface Run {
  readonly site: SoakSite;
  readonly schedule: Schedule;
  readonly teams: readonly Team[];
  readonly meter: Meter;
  /** Seconds since the start. */
  readonly elapsed: () => number;
  readonly served: () => ServedPorts;
  readonly say: (line: string) => void;
}

export async function runSoak({ site, schedule, recorder, say }: RunOptions): Promise<Summary> {
  const foreign = foreignObjects(site.bigip);
  const began = Date.now();
  const elapsed = (at = Date.now()): number => (at - began) / 1_000;
  const meter = createMeter(Date.now, ({ from, to, what }) =>
    recorder.lag({ from: elapsed(from), to: elapsed(to), what }),
  );
  const teams = teamsOf(site, schedule.seed, meter);
  const run: Run = {
    site,
    schedule,
    teams,
    meter,
    elapsed,
    say,
    served: () => servedBy(site.bigip),
  };
  const disturbed: Disturbed = { queueAway: 0 };
  for (const one of site.processes) one.start();
  const watching = watchDevice(run);
  const sampling = keepSampling(run, disturbed, recorder);
  try {
    const [changes] = await Promise.all([makeChanges(run), makeFaults(run, disturbed, recorder)]);
    const checks = await checkEnd(run, foreign);
    return summaryOf(run, changes, checks);
  } finally {
    clearInterval(watching);
    await sampling.stop();
  }
}

function summaryOf(
  { schedule, site, elapsed }: Run,
  changes: number,
  checks: Summary['checks'],
): Summary {
  return {
    seed: schedule.seed,
    seconds: schedule.seconds,
    queue: schedule.queue,
    node: process.versions.node,
    parts: schedule.parts,
    ended: elapsed(),
    days: site.clock.ahead() / 86_400_000,
    changes,
    checks,
  };
}

function teamsOf(site: SoakSite, seed: number, meter: Meter): readonly Team[] {
  return site.clusters.map(({ id, podNetwork, kubernetes, objects }, index) =>
    createTeam({
      id,
      store: kubernetes.store,
      cluster: objects,
      podNetwork,
      index,
      random: chanceOf(seed + 1 + index),
      meter,
      sleep: (ms) => processClock.sleep(ms),
    }),
  );
}

/** Asks the meter after each change of the device. */
function watchDevice({ site, meter, served }: Run): NodeJS.Timeout {
  let seen = '';
  return setInterval(() => {
    const now = deviceVersion(site.bigip);
    if (now === seen) return;
    seen = now;
    meter.look(served(), Date.now());
  }, LOOK_MS);
}

/** Returns the number of changes. Begins when the product is up. */
async function makeChanges({ site, schedule, teams, elapsed }: Run): Promise<number> {
  const random = chanceOf(schedule.seed + 100);
  let changes = 0;
  while (elapsed() < schedule.parts.changes) {
    await processClock.sleep(CHANGE_MS * (0.2 + 1.6 * random()));
    const team = teams[Math.floor(random() * teams.length)];
    team?.change();
    changes += 1;
  }
  for (const team of teams) team.repair();
  await Promise.all(teams.map((team) => team.idle()));
  for (const one of site.processes) one.start();
  return changes;
}

async function makeFaults(run: Run, disturbed: Disturbed, recorder: Recorder): Promise<void> {
  const ended: Promise<void>[] = [];
  for (const fault of run.schedule.faults) {
    await processClock.sleep(Math.max(0, (fault.at - run.elapsed()) * 1_000));
    const one = oneFault(run, fault, disturbed, recorder);
    // Its error counts below, when all have ended.
    one.catch(() => undefined);
    ended.push(one);
  }
  await Promise.all(ended);
}

async function oneFault(
  run: Run,
  fault: PlannedFault,
  disturbed: Disturbed,
  recorder: Recorder,
): Promise<void> {
  const at = run.elapsed();
  const { hit, end } = await beginFault({ site: run.site, fault, disturbed }).catch(
    (error: unknown) => ({ hit: `did not happen: ${String(error)}`, end: undefined }),
  );
  run.say(`${clockText(at)} ${fault.kind}${hit === undefined ? '' : `: ${hit}`}`);
  await processClock.sleep(fault.lasts * 1_000);
  await end?.();
  recorder.fault({
    at,
    until: run.elapsed(),
    kind: fault.kind,
    ...(hit !== undefined && { hit }),
  });
}

interface Stoppable {
  stop(): Promise<void>;
}

/** One sample after the other, so that a slow one delays the next. */
function keepSampling(run: Run, disturbed: Disturbed, recorder: Recorder): Stoppable {
  const ending = new AbortController();
  const loop = async (): Promise<void> => {
    for (let n = 0; !ending.signal.aborted; n++) {
      const sample = await sampleOf(run.site, {
        t: run.elapsed(),
        pending: run.meter.waiting().length,
        servers: run.served().size,
        mayAsk: disturbed.queueAway === 0,
        scrape: n % SCRAPE_EVERY === 0,
      });
      recorder.sample(sample);
      await processClock.sleep(SAMPLE_MS, ending.signal);
    }
  };
  const looped = loop();
  return {
    stop: () => {
      ending.abort();
      return looped;
    },
  };
}
