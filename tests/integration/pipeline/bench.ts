/**
 * map and apply in process, on a file queue in memory and against the lab's BIG-IP; the test
 * controls the time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { create as createApply } from '../../../functions/apply/handler.ts';
import { createResultRecorder } from '../../../functions/apply/record-results.ts';
import { create as createMap } from '../../../functions/map/handler.ts';
import { startBigip, type BigipOptions, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import { openDevices } from '../../../shared/host/devices.ts';
import { askForResync } from '../../../shared/queue/resync.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import { ConfigError } from '../../../shared/config/error.ts';
import type { Settled, Slice } from '../../../shared/domain/exposure/exposure.ts';
import {
  ownerKey,
  parseOwner,
  type Inventory,
  type Snapshot,
} from '../../../shared/domain/snapshot/snapshot.ts';
import { orderSubject, type Steering } from '../../../shared/domain/steering/steering.ts';
import { failuresOver, type Failures } from '../../../shared/failures/open.ts';
import { DEAD_LETTER_EVENTS, type DeadLetter } from '../../../shared/queue/dead-letter.ts';
import { parseEvent as openEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import {
  CLUSTER_INVENTORY,
  INGRESS_DESIRED,
  INGRESS_OBSERVED,
  SETTLED_EVENTS,
  SLICE_EVENTS,
  STEERING,
} from '../../../shared/queue/events.ts';
import { toRecord, type Handler } from '../../../shared/queue/handler.ts';
import {
  QueueError,
  type QueueName,
  type Queues,
  type WorkQueueName,
} from '../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { createSuspects } from '../../../shared/queue/suspects.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { memoryMarks } from '../../fixtures/marks.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { memoryStore, NO_VIEWS } from '../../fixtures/views.ts';

const FUNCTION_TIME = 120_000;
export const VISIBILITY = 150_000;

export interface TestClock extends Clock {
  pass(ms: number): void;
}

/** Sleeping advances the time at once; waiting for a device only takes a turn of the event loop. */
function testClock(): TestClock {
  let now = Date.UTC(2026, 10, 22);
  return {
    now: () => now,
    monotonic: () => now,
    pass: (ms) => {
      now += ms;
    },
    sleep: async (ms) => {
      now += ms;
      await pause(Math.min(ms, 2));
    },
  };
}

/**
 * The result of one batch of a function: ids of the records to retry, and of those that are done.
 */
export interface Delivery {
  readonly again: readonly string[];
  readonly done: readonly string[];
}

export interface Bench {
  /** For operations. */
  readonly runtime: Runtime;
  readonly clock: TestClock;
  readonly queues: Queues;
  readonly devices: Readonly<Record<'bigip-1' | 'bigip-2', LabBigip>>;
  /** Passwords by device; tests change or remove them. */
  readonly secrets: Map<string, string>;
  readonly log: readonly object[];
  /** While true, sending to `slices` fails. */
  refuseSlices: (body: string) => boolean;
  /**
   * While true, records that are done stay in the queue, as when the host crashes before it deletes
   * them.
   */
  loseDeletions: boolean;
  /** From now on, the failure store does not answer. */
  breakStore(): void;
  sendSnapshot(snapshot: Snapshot): Promise<void>;
  sendInventory(inventory: Inventory): Promise<void>;
  sendSlice(slice: Slice): Promise<void>;
  steer(order: Steering): Promise<void>;
  /** Handles one batch as the event source would; records that are done are deleted. */
  map(): Promise<Delivery>;
  apply(): Promise<Delivery>;
  /** One turn of the waiting changes, as the schedule starts it; the result by device. */
  turns(): Promise<readonly string[]>;
  slices(): Promise<readonly Slice[]>;
  settled(cluster?: string): Promise<readonly Settled[]>;
  deadLetters(queue: WorkQueueName): Promise<readonly DeadLetter[]>;
  /** `address:port` of every virtual server. */
  virtualServers(device?: 'bigip-1' | 'bigip-2'): readonly string[];
  close(): Promise<void>;
}

export const CLUSTERS = ['east', 'west'] as const;
export const SERVICE = 'istio-system/istio-ingressgateway';

/** Additional configuration of a cluster, such as its keys. */
export type ClusterExtras = Readonly<Partial<Record<(typeof CLUSTERS)[number], object>>>;

