/**
 * apply with everything around it in memory: queue, clock, device, and a process that can be killed
 * at any write.
 */
import { create } from '../../../functions/apply/handler.ts';
import type { Capabilities } from '../../../shared/device/capabilities.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import type { Settled, Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { Absence } from '../../../shared/domain/snapshot/absence.ts';
import {
  isOwnerOrder,
  type Approval,
  type Steering,
} from '../../../shared/domain/steering/steering.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import type { DeadLetter } from '../../../shared/queue/dead-letter.ts';
import { DEAD_LETTER_EVENTS } from '../../../shared/queue/dead-letter.ts';
import type { Audit } from '../../../shared/queue/events.ts';
import {
  AUDIT,
  INGRESS_ABSENT,
  INGRESS_DESIRED,
  SETTLED_EVENTS,
  STEERING,
} from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import type { Queue } from '../../../shared/queue/port.ts';
import { createSuspects } from '../../../shared/queue/suspects.ts';
import type { Devices } from '../../../shared/device/device.ts';
import { createResultRecorder } from '../../../functions/apply/record-results.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { createPathMeter, type PathMeter } from '../../../shared/telemetry/path-meter.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { createViewKeeper } from '../../../shared/failures/view-keeper.ts';
import type { MemoryDevice } from '../../fixtures/device.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import type { Blobs } from '../../../shared/failures/blobs.ts';
import { memoryMarks } from '../../fixtures/marks.ts';
import type { VirtualClock } from './clock.ts';
import { virtualClock } from './clock.ts';
import type { Gate } from './gate.ts';
import { openGate, portsThrough } from './gate.ts';
import type { MemoryQueues } from './queues.ts';
import { memoryQueues } from './queues.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { NO_VIEWS } from '../../fixtures/views.ts';

export const CLUSTERS = ['east', 'west', 'north', 'south'] as const;
export const ownerOf = (cluster: string): string => `${cluster}/istio-system/istio-ingressgateway`;

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface World {
  readonly config: SluiceConfig;
  readonly clock: VirtualClock;
  readonly queues: MemoryQueues;
  readonly device: MemoryDevice;
  readonly log: readonly LogLine[];
  readonly pathMeter: PathMeter;
  /** The changes that wait for the device, and what the processes remember about them. */
  readonly waiting: Failures['waiting'];
  send(slice: Slice): Promise<void>;
  approve(approval: Omit<Approval, 'action' | 'device'>): Promise<void>;
  steer(order: Steering): Promise<void>;
  miss(absence: Absence): Promise<void>;
  audit(partitions: readonly string[], more?: Pick<Audit, 'adopt' | 'takeOver'>): Promise<void>;
  /**
   * Runs one batch; resolves with whether there was one. If the process crashes, its messages are
   * redelivered.
   */
  step(gate?: Gate): Promise<boolean>;
  /** One scheduled check of the waiting changes. */
  turn(gate?: Gate): Promise<void>;
  /**
   * Runs batches until nothing is left or the time is over, with a check each minute while changes
   * wait for the device.
   */
  drain(limit?: number): Promise<void>;
  settled(): readonly Settled[];
  /** Called with every result as it is sent. */
  onSettled: (settled: Settled) => void;
  deadLetters(): readonly DeadLetter[];
}

const VISIBILITY = 150_000;
const MINUTE = 60_000;

export interface WorldOptions {
  readonly partitions?: readonly string[];
  readonly random?: () => number;
  /** As in `sluice.yaml`. */
  readonly fleets?: readonly object[];
  /** Directory of the waiting changes; absent: in memory. */
  readonly blobs?: Blobs;
  /** The kind of device; default: BIG-IP. */
  readonly capabilities?: Capabilities | undefined;
  /** Clusters whose pods are reached by paths; the tunnel of each is `/Common/<cluster>`. */
  readonly modes?: Readonly<Record<string, 'routes' | 'vxlan'>>;
  /** Processes that share the queue and the store, and take turns. */
  readonly replicas?: number;
  /** Whether apply keeps history, views and when clusters were heard; default: it does not. */
  readonly remembers?: boolean;
}

