/** The watcher of the product, with queues in memory. */
import { randomUUID } from 'node:crypto';
import { create, type Watcher } from '../../../../functions/watch/main.ts';
import { parseConfig } from '../../../../shared/config/load.ts';
import type { ExposureResult, Settled } from '../../../../shared/domain/exposure/exposure.ts';
import type { Snapshot } from '../../../../shared/domain/snapshot/snapshot.ts';
import { parseEvent, serialiseEvent } from '../../../../shared/queue/envelope.ts';
import {
  INGRESS_OBSERVED,
  INGRESS_SETTLED,
  LEAVING_EVENTS,
  SNAPSHOT_EVENTS,
} from '../../../../shared/queue/events.ts';
import type { OutgoingMessage, Queue, QueueName } from '../../../../shared/queue/port.ts';
import { processClock } from '../../../../shared/runtime/process.ts';
import type { Logger } from '../../../../shared/telemetry/log.ts';
import { runtimeWith } from '../../../fixtures/runtime.ts';
import { memoryQueues, type MemoryQueues } from '../../../integration/watch/support.ts';
import { Expiry, skippingClock } from './faults.ts';
import { PLACES, SERVICE } from './objects.ts';

const CLUSTER = 'oracle';
const DEVICE = 'bigip-1';
const OWNER = `${CLUSTER}/${PLACES.ingress}/${SERVICE}`;

const CONFIG = {
  devices: [
    {
      name: DEVICE,
      url: 'https://127.0.0.1:1',
      username: 'admin',
      password: 'env:NONE',
      partitions: ['k8s'],
    },
  ],
  // Its account may read ConfigMaps in no other namespace.
  clusters: [{ id: CLUSTER, mesh: { rootNamespace: PLACES.ingress } }],
  ingresses: [
    {
      cluster: CLUSTER,
      service: `${PLACES.ingress}/${SERVICE}`,
      devices: [DEVICE],
      virtualAddress: '192.0.2.1',
      writeStatus: true,
    },
  ],
};

/** How an expired watch is logged, with the version of that moment. */
const INTERRUPTED = 'stream interrupted';

export interface WatcherBench {
  /** Starts a watcher; a second one stands by. */
  start(identity: string): Promise<void>;
  end(identity: string): Promise<void>;
  snapshots(): readonly Snapshot[];
  readonly expiry: Expiry;
  /** Lets the watchers believe that time passed. */
  skip(ms: number): void;
  /** Messages of the levels warn and error, without repetitions and watches that expired. */
  complaints(): readonly string[];
  stop(): Promise<void>;
}

export function watcherBench(kubeconfig: string): WatcherBench {
  const queues = answeringQueues();
  const said = new Set<string>();
  const complain = (fields: { readonly kind?: unknown }, message: string): void => {
    if (message !== INTERRUPTED || fields.kind !== 'Gateway')
      said.add(`${message} ${JSON.stringify(fields)}`);
  };
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: complain,
    error: complain,
    child: () => log,
  };
  const config = parseConfig(JSON.stringify(CONFIG), 'the oracle', 1);
  const [expiry, clock] = [new Expiry(), skippingClock()];
  const runtime = runtimeWith({ config, queues, clock, log, random: Math.random });
  const running = new Map<string, Watcher>();
  const snapshots = (): readonly Snapshot[] =>
    queues.sent.flatMap(({ message }) => snapshotOf(message) ?? []);
  return {
    start: async (identity) => {
      const watcher = create({
        runtime,
        client: expiry.client(kubeconfig, clock),
        clusterId: CLUSTER,
        identity,
        leaseNamespace: PLACES.watcher,
        http: undefined,
      });
      running.set(identity, watcher);
      await watcher.start();
    },
    end: async (identity) => {
      await running.get(identity)?.stop();
      running.delete(identity);
    },
    snapshots,
    expiry,
    skip: (ms) => clock.skip(ms),
    complaints: () => [...said],
    stop: async () => {
      await Promise.all([...running.values()].map((watcher) => watcher.stop()));
    },
  };
}

/** Undefined for another event. */
function snapshotOf({ body }: OutgoingMessage): Snapshot | undefined {
  const event = parseEvent(body, { ...SNAPSHOT_EVENTS, ...LEAVING_EVENTS });
  if ('refused' in event) throw new Error(event.refused.reason);
  return event.ok.type === INGRESS_OBSERVED ? event.ok.data : undefined;
}

/** The functions answer each snapshot at once. */
function answeringQueues(): MemoryQueues {
  const queues = memoryQueues();
  const queue = (name: QueueName): Queue => {
    const plain = queues.queue(name);
    const send = async (message: OutgoingMessage): Promise<void> => {
      await plain.send(message);
      const snapshot = snapshotOf(message);
      if (snapshot !== undefined) queues.deliver(`settled-${CLUSTER}`, settledEvent(snapshot));
    };
    return name === 'snapshots' ? { ...plain, send } : plain;
  };
  return { ...queues, queue };
}

/** Every server has its virtual server, if the Service has its port. */
function exposuresOf({ removed, objects }: Snapshot): readonly ExposureResult[] {
  if (removed) return [];
  const ports = new Set(objects.services.flatMap((one) => one.ports.map(({ port }) => port)));
  return objects.gateways.flatMap(({ meta, servers }) =>
    servers.flatMap((server) =>
      'port' in server && ports.has(server.port.number)
        ? [applied(server.port.number, `${meta.namespace}/${meta.name}`)]
        : [],
    ),
  );
}

function applied(port: number, gateway: string): ExposureResult {
  return {
    address: '192.0.2.1',
    port,
    protocol: 'tcp',
    partition: 'k8s',
    gateways: [gateway],
    outcome: 'applied',
    code: 'OK',
    message: 'created',
  };
}

function settledEvent(snapshot: Snapshot): string {
  const { clusterUid, revision } = snapshot;
  const { epoch, counter } = revision;
  const settled: Settled = {
    owner: OWNER,
    clusterUid,
    version: { epoch, counter, generation: 1 },
    device: DEVICE,
    devices: [DEVICE],
    servers: [],
    exposures: [...exposuresOf(snapshot)],
    notes: [],
  };
  return serialiseEvent(INGRESS_SETTLED, settled, {
    id: randomUUID(),
    cluster: CLUSTER,
    subject: OWNER,
    time: new Date(processClock.now()).toISOString(),
  });
}
