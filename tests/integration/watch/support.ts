import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type Watcher, type WatcherOptions } from '../../../functions/watch/main.ts';
import {
  startKubernetes,
  type KubernetesObject,
  type LabKubernetes,
  type LabKubernetesOptions,
} from '../../../infra/lab/kubernetes/index.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import type { IngressConfig } from '../../../shared/config/schema.ts';
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import type { Leaving } from '../../../shared/domain/express/event.ts';
import type { Inventory, Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import {
  CLUSTER_INVENTORY,
  INGRESS_OBSERVED,
  INGRESS_SETTLED,
  LEAVING_EVENTS,
  MEMBER_LEAVING,
  SNAPSHOT_EVENTS,
} from '../../../shared/queue/events.ts';
import {
  QueueError,
  type OutgoingMessage,
  type Queue,
  type QueueMessage,
  type QueueName,
  type Queues,
} from '../../../shared/queue/port.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

/** Queues in memory that keep everything that was ever sent, and can be made unavailable. */
export interface MemoryQueues extends Queues {
  readonly sent: { readonly queue: QueueName; readonly message: OutgoingMessage }[];
  away: boolean;
  deliver(name: QueueName, body: string): void;
  waiting(name: QueueName): number;
}

export function memoryQueues(): MemoryQueues {
  const held = new Map<QueueName, QueueMessage[]>();
  const bells = new Set<() => void>();
  const of = (name: QueueName): QueueMessage[] =>
    held.get(name) ?? held.set(name, []).get(name) ?? [];
  const hidden = new Set<string>();
  const queues: MemoryQueues = {
    sent: [],
    away: false,
    waiting: (name) => of(name).length,
    deliver: (name, body) => {
      const id = randomUUID();
      of(name).push({
        id,
        receipt: id,
        group: 'owner',
        deduplicationId: id,
        body,
        receiveCount: 1,
        sentAt: 0,
      });
      for (const ring of bells) ring();
    },
    close: () => Promise.resolve(),
    queue: (name): Queue => ({
      name,
      send: (message) => {
        if (queues.away)
          return Promise.reject(new QueueError('Q601', `queue ${name} cannot be reached`));
        queues.sent.push({ queue: name, message });
        return Promise.resolve();
      },
      receive: async ({ signal }) => {
        const ready = (): QueueMessage[] => of(name).filter((message) => !hidden.has(message.id));
        const ended = (): boolean => signal?.aborted === true;
        while (ready().length === 0 && !ended()) {
          await new Promise<void>((resolve) => {
            bells.add(resolve);
            signal?.addEventListener('abort', () => resolve());
          });
        }
        for (const message of ready()) hidden.add(message.id);
        return of(name).filter((message) => hidden.has(message.id));
      },
      delete: (receipt) => {
        held.set(
          name,
          of(name).filter((message) => message.receipt !== receipt),
        );
        hidden.delete(receipt);
        return Promise.resolve();
      },
      changeVisibility: (receipt) => {
        hidden.delete(receipt);
        for (const ring of bells) ring();
        return Promise.resolve();
      },
      depth: () => Promise.resolve({ waiting: of(name).length, inFlight: 0 }),
    }),
  };
  return queues;
}

/**
 * Real sockets need real time; the watcher's own waits end only when the test advances the time.
 */
export interface TestClock extends Clock {
  /** Advances the clock by that number of milliseconds; wakes all sleepers. */
  advance(ms: number): void;
  /** Sets the wall clock; no time passes. */
  step(ms: number): void;
}

export function testClock(start = 1_700_000_000_000): TestClock {
  let now = start;
  let set = 0;
  const sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();
  return {
    now: () => now + set,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true || ms <= 0) return resolve();
        const sleeper = {
          until: now + ms,
          wake: (): void => {
            sleepers.delete(sleeper);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
    advance: (ms) => {
      now += ms;
      for (const sleeper of sleepers) if (sleeper.until <= now) sleeper.wake();
    },
    step: (ms) => {
      set += ms;
    },
  };
}

export async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/**
 * Long enough for everything in progress on loopback to arrive; used only before asserting that
 * something did not happen.
 */
export async function quiet(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 60));
}

/**
 * Until the watcher has no more requests to the API server: Events and status are written beside
 * the results.
 */
export async function toldAll({ lab, queues }: Pick<Bench, 'lab' | 'queues'>): Promise<void> {
  await until(() => queues.waiting('settled-east') === 0);
  let seen = -1;
  for (let calm = 0; calm < 5; calm += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const requests = lab.faults.requests();
    if (requests !== seen) calm = -1;
    seen = requests;
  }
}

