/**
 * The whole chain in one process, on virtual time: clusters, their watchers, queues, functions and
 * a device.
 */
import { create as createApply } from '../../../functions/apply/handler.ts';
import { create as createAudit } from '../../../functions/audit/handler.ts';
import { create as createExpress } from '../../../functions/express/handler.ts';
import { create as createMap } from '../../../functions/map/handler.ts';
import { createWatcher } from '../../../functions/watch/watcher.ts';
import { BIGIP } from '../../../shared/bigip/capabilities.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Steering } from '../../../shared/domain/steering/steering.ts';
import type { Device, Devices } from '../../../shared/device/device.ts';
import { dryRunDevice } from '../../../shared/device/dry-run.ts';
import type { NodeAccess } from '../../../shared/device/nodes.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import type { Store } from '../../../shared/failures/opened-once.ts';
import { createSharedTries } from '../../../shared/failures/shared-tries.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { startEventSource } from '../../../shared/queue/event-source.ts';
import { sendOrders } from '../../../shared/queue/steering.ts';
import { FUNCTIONS } from '../../../shared/queue/functions.ts';
import type { Handler } from '../../../shared/queue/handler.ts';
import { createSuspects } from '../../../shared/queue/suspects.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { memoryDevice, type MemoryDevice } from '../../fixtures/device.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { logTo } from '../../fixtures/log.ts';
import { memoryMarks } from '../../fixtures/marks.ts';
import { NO_VIEWS } from '../../fixtures/views.ts';
import { type MemoryQueues, type MemoryQueuesOptions, memoryQueues } from '../support/queues.ts';
import { type RigClock, rigClock } from './clock.ts';
import { createApi, type RigApi } from './kubernetes.ts';
import { disturbed, type RigDevice } from './device.ts';
import { type Life, mortal, mortalClock } from './process.ts';

/** What a world is made of. */
export interface WorldOptions {
  readonly config: SluiceConfig;
  /** From 0 to 1; with one seed it gives one world. */
  readonly random: () => number;
  readonly queues?: MemoryQueuesOptions;
  /** All processes run with `--dry-run`. */
  readonly dryRun?: boolean | undefined;
  /** Each device is a pair whose units both answer. */
  readonly arePairs?: boolean | undefined;
}

/** What a process can be killed and started as. */
export type Role = 'functions' | `watch ${string}`;

/** A device as it is, and as functions see it. */
export interface WorldDevice {
  readonly name: string;
  readonly partitions: readonly string[];
  readonly memory: MemoryDevice;
  readonly faults: RigDevice;
}

export interface World {
  readonly config: SluiceConfig;
  readonly clock: RigClock;
  readonly queues: MemoryQueues;
  readonly devices: readonly WorldDevice[];
  /** By cluster. */
  readonly apis: ReadonlyMap<string, RigApi>;
  readonly log: readonly Record<string, unknown>[];
  start(role: Role): void;
  kill(role: Role): void;
  audit(): Promise<void>;
  /** A person orders; what the queue does not take is lost. */
  order(orders: readonly Steering[]): Promise<void>;
}

/** As in `sluice up`: messages of a killed process return after this. */
const LEASE_MS = 6_000;
/** A run takes hours of virtual time: what only repeats is rare. */
export const RARELY = {
  resyncMs: 20 * 60_000,
  timing: {
    watchMs: 60 * 60_000,
    relistMs: 6 * 60 * 60_000,
    rediscoverMs: 60 * 60_000,
    overdueMs: 60_000,
  },
  lease: { durationMs: 40 * 60_000, validMs: 30 * 60_000, renewMs: 10 * 60_000, lookMs: 60_000 },
} as const;

