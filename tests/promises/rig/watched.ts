/**
 * One cluster with a watcher that something happens to at one of its calls; everybody else, from
 * the functions to the device, works as always.
 */
import type { LeaseTiming } from '../../../functions/watch/leader/leadership.ts';
import { createWatcher, type Watcher } from '../../../functions/watch/watcher.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { logTo } from '../../fixtures/log.ts';
import { type Call, countAll, type Gate, killAt, portsThrough } from '../support/gate.ts';
import { createCluster, type RigCluster } from './clusters.ts';
import { type Monitors, watchPromises } from './monitors.ts';
import { type Life, mortalClock } from './process.ts';
import { createRival } from './rival.ts';
import { configOf, SITES } from './sites.ts';
import { createWorld, RARELY, type World } from './world.ts';

const CLUSTER = 'east';

const SECOND = 1_000;
/** A replica that is restarted begins again after that. */
const RESTART_MS = 10 * SECOND;

/** What the scenarios do with a cluster and its replicas. */
export interface Watched {
  readonly world: World;
  readonly cluster: RigCluster;
  readonly monitors: Monitors;
  /** Starts a replica; `subject`: the one that something happens to. */
  start(identity: string, subject?: 'subject'): void;
  /** Ends a replica at once; it releases nothing. */
  kill(identity: string): void;
  /** Asks a replica to end in order. */
  stop(identity: string): void;
  /** Whether the last replica of this name goes on. */
  isAlive(identity: string): boolean;
  /** Lets seconds pass. */
  pass(seconds: number): Promise<void>;
}

/** What happens to one watcher; nothing goes wrong in `before`. */
export interface WatcherScenario {
  /** Seconds until everything is at rest, whatever went wrong. */
  readonly rest: number;
  /** The replica that starts when the subject has ended; absent: the same again. */
  readonly heir?: string;
  /** The subject ends in it anyway. */
  readonly isLast?: boolean;
  /** Absent: a Lease that outlives the scenario. */
  readonly lease?: LeaseTiming;
  readonly before: (watched: Watched) => Promise<void>;
  readonly during: (watched: Watched) => Promise<void>;
}

/** What is left when a scenario is over. */
export interface Ran {
  /** Those of the subject during the scenario. */
  readonly calls: readonly string[];
  readonly watched: Watched;
}

/** The gate for the subject; `isOfScenario`: not a call of `before`. */
export type GateOf = (isOfScenario: (call: Call) => boolean) => Gate;

/** Runs a scenario to its rest. */
export async function runWatched(
  scenario: WatcherScenario,
  gateOf: GateOf = () => countAll(),
): Promise<Ran> {
  let begins = Infinity;
  const gate = gateOf(({ number }) => number > begins);
  const watched = createWatched(gate, scenario);
  await scenario.before(watched);
  begins = gate.calls.length;
  await scenario.during(watched);
  const calls = gate.calls.slice(begins);
  await watched.pass(scenario.rest);
  return { calls, watched };
}

function createWatched(gate: Gate, { heir, lease }: WatcherScenario): Watched {
  const random = (): number => 0.5;
  const seen: { monitors?: Monitors } = {};
  const world = createWorld({
    config: configOf('plain'),
    random,
    queues: { onSend: (name, body) => seen.monitors?.message(name, body) },
  });
  const { clock } = world;
  const api = world.apis.get(CLUSTER)!;
  const cluster = createCluster({ id: CLUSTER, index: 0, api, clock, site: SITES.plain });
  const monitors = watchPromises({
    devices: world.devices.map((one) => ({
      ...one,
      rival: createRival(one.memory, one.partitions),
    })),
    clusters: [cluster],
    isFleet: false,
    moves: new Set(),
    dryRun: false,
    clock,
    hasPaths: false,
  });
  seen.monitors = monitors;
  api.onWrite = (write) => monitors.written(CLUSTER, write);
  api.onStorm = (what) => monitors.storm(CLUSTER, what);
  const lives = new Map<string, Life>();
  const watchers = new Map<string, Watcher>();
  let ids = 0;
  const start: Watched['start'] = (identity, subject) => {
    const life: Life = { isOver: false };
    lives.set(identity, life);
    if (subject !== undefined)
      void gate.death.then(() => {
        life.isOver = true;
        clock.after(RESTART_MS, () => start(heir ?? identity));
      });
    const ports = portsThrough(
      { kubernetes: api.client(), queues: world.queues },
      subject === undefined ? killAt(() => life.isOver, 'before') : gate,
    );
    const watcher = createWatcher({
      ...RARELY,
      ...(lease && { lease }),
      runtime: runtimeWith({
        config: configOf('plain'),
        queues: ports.queues,
        clock: mortalClock(clock, life),
        random,
        id: () => `00000000-0000-4000-9000-${String(++ids).padStart(12, '0')}`,
        log: logTo([]),
      }),
      client: ports.kubernetes,
      clusterId: CLUSTER,
      identity,
      leaseNamespace: 'default',
    });
    watchers.set(identity, watcher);
    void watcher.start();
  };
  return {
    world,
    cluster,
    monitors,
    start,
    kill: (identity) => {
      const life = lives.get(identity);
      if (life !== undefined) life.isOver = true;
    },
    isAlive: (identity) => lives.get(identity)?.isOver === false,
    stop: (identity) => void watchers.get(identity)?.stop(),
    pass: (seconds) => clock.pass(seconds * SECOND),
  };
}