/** The tunnel of a cluster that is reached through one is `/Common/<cluster>`. */
function tunnelsOf(extras: ClusterExtras): Readonly<Record<string, string>> {
  const tunnelled = Object.entries(extras).filter(
    ([, extra]) => 'network' in extra && JSON.stringify(extra.network).includes('vxlan'),
  );
  return Object.fromEntries(tunnelled.map(([id]) => [id, `/Common/${id}`]));
}

function config(urls: Readonly<Record<string, string>>, extras: ClusterExtras): Runtime['config'] {
  const devices = Object.entries(urls).map(([name, url]) => ({
    name,
    url,
    username: 'admin',
    password: `env:${name}`,
    tls: { ca: `env:ca-${name}` },
    partitions: ['k8s'],
    networks: { tunnels: tunnelsOf(extras) },
    requestTimeout: 5,
  }));
  const ingresses = CLUSTERS.map((cluster, i) => ({
    cluster,
    service: SERVICE,
    devices: Object.keys(urls),
    virtualAddress: `172.16.100.19${5 + i}`,
  }));
  return parseConfig(
    JSON.stringify({ devices, clusters: CLUSTERS.map((id) => ({ id, ...extras[id] })), ingresses }),
    'test',
    1,
  );
}

export async function startBench(
  options: BigipOptions = {},
  extras: ClusterExtras = {},
  /** Of the second device, if they differ: two of them cannot listen at one address. */
  second: BigipOptions = {},
): Promise<Bench> {
  const clock = testClock();
  const quick = { dataPath: false, timings: { declare: 1, memberWrite: 1 }, ...options };
  const devices = {
    'bigip-1': await startBigip(quick),
    'bigip-2': await startBigip({ ...quick, ...second }),
  };
  // Separate for each bench, so that changes that wait in one test do not affect the next one.
  const failures = failuresOver(memoryBlobs(), { clock, id: () => id() });
  let storeIsAway = false;
  let ids = 0;
  const id = (): string => `id-${(ids += 1)}`;
  const file = createSqliteQueues({ path: ':memory:', clock, id });
  const log: object[] = [];
  const logger: Logger = {
    debug: () => undefined,
    info: (fields, message) => void log.push({ ...fields, message }),
    warn: (fields, message) => void log.push({ ...fields, message }),
    error: (fields, message) => void log.push({ ...fields, message }),
    child: () => logger,
  };
  const secrets = new Map(
    Object.entries(devices).flatMap(
      ([name, device]) =>
        [
          [name, device.password],
          [`ca-${name}`, device.ca],
        ] as const,
    ),
  );
  const queues: Queues = {
    ...file,
    queue: (name) => {
      const queue = file.queue(name);
      if (name !== 'slices') return queue;
      return {
        ...queue,
        send: (message) =>
          bench.refuseSlices(message.body)
            ? Promise.reject(new QueueError('Q601', 'queue slices is away'))
            : queue.send(message),
      };
    },
  };
  const runtime = runtimeWith({
    config: config(
      { 'bigip-1': devices['bigip-1'].url, 'bigip-2': devices['bigip-2'].url },
      extras,
    ),
    secrets: {
      resolve: (reference) => {
        const value = secrets.get(reference.replace('env:', ''));
        return value === undefined
          ? Promise.reject(
              new ConfigError('GW102', `secret ${reference}`, [
                { path: '', message: 'is not there' },
              ]),
            )
          : Promise.resolve(value);
      },
    },
    queues,
    clock,
    id,
    random: () => 1,
    log: logger,
  });
  const map = createMap(runtime, createSuspects(memoryMarks(), runtime), memoryStore());
  const open = (): Promise<Failures> =>
    storeIsAway ? Promise.reject(new Error('the store is away')) : Promise.resolve(failures);
  const apply = createApply(
    runtime,
    openDevices(runtime, (behind) => askForResync(runtime, behind)),
    createResultRecorder(runtime, open),
    {
      place: async () => (await open()).waiting,
      schedules: () => Promise.resolve(failures),
      views: NO_VIEWS,
      suspects: createSuspects(memoryMarks(), runtime),
    },
  );

  async function deliver(name: WorkQueueName, handler: Handler): Promise<Delivery> {
    const queue = file.queue(name);
    const batch = await queue.receive({ max: 10, waitMs: 0, visibilityMs: VISIBILITY });
    const deadline = clock.now() + FUNCTION_TIME;
    const answer = await handler(
      { Records: batch.map((message) => toRecord(message, `arn:aws:sqs:local:0:${name}.fifo`)) },
      {
        awsRequestId: id(),
        functionName: name,
        functionVersion: '7',
        getRemainingTimeInMillis: () => deadline - clock.now(),
      },
    );
    const again = (answer?.batchItemFailures ?? []).map((item) => item.itemIdentifier);
    const done = batch.filter((message) => !again.includes(message.id));
    for (const message of bench.loseDeletions ? [] : done) await queue.delete(message.receipt);
    return { again, done: done.map((message) => message.id) };
  }

  async function drain<T>(name: QueueName, read: (body: string) => T): Promise<readonly T[]> {
    const queue = file.queue(name);
    const found: T[] = [];
    for (;;) {
      const batch = await queue.receive({ max: 10, waitMs: 0, visibilityMs: VISIBILITY });
      if (batch.length === 0) return found;
      for (const message of batch) {
        found.push(read(message.body));
        await queue.delete(message.receipt);
      }
    }
  }

  const meta = (subject: string): Parameters<typeof serialiseEvent>[2] => ({
    id: id(),
    cluster: subject.split('/')[0] ?? '',
    subject,
    time: new Date(clock.now()).toISOString(),
  });
  const bench: Bench = {
    runtime,
    clock,
    queues,
    devices,
    secrets,
    log,
    refuseSlices: () => false,
    loseDeletions: false,
    breakStore: () => {
      storeIsAway = true;
    },
    sendSnapshot: async (snapshot) => {
      const owner = ownerKey(snapshot.cluster, snapshot.ingress);
      await file.queue('snapshots').send({
        group: owner,
        deduplicationId: id(),
        body: serialiseEvent(INGRESS_OBSERVED, snapshot, meta(owner)),
      });
    },
    sendInventory: async (inventory) => {
      await file.queue('snapshots').send({
        group: inventory.cluster,
        deduplicationId: id(),
        body: serialiseEvent(CLUSTER_INVENTORY, inventory, meta(inventory.cluster)),
      });
    },
    steer: async (order) => {
      await file.queue('slices').send({
        group: order.device,
        deduplicationId: id(),
        body: serialiseEvent(STEERING, order, meta(orderSubject(order))),
      });
    },
    sendSlice: async (slice) => {
      await file.queue('slices').send({
        group: slice.device,
        deduplicationId: id(),
        body: serialiseEvent(INGRESS_DESIRED, slice, meta(slice.owner)),
      });
    },
    map: () => deliver('snapshots', map),
    apply: () => deliver('slices', apply),
    turns: async () => (await apply.turns()).map(({ device, turn }) => `${device} ${turn}`),
    slices: () => drain('slices', (body) => opened(openEvent(body, SLICE_EVENTS)).data),
    settled: (cluster = 'east') =>
      drain(`settled-${cluster}`, (body) => opened(openEvent(body, SETTLED_EVENTS)).data),
    deadLetters: (queue) =>
      drain(`${queue}-dead`, (body) => opened(openEvent(body, DEAD_LETTER_EVENTS)).data),
    virtualServers: (device = 'bigip-1') =>
      devices[device]
        .view()
        .partitions.flatMap((p) => p.virtualServers.map((v) => v.destination))
        .toSorted(),
    close: async () => {
      await apply.close();
      await file.close();
      for (const device of Object.values(devices)) await device.close();
    },
  };
  return bench;
}

function opened<T>(
  event: { readonly ok: T } | { readonly refused: { readonly reason: string } },
): T {
  if ('refused' in event) throw new Error(event.refused.reason);
  return event.ok;
}

/** The owner of the slice, for tests with several owners. */
export function ownedBy(cluster: (typeof CLUSTERS)[number]): Pick<Slice, 'owner' | 'clusterUid'> {
  const { ingress } = parseOwner(`${cluster}/${SERVICE}`);
  return { owner: ownerKey(cluster, ingress), clusterUid: `uid-${cluster}` };
}