/** No failure store: nothing is read from or written to disk. */
const NO_HISTORY = {
  note: () => Promise.resolve(),
  tell: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** As long as the process lives: a call that fails is made again with the next one. */
async function everyMinute(clock: Clock, work: () => Promise<void>): Promise<never> {
  for (;;) {
    await clock.sleep(60_000);
    await work().catch(() => undefined);
  }
}

/** What the session of a dry run does with writes of nodes, which the dry run itself passes on. */
function writingNoNodes(device: Device): Device {
  const reconcileMembers = (): Promise<readonly string[]> => Promise.resolve([]);
  return { ...device, reconcileMembers, writeBack: reconcileMembers };
}

function readingOnly(nodes: NodeAccess): NodeAccess {
  return {
    ...nodes,
    write: () => Promise.resolve('written'),
    reconcile: () => Promise.resolve([]),
  };
}

export function createWorld(options: WorldOptions): World {
  const { config, random, dryRun = false, arePairs = false } = options;
  const clock = rigClock();
  const queues = memoryQueues(clock, options.queues);
  const devices = config.devices.map(({ name, partitions }): WorldDevice => {
    const memory = memoryDevice(name, BIGIP);
    if (arePairs) memory.paths.peer = 'there';
    return {
      name,
      partitions,
      memory,
      faults: disturbed({ memory, partitions, clock, random }),
    };
  });
  const log: Record<string, unknown>[] = [];
  const blobs = memoryBlobs(() => clock.now());
  const marks = memoryMarks();
  let ids = 0;
  const id = (): string => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`;
  const apis = new Map(config.clusters.map((one) => [one.id, createApi(clock, id)]));
  const lives = new Map<Role, Life>();
  const runtimeOf = (life: Life): Runtime => ({
    config,
    queues: { queue: (name) => mortal(queues.queue(name), life), close: () => Promise.resolve() },
    clock: mortalClock(clock, life),
    random,
    id,
    log: logTo(log),
    dryRun,
    secrets: { resolve: () => Promise.resolve('') },
  });
  const storeOf = (runtime: Runtime): Store => {
    const failures = failuresOver(blobs, runtime);
    return { open: () => Promise.resolve(failures), close: () => Promise.resolve() };
  };
  const devicesOf = (life: Life, seenAs = (one: RigDevice): Device => one.device): Devices => {
    const seen = new Map(
      devices.map(({ name, faults }) => {
        const device = seenAs(faults);
        const own = dryRun ? dryRunDevice(writingNoNodes(device), logTo(log)) : device;
        return [name, mortal(own, life)];
      }),
    );
    return { get: ({ name }) => Promise.resolve(seen.get(name)!), close: () => Promise.resolve() };
  };
  const startFunctions = (life: Life): void => {
    const runtime = runtimeOf(life);
    const store = storeOf(runtime);
    const suspects = createSuspects(marks, runtime);
    const counted = ({ tries, device }: RigDevice): Device => tries.apply.counting(device);
    const nodesOf = ({ tries, nodes: one }: RigDevice): NodeAccess =>
      tries.express.counting(dryRun ? readingOnly(one) : one);
    const nodes = new Map(devices.map(({ name, faults }) => [name, mortal(nodesOf(faults), life)]));
    const failures = store.open();
    const apply = createApply(runtime, devicesOf(life, counted), NO_HISTORY, {
      place: async () => (await failures).waiting,
      views: NO_VIEWS,
      schedules: () => failures,
      repairs: async () => (await failures).repairs,
      heard: () => failures,
      suspects,
    });
    void everyMinute(runtime.clock, async () => {
      const { waiting } = await failures;
      if ((await waiting.marks()).length > 0 || (await waiting.list()).length > 0)
        await apply.turns();
    });
    const handlers: Readonly<Record<string, Handler>> = {
      map: createMap(runtime, suspects, store),
      apply,
      express: createExpress(runtime, {
        tries: createSharedTries(runtime, () => failures),
        connections: {
          get: ({ name }) => Promise.resolve(nodes.get(name)!),
          forget: () => Promise.resolve(),
          close: () => Promise.resolve(),
        },
      }),
    };
    for (const { name, queue, ...settings } of FUNCTIONS) {
      const handler = handlers[name];
      if (handler !== undefined)
        startEventSource({
          ...settings,
          queue: runtime.queues.queue(queue),
          handler,
          functionName: name,
          lease: LEASE_MS,
          waitMs: 10 * 60_000,
          clock: runtime.clock,
          id,
          log: runtime.log,
        });
    }
  };
  const startWatcher = (cluster: string, life: Life): void => {
    const api = apis.get(cluster)!;
    const watcher = createWatcher({
      ...RARELY,
      runtime: runtimeOf(life),
      client: mortal(api.client(), life),
      clusterId: cluster,
      identity: `watch-${cluster}`,
      leaseNamespace: 'default',
    });
    void watcher.start();
  };
  return {
    config,
    clock,
    queues,
    devices,
    apis,
    log,
    start: (role) => {
      if (lives.get(role)?.isOver === false) return;
      const life: Life = { isOver: false };
      lives.set(role, life);
      if (role === 'functions') startFunctions(life);
      else startWatcher(role.slice('watch '.length), life);
    },
    kill: (role) => {
      const life = lives.get(role);
      if (life !== undefined) life.isOver = true;
    },
    order: (orders) => sendOrders({ queues, clock, id }, orders).catch(() => undefined),
    audit: async () => {
      const life: Life = { isOver: false };
      const runtime = runtimeOf(life);
      await createAudit(runtime, devicesOf(life), storeOf(runtime)).audit();
    },
  };
}
