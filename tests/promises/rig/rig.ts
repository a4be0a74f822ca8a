/** Runs a schedule over the whole chain, and says which promises broke. */
import { QueueError } from '../../../shared/queue/port.ts';
import { type QueueOutages, queueOutages } from '../support/queue-outages.ts';
import { createCluster, type RigCluster } from './clusters.ts';
import { type Deed, DEEDS } from './deeds.ts';
import { type Monitors, type WatchedDevice, watchPromises } from './monitors.ts';
import { createOperator, type Operator } from './operator.ts';
import { problemsAtRest, problemsOn } from './rest.ts';
import { createRival } from './rival.ts';
import type { Act, Schedule } from './schedule.ts';
import { type Cluster, CLUSTERS, configOf, type Site, type SiteName, SITES } from './sites.ts';
import { createWorld, type World } from './world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Longer than a resync of the rig's watchers. */
const ROUND = 21 * MINUTE;
/** A silent watch ends after an hour; quarantines and conflicts with the resyncs after that. */
const ROUNDS = 10;

/** Ends of a run. */
export interface Outcome {
  readonly problems: readonly string[];
  readonly declares: number;
  readonly events: number;
}

/**
 * Runs a schedule to its end, and rests until nothing is wrong or nothing will get better; a dry run
 * ends with its schedule.
 */
export async function run({ seed, acts, site }: Schedule, dryRun = false): Promise<Outcome> {
  const rig = new Rig({ seed, site, dryRun });
  await rig.begin();
  for (const one of acts) {
    await rig.act(one);
    if (rig.monitors.violations.length > 0) break;
  }
  // A dry run has no rest: what it would have written is not there.
  const isOver = dryRun || rig.monitors.violations.length > 0;
  const problems = isOver ? [] : await rig.rest();
  return {
    problems: [...rig.monitors.violations, ...problems],
    declares: rig.monitors.declares,
    events: rig.world.queues.sent('snapshots').length + rig.world.queues.sent('slices').length,
  };
}

/** `seed`: of everything that is random. */
export interface RigOptions {
  readonly seed: number;
  readonly site?: SiteName | undefined;
  readonly dryRun: boolean;
}

/** One world under one schedule. */
export class Rig {
  readonly world: World;
  readonly monitors: Monitors;
  readonly clusters: readonly RigCluster[];
  readonly devices: readonly WatchedDevice[];
  readonly operator: Operator;
  readonly site: Site;
  readonly outages: QueueOutages;
  /** Calls of queues whose answers still get lost. */
  losing = 0;
  readonly #seed: number;

  constructor({ seed, site = 'plain', dryRun }: RigOptions) {
    const random = seeded(seed);
    this.site = SITES[site];
    this.#seed = seed;
    const watched: { monitors?: Monitors } = {};
    this.outages = queueOutages({ monotonic: () => this.world.clock.monotonic() });
    this.world = createWorld({
      config: configOf(site),
      random,
      dryRun,
      arePairs: this.site.network === 'vxlan',
      queues: {
        random,
        onSend: (name, body) => watched.monitors?.message(name, body),
        onBury: (name, message) => watched.monitors?.buried(name, message),
        before: this.outages.before,
        after: (call, name) => {
          if (call === 'receive' || this.losing === 0) return;
          this.losing -= 1;
          throw new QueueError('Q601', `${name} did not answer`);
        },
      },
    });
    const { apis, clock } = this.world;
    this.devices = this.world.devices.map((one) => {
      return { ...one, rival: createRival(one.memory, one.partitions) };
    });
    this.clusters = CLUSTERS.map((id, index) =>
      createCluster({ id, index, api: apis.get(id)!, clock, site: this.site }),
    );
    this.operator = createOperator(this.world);
    const monitors = watchPromises({
      devices: this.devices,
      clusters: this.clusters,
      isFleet: this.site.fleet !== undefined,
      moves: this.operator.moves,
      clock,
      hasPaths: this.site.network !== undefined,
      dryRun,
    });
    watched.monitors = monitors;
    this.monitors = monitors;
    for (const [id, api] of apis) {
      api.onWrite = (write) => monitors.written(id, write);
      api.onStorm = (what) => monitors.storm(id, what);
    }
  }

  /** One pod and one port each, and everything runs. */
  async begin(): Promise<void> {
    for (const one of this.clusters) one.pod(1, 'ready');
    this.at('east').gateway(1, true);
    for (const role of ['functions', ...CLUSTERS.map((id) => `watch ${id}` as const)] as const)
      this.world.start(role);
    await this.world.clock.pass(5 * SECOND);
  }

  async act(one: Act): Promise<void> {
    await (DEEDS[one.do] as Deed)(this, one);
    await this.world.clock.pass(0);
  }

  /** All faults end, and everybody gets the time that is promised. */
  async rest(): Promise<readonly string[]> {
    for (const { faults, rival } of this.devices) {
      faults.heal();
      rival.yield();
    }
    this.outages.end();
    this.losing = 0;
    for (const { api } of this.clusters) {
      api.power(true);
      api.losesAnswers = false;
    }
    for (const one of this.clusters) {
      one.nodes.restore();
      one.restore();
      one.settle();
    }
    if (this.devices.length > 1) {
      const problems = await this.#without(this.device(this.#seed));
      if (problems.length > 0) return problems;
    }
    return this.#resting(() => problemsAtRest(this));
  }

  /** Promise 5: as long as one device does not answer, the others are served. */
  async #without(away: WatchedDevice): Promise<readonly string[]> {
    away.faults.away(Infinity);
    const others = this.devices.filter((one) => one !== away);
    const problems = await this.#resting(() => others.flatMap((one) => problemsOn(one, this)));
    away.faults.heal();
    return problems.map((text) => `5: while ${away.name} is away: ${text}`);
  }

  /** Looks again until nothing is wrong or nothing will get better. */
  async #resting(look: () => readonly string[]): Promise<readonly string[]> {
    let problems: readonly string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await this.operator.insist();
      // People approve what is held: moves of nodes, and removals of many paths.
      if (this.site.partitions.length > 1 || this.site.network !== undefined)
        for (const one of this.clusters) await this.operator.approve(one);
      // The schedule of audit, which asks for removals of paths that no run is about.
      if (this.site.network !== undefined) void this.world.audit().catch(() => undefined);
      await this.world.clock.pass(ROUND);
      problems = look();
      if (problems.length === 0 || this.monitors.violations.length > 0) return problems;
    }
    return problems;
  }

  /** Absent number: the first one. */
  device(number = 0): WatchedDevice {
    return this.devices[number % this.devices.length]!;
  }

  at(id: Cluster): RigCluster {
    return this.clusters.find((one) => one.id === id)!;
  }
}

/** Numbers from 0 to 1 that follow from the seed. */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
