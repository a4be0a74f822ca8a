/** Runs a schedule over the whole chain, and says which promises broke. */
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { QueueError, type QueueName } from '../../../shared/queue/port.ts';
import { createCluster, type RigCluster } from './clusters.ts';
import { type Deed, DEEDS } from './deeds.ts';
import { type Monitors, watchPromises } from './monitors.ts';
import { problemsAtRest } from './rest.ts';
import { createRival, type Rival } from './rival.ts';
import { type Act, type Cluster, CLUSTERS, type Schedule } from './schedule.ts';
import { createWorld, type World } from './world.ts';

const CONFIG = SluiceConfig.parse({
  generation: 1,
  devices: [
    {
      name: 'bigip-1',
      url: 'https://192.0.2.1',
      username: 'u',
      password: 'env:P',
      partitions: ['k8s'],
    },
  ],
  clusters: CLUSTERS.map((id) => ({ id })),
  ingresses: CLUSTERS.map((cluster) => ({
    cluster,
    service: 'istio-system/istio-ingressgateway',
    devices: ['bigip-1'],
    virtualAddress: '172.16.100.195',
  })),
});

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
export async function run({ seed, acts }: Schedule, dryRun = false): Promise<Outcome> {
  const rig = new Rig(seed, dryRun);
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

/** One world under one schedule. */
export class Rig {
  readonly world: World;
  readonly monitors: Monitors;
  readonly clusters: readonly RigCluster[];
  readonly rival: Rival;
  /** Until when a queue does not answer, monotonic. */
  readonly away = new Map<QueueName, number>();
  /** Calls of queues whose answers still get lost. */
  losing = 0;

  constructor(seed: number, dryRun = false) {
    const random = seeded(seed);
    const watched: { monitors?: Monitors } = {};
    this.world = createWorld({
      config: CONFIG,
      random,
      dryRun,
      queues: {
        random,
        onSend: (name, body) => watched.monitors?.message(name, body),
        before: (_call, name) => {
          if ((this.away.get(name) ?? 0) > this.world.clock.monotonic())
            throw new QueueError('Q601', `${name} does not answer`);
        },
        after: (call, name) => {
          if (call === 'receive' || this.losing === 0) return;
          this.losing -= 1;
          throw new QueueError('Q601', `${name} did not answer`);
        },
      },
    });
    const { apis, clock, device, faults } = this.world;
    this.rival = createRival(device);
    this.clusters = CLUSTERS.map((id, i) => createCluster(id, i, apis.get(id)!, clock));
    const monitors = watchPromises({
      device,
      faults,
      rival: this.rival,
      clusters: this.clusters,
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
    const { clock, faults } = this.world;
    faults.heal();
    this.rival.yield();
    this.away.clear();
    this.losing = 0;
    for (const { api } of this.clusters) {
      api.power(true);
      api.losesAnswers = false;
    }
    for (const one of this.clusters) one.restore();
    let problems: readonly string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await clock.pass(ROUND);
      problems = problemsAtRest(this.world, this.clusters);
      if (problems.length === 0 || this.monitors.violations.length > 0) return problems;
    }
    return problems;
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