export interface Bench {
  readonly lab: LabKubernetes;
  readonly queues: MemoryQueues;
  readonly clock: TestClock;
  readonly runtime: Runtime;
  readonly logs: { readonly level: string; readonly message: string; readonly fields: object }[];
  watcher(options?: Partial<WatcherOptions>): Watcher;
  snapshots(): readonly Snapshot[];
  inventories(): readonly Inventory[];
  /** Messages about pods that begin to end. */
  leaving(): readonly Leaving[];
  settle(result: Partial<Settled>): void;
  /** Advances the time past the debounce until the condition is met. */
  passUntil(what: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export const SERVICE = 'istio-system/istio-ingressgateway';
export const OWNER = `east/${SERVICE}`;

export async function startBench(
  ingress: Partial<IngressConfig> = {},
  options: LabKubernetesOptions = {},
  cluster: object = {},
): Promise<Bench> {
  const clock = testClock();
  const lab = await startKubernetes({ date: () => clock.now(), ...options });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-watch-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, lab.kubeconfig());
  const queues = memoryQueues();
  const logs: { level: string; message: string; fields: object }[] = [];
  const logger: Logger = {
    debug: (fields, message) => void logs.push({ level: 'debug', fields, message }),
    info: (fields, message) => void logs.push({ level: 'info', fields, message }),
    warn: (fields, message) => void logs.push({ level: 'warn', fields, message }),
    error: (fields, message) => void logs.push({ level: 'error', fields, message }),
    child: () => logger,
  };
  const config = parseConfig(
    JSON.stringify({
      devices: [
        {
          name: 'bigip-1',
          url: 'https://127.0.0.1:1',
          username: 'admin',
          password: 'env:NONE',
          partitions: ['k8s'],
        },
      ],
      clusters: [{ id: 'east', ...cluster }],
      ingresses: [
        {
          cluster: 'east',
          service: SERVICE,
          devices: ['bigip-1'],
          virtualAddress: '172.16.100.195',
          ...ingress,
        },
      ],
    }),
    'test',
    1,
  );
  const runtime = runtimeWith({
    config,
    queues,
    clock,
    random: () => 0.5,
    log: logger,
  });
  const started: Watcher[] = [];
  const opened = queues.sent;
  const read = <T>(type: string): T[] =>
    opened.flatMap(({ message }) => {
      const event = parseEvent(message.body, { ...SNAPSHOT_EVENTS, ...LEAVING_EVENTS });
      if ('refused' in event) throw new Error(event.refused.reason);
      return event.ok.type === type ? [event.ok.data as T] : [];
    });
  return {
    lab,
    queues,
    clock,
    runtime,
    logs,
    watcher: (more = {}) => {
      const watcher = create({ runtime, kubeconfig, clusterId: 'east', identity: 'test', ...more });
      started.push(watcher);
      return watcher;
    },
    snapshots: () => read<Snapshot>(INGRESS_OBSERVED),
    inventories: () => read<Inventory>(CLUSTER_INVENTORY),
    leaving: () => read<Leaving>(MEMBER_LEAVING),
    settle: (result) => {
      const last = read<Snapshot>(INGRESS_OBSERVED).at(-1);
      const settled: Settled = {
        owner: OWNER,
        clusterUid: last?.clusterUid ?? '',
        version: {
          epoch: last?.revision.epoch ?? 0,
          counter: last?.revision.counter ?? 0,
          generation: 1,
        },
        device: 'bigip-1',
        devices: ['bigip-1'],
        servers: [],
        exposures: [],
        notes: [],
        ...result,
      };
      queues.deliver(
        'settled-east',
        serialiseEvent(INGRESS_SETTLED, settled, {
          id: randomUUID(),
          cluster: 'east',
          subject: OWNER,
          time: new Date(clock.now()).toISOString(),
        }),
      );
    },
    passUntil: async (what) => {
      while (!what()) {
        clock.advance(100);
        await new Promise((resolve) => setTimeout(resolve, 3));
      }
    },
    close: async () => {
      await Promise.all(started.map((watcher) => watcher.stop()));
      await lab.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export function ingressService(more: Record<string, unknown> = {}): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'istio-system', name: 'istio-ingressgateway' },
    spec: {
      type: 'LoadBalancer',
      selector: { istio: 'ingressgateway' },
      ports: [{ name: 'status-port', port: 15020, protocol: 'TCP', targetPort: 15020 }],
      ...more,
    },
  };
}

export function gatewayPod(
  name = 'gateway-1',
  more: Record<string, unknown> = {},
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'istio-system',
      name,
      labels: { istio: 'ingressgateway', app: 'gateway' },
      ...more,
    },
    spec: {
      nodeName: 'worker-1',
      containers: [{ name: 'istio-proxy', image: 'proxyv2', args: ['proxy', 'router'] }],
    },
    status: {
      phase: 'Running',
      podIP: '10.244.1.5',
      podIPs: [{ ip: '10.244.1.5' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

export function gateway(name: string, port: number, namespace = 'default'): KubernetesObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { namespace, name },
    spec: {
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: port, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }],
    },
  };
}

export function route(name: string, gatewayName: string, port: number): KubernetesObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { namespace: 'default', name },
    spec: {
      hosts: ['*'],
      gateways: [gatewayName],
      tcp: [
        {
          match: [{ port }],
          route: [{ destination: { host: 'tcp-echo', port: { number: 9000 } } }],
        },
      ],
    },
  };
}