/** No failure store: nothing is read from or written to disk. */
const NO_HISTORY = {
  note: () => Promise.resolve(),
  tell: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

export function createWorld({
  partitions = ['k8s'],
  random = () => 0.5,
  fleets = [],
  blobs = memoryBlobs(),
  capabilities,
  modes = {},
  replicas = 1,
  remembers = false,
}: WorldOptions = {}): World {
  const clock = virtualClock();
  const settledIn = settledMessages();
  const queues = memoryQueues(clock, {
    onSend: (name, body) => {
      const settled = name.startsWith('settled-') ? settledIn(body) : undefined;
      if (settled !== undefined) world.onSettled(settled);
    },
  });
  const device = memoryDevice('bigip-1', capabilities);
  const log: LogLine[] = [];
  const config = configOf(partitions, fleets, modes);
  const marks = memoryMarks();
  const pathMeter = createPathMeter();
  let ids = 0;
  const devices: Devices = {
    get: () => Promise.resolve(device),
    close: () => Promise.resolve(),
  };
  const ports = { queues, devices, blobs, marks, clock };
  const storeOver = (through: Pick<typeof ports, 'blobs' | 'clock'>): Failures =>
    failuresOver(through.blobs, { clock: through.clock, id: () => `blob-${++ids}` });
  const { waiting } = storeOver(ports);
  const process = (gate: Gate): ReturnType<typeof create> => {
    const through = gate.fatal ? portsThrough(ports, gate) : ports;
    const runtime: Runtime = runtimeWith({
      // What a process remembers by its configuration is its own.
      config: gate.fatal ? { ...config } : config,
      queues: through.queues,
      clock: through.clock,
      random,
      id: () => `id-${++ids}`,
      log: logger(log),
      pathMeter,
      secrets: { resolve: () => Promise.resolve('') },
    });
    const open = (): Promise<Failures> => Promise.resolve(storeOver(through));
    return create(
      runtime,
      through.devices,
      remembers ? createResultRecorder(runtime, open) : NO_HISTORY,
      {
        place: async () => (await open()).waiting,
        views: remembers ? createViewKeeper(runtime, open) : NO_VIEWS,
        schedules: open,
        repairs: async () => (await open()).repairs,
        suspects: createSuspects(through.marks, runtime),
        ...(remembers && { heard: open }),
      },
    );
  };
  const living = Array.from({ length: replicas }, () => process(openGate()));
  const scheduled = Array.from({ length: replicas }, () => process(openGate()));
  let batches = 0;
  const put = (type: string, data: object, owner: string): Promise<void> => {
    const id = `event-${++ids}`;
    return queues.queue('slices').send({
      group: 'bigip-1',
      deduplicationId: id,
      body: serialiseEvent(type, data, {
        id,
        cluster: owner.split('/')[0]!,
        subject: owner,
        time: new Date(clock.now()).toISOString(),
      }),
    });
  };
  const work = async (handle: ReturnType<typeof create>, through: Queue): Promise<boolean> => {
    // A host goes on if the queue does not answer.
    const messages = await through
      .receive({ max: 10, waitMs: 0, visibilityMs: VISIBILITY })
      .catch(() => []);
    if (messages.length === 0) return false;
    const deadline = clock.now() + 120_000;
    const context = {
      awsRequestId: 'r',
      functionName: 'apply',
      functionVersion: '1',
      getRemainingTimeInMillis: () => Math.max(0, deadline - clock.now()),
    };
    const answer = await handle(
      { Records: messages.map((m) => toRecord(m, 'arn:aws:sqs:local:0:slices.fifo')) },
      context,
    ).catch(() => undefined);
    const failed = new Set(
      answer ? answer.batchItemFailures.map((f) => f.itemIdentifier) : messages.map((m) => m.id),
    );
    for (const m of messages)
      if (!failed.has(m.id)) await through.delete(m.receipt).catch(() => undefined);
    return true;
  };
  const step = async (gate: Gate = openGate()): Promise<boolean> => {
    // A new process has none of the memory of the previous one.
    const through = gate.fatal ? portsThrough(ports, gate).queues : queues;
    const turnOf = (batches += 1) % replicas;
    const handle = gate.fatal ? process(gate) : living[turnOf]!;
    const isBusy = await Promise.race([
      work(handle, through.queue('slices')),
      gate.death.then(() => true),
    ]);
    if (gate.dead) {
      living[turnOf] = process(openGate());
      endHost();
    }
    return isBusy;
  };
  const turn = async (gate: Gate = openGate()): Promise<void> => {
    for (const each of gate.fatal ? [process(gate)] : scheduled)
      await Promise.race([each.turns().catch(() => undefined), gate.death]);
    if (gate.dead) {
      scheduled[0] = process(openGate());
      endHost();
    }
  };
  const isWaited = async (): Promise<boolean> =>
    (await waiting.marks()).some(({ state }) => state !== 'here') ||
    (await waiting.list()).length > 0;
  const drain = async (limit = 24 * 60 * 60_000): Promise<void> => {
    const end = clock.now() + limit;
    let due = clock.now() + MINUTE;
    for (;;) {
      const at = Math.min(
        queues.nextAt('slices') ?? Infinity,
        (await isWaited()) ? Math.max(due, clock.now()) : Infinity,
      );
      if (at > end) return;
      clock.advance(Math.max(0, at - clock.now()));
      if (at >= due) {
        due = clock.now() + MINUTE;
        await turn();
      } else await step();
    }
  };
  const world: World = {
    config,
    clock,
    queues,
    device,
    log,
    pathMeter,
    waiting,
    send: (slice) => put(INGRESS_DESIRED, slice, slice.owner),
    approve: (approval) =>
      put(STEERING, { action: 'approve', device: 'bigip-1', ...approval }, approval.owner),
    steer: (order) =>
      put(STEERING, order, isOwnerOrder(order) ? order.owner : ownerOf(order.cluster)),
    miss: (absence) => put(INGRESS_ABSENT, absence, ownerOf(absence.cluster)),
    audit: (names, more) =>
      put(
        AUDIT,
        { device: 'bigip-1', partitions: names, reason: 'a test', ...more },
        ownerOf('east'),
      ),
    step,
    turn,
    drain,
    settled: () =>
      CLUSTERS.flatMap((c) =>
        queues.sent(`settled-${c}`).flatMap(({ body }) => settledIn(body) ?? []),
      ),
    onSettled: () => undefined,
    deadLetters: () =>
      queues.sent('slices-dead').map((m) => dataOf(m.body, DEAD_LETTER_EVENTS) as DeadLetter),
  };
  return world;
}

/** What all functions of one operating-system process share (queue/gate.ts) ends with it. */
function endHost(): void {
  Reflect.deleteProperty(globalThis, Symbol.for('sluice.room'));
}

const configs = new Map<string, SluiceConfig>();

/** Parsed once; each world has its own, because processes of one share what they know by it. */
function configOf(...given: Parameters<typeof parsedConfig>): SluiceConfig {
  const key = JSON.stringify(given);
  const known = configs.get(key) ?? parsedConfig(...given);
  configs.set(key, known);
  return { ...known };
}

function parsedConfig(
  partitions: readonly string[],
  fleets: readonly object[],
  modes: NonNullable<WorldOptions['modes']>,
): SluiceConfig {
  const tunnelled = CLUSTERS.filter((id) => modes[id] === 'vxlan');
  const tunnels = Object.fromEntries(tunnelled.map((id) => [id, `/Common/${id}`]));
  return SluiceConfig.parse({
    generation: 1,
    devices: [
      {
        name: 'bigip-1',
        url: 'https://192.0.2.1',
        username: 'u',
        password: 'env:P',
        partitions,
        networks: { tunnels },
      },
    ],
    clusters: CLUSTERS.map((id) => ({ id, network: { mode: modes[id] ?? 'none' } })),
    fleets,
    ingresses: CLUSTERS.map((cluster) => ({
      cluster,
      service: 'istio-system/istio-ingressgateway',
      devices: ['bigip-1'],
      virtualAddress: '172.16.100.195',
    })),
  });
}

/** Each message is parsed once. Watchers receive requests for a snapshot through the same queue. */
function settledMessages(): (body: string) => Settled | undefined {
  const known = new Map<string, Settled | undefined>();
  return (body) => {
    if (!known.has(body)) {
      const opened = parseEvent(body, SETTLED_EVENTS);
      known.set(body, 'ok' in opened ? opened.ok.data : undefined);
    }
    return known.get(body);
  };
}

function dataOf(body: string, events: Parameters<typeof parseEvent>[1]): unknown {
  const opened = parseEvent(body, events);
  if (!('ok' in opened)) throw new Error(opened.refused.reason);
  return opened.ok.data;
}

function logger(lines: LogLine[]): Logger {
  const at = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, message, ...fields });
  const one: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => one,
  };
  return one;
}
