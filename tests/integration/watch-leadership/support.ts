import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type Watcher, type WatcherOptions } from '../../../functions/watch/main.ts';
import {
  startKubernetes,
  type KubernetesObject,
  type LabKubernetes,
} from '../../../infra/lab/kubernetes/index.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import {
  INGRESS_OBSERVED,
  INGRESS_SETTLED,
  SNAPSHOT_EVENTS,
} from '../../../shared/queue/events.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import {
  gatewayPod,
  ingressService,
  memoryQueues,
  OWNER,
  SERVICE,
  testClock,
  type MemoryQueues,
  type TestClock,
} from '../watch/support.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  namespace: 'default',
  name: 'sluice-watch-east',
} as const;

/** One of several watchers, with its own clock: a stopped clock simulates a suspended process. */
export interface Replica {
  readonly name: string;
  readonly watcher: Watcher;
  readonly clock: TestClock;
  readonly messages: string[];
  leads(): boolean;
}

export interface Cluster {
  readonly lab: LabKubernetes;
  readonly queues: MemoryQueues;
  replica(name: string, options?: Partial<WatcherOptions>): Replica;
  snapshots(): readonly Snapshot[];
  lease(): { readonly holder: string; readonly epoch: number };
  /** Writes the Lease as another process would. */
  seize(holder: string, epoch: number): void;
  settle(result?: Partial<Settled>): void;
  /** The API server's time, and whether its answers carry a `Date`. */
  readonly api: { time: number; dated: boolean };
  close(): Promise<void>;
}

export async function startCluster(): Promise<Cluster> {
  const api = { time: 1_700_000_000_000, dated: true };
  const lab = await startKubernetes({
    now: () => api.time,
    date: () => (api.dated ? api.time : undefined),
  });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-leadership-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, lab.kubeconfig());
  const queues = memoryQueues();
  const replicas: Replica[] = [];
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
      clusters: [{ id: 'east' }],
      ingresses: [
        {
          cluster: 'east',
          service: SERVICE,
          devices: ['bigip-1'],
          virtualAddress: '172.16.100.195',
        },
      ],
    }),
    'test',
    1,
  );
  lab.store.apply(ingressService());
  lab.store.apply(gatewayPod());
  const lease = (): KubernetesObject | undefined =>
    lab.store.get(LEASE.apiVersion, LEASE.kind, LEASE.namespace, LEASE.name);
  const snapshots = (): Snapshot[] =>
    queues.sent.flatMap(({ message }) => {
      const event = parseEvent(message.body, SNAPSHOT_EVENTS);
      return 'ok' in event && event.ok.type === INGRESS_OBSERVED ? [event.ok.data] : [];
    });
  const cluster: Cluster = {
    lab,
    queues,
    snapshots,
    api,
    replica: (name, options = {}) => {
      const clock = testClock();
      const messages: string[] = [];
      const log = (_: object, message: string): void => void messages.push(message);
      const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
      const runtime = runtimeWith({
        config,
        queues,
        clock,
        random: () => 0.5,
        log: logger,
      });
      const watcher = create({
        runtime,
        kubeconfig,
        clusterId: 'east',
        identity: name,
        leaseNamespace: 'default',
        ...options,
      });
      const leads = (): boolean =>
        messages.lastIndexOf('acquiring leadership') >
        messages.lastIndexOf('the Lease is lost; this replica stops writing');
      const replica: Replica = { name, watcher, clock, messages, leads };
      replicas.push(replica);
      return replica;
    },
    lease: () => {
      const found = lease();
      const spec = (found?.['spec'] ?? {}) as { holderIdentity?: string };
      return {
        holder: spec.holderIdentity ?? '',
        epoch: Number(found?.metadata.annotations?.['sluice.io/epoch'] ?? 0),
      };
    },
    seize: (holder, epoch) => {
      const { apiVersion, kind, namespace, name } = LEASE;
      lab.store.apply({
        apiVersion,
        kind,
        metadata: { namespace, name, annotations: { 'sluice.io/epoch': String(epoch) } },
        spec: {
          holderIdentity: holder,
          leaseDurationSeconds: 15,
          renewTime: `2026-01-01T00:00:00.${String(epoch % 1_000_000).padStart(6, '0')}Z`,
        },
      });
    },
    settle: (result = {}) => {
      const last = snapshots().at(-1);
      const version = {
        epoch: last?.revision.epoch ?? 0,
        counter: last?.revision.counter ?? 0,
        generation: 1,
      };
      const settled: Settled = {
        owner: OWNER,
        clusterUid: last?.clusterUid ?? '',
        version,
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
          time: new Date(0).toISOString(),
        }),
      );
    },
    close: async () => {
      await Promise.all(replicas.map(({ watcher }) => watcher.stop()));
      await lab.close();
      rmSync(folder, { recursive: true });
    },
  };
  return cluster;
}

/**
 * Advances the time of these replicas in small steps until the condition is met; resolves with the
 * time that passed.
 */
export async function pass(replicas: readonly Replica[], what: () => boolean): Promise<number> {
  let passed = 0;
  while (!what()) {
    for (const { clock } of replicas) clock.advance(100);
    passed += 100;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return passed;
}
