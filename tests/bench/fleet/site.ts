/**
 * The built functions on a real queue, against the lab's BIG-IP with the response times of a real
 * one; the clusters are represented by their snapshots.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startBigip, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import { createClosers, type Closers } from '../../../infra/lab/closers.ts';
import { startHost } from '../../../infra/lab/host/host.ts';
import { createQueuesOn, startLocalSqs } from '../../../infra/lab/host/sqs.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { createSecrets } from '../../../shared/config/secrets.ts';
import type { NetworkConfig } from '../../../shared/domain/paths/network-config.ts';
import type { Snapshot } from '../../../shared/domain/snapshot/snapshot.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { SETTLED_EVENTS } from '../../../shared/queue/events.ts';
import { openQueues } from '../../../shared/queue/open.ts';
import type { Queues } from '../../../shared/queue/port.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { countQueues, createCounts, type Counts } from './counting.ts';
import { fleetConfig, sealed } from './world.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';

/** Milliseconds, as measured on real devices. */
export const DECLARE = 3_000;
const WRITE = 250;
const DIST = resolve(import.meta.dirname, '../../../dist');

export interface SiteOptions {
  readonly queue: 'sqlite' | 'sqs';
  readonly clusters: number;
  readonly partitions?: readonly string[];
  /** Milliseconds of one declare. */
  readonly declare?: number;
  /** Of each cluster. */
  readonly network?: Partial<NetworkConfig>;
}

export interface FleetSite {
  readonly config: SluiceConfig;
  readonly bigip: LabBigip;
  readonly counts: Counts;
  readonly queues: Queues;
  /** Resolves with the milliseconds from the queue to the confirmation by the device. */
  send(snapshot: Snapshot): Promise<number>;
  declares(): number;
  close(): Promise<void>;
}

export async function startFleetSite(options: SiteOptions): Promise<FleetSite> {
  const closers = createClosers();
  try {
    return await build(options, closers);
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

async function build(
  { queue, clusters, partitions = ['k8s'], declare = DECLARE, network = {} }: SiteOptions,
  closers: Closers,
): Promise<FleetSite> {
  const dir = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  closers.add(() => rm(dir, { recursive: true, force: true }));
  const bigip = await closers.use(
    startBigip({ dataPath: false, timings: { declare, memberWrite: WRITE } }),
  );
  const base = fleetConfig(clusters, bigip, partitions);
  const config = SluiceConfig.parse({
    ...base,
    clusters: base.clusters.map((one) => ({ ...one, network })),
    queue: { kind: 'sqlite', path: join(dir, 'queue.sqlite') },
    failures: { kind: 'fs', path: join(dir, 'failures') },
  });
  const opened =
    queue === 'sqs'
      ? await sqs(config, closers)
      : openQueues(config.queue, {
          clock: processClock,
          id: randomUUID,
          secrets: createSecrets({ env: {} }),
        });
  closers.add(() => opened.close());
  const counts = createCounts();
  const waiting = new Map<string, (at: number) => void>();
  const queues = countQueues(opened, counts, (name, body) => {
    const settled = name.startsWith('settled-') ? parseEvent(body, SETTLED_EVENTS) : undefined;
    if (settled === undefined || 'refused' in settled) return;
    const { owner, version, exposures } = settled.ok.data;
    // A result that is retried is not final.
    if (exposures.every(({ outcome }) => outcome !== 'retry'))
      waiting.get(`${owner} ${version.counter}`)?.(performance.now());
  });
  const secrets: Record<string, string> = { 'env:P': bigip.password, 'env:CA': bigip.ca };
  const quiet = (): void => undefined;
  const log: Runtime['log'] = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: quiet,
    child: () => log,
  };
  const runtime = runtimeWith({
    config,
    secrets: { resolve: (reference) => Promise.resolve(secrets[reference] ?? '') },
    queues,
    random: Math.random,
    log,
  });
  const host = await startHost({
    dist: DIST,
    runtime,
    ...(queue === 'sqs' ? { waitMs: 1_000 } : {}),
  });
  closers.add(() => host.stop());
  return {
    config,
    bigip,
    counts,
    queues,
    send: async (snapshot) => {
      const message = sealed(snapshot, Date.now());
      const { promise, resolve: arrive } = Promise.withResolvers<number>();
      waiting.set(`${message.group} ${snapshot.revision.counter}`, arrive);
      const started = performance.now();
      await queues.queue('snapshots').send(message);
      return (await promise) - started;
    },
    declares: () =>
      bigip.writes.filter(({ path }) => path.startsWith('/mgmt/shared/appsvcs/declare')).length,
    close: () => closers.closeAll(),
  };
}

const PREFIX = 'sluice';
const DAY_SECONDS = 86_400;

/** fauxqs, called with the real AWS client. */
async function sqs(config: SluiceConfig, closers: Closers): Promise<Queues> {
  const server = await startLocalSqs();
  closers.add(() => server.stop());
  const definition = (name: string): Parameters<typeof createQueuesOn>[1][number] => ({
    name: `${PREFIX}-${name}.fifo`,
    visibilitySeconds: 180,
    retentionSeconds: DAY_SECONDS,
  });
  const names = [
    'snapshots',
    'slices',
    'express',
    'snapshots-dead',
    'slices-dead',
    ...config.clusters.map(({ id }) => `settled-${id}`),
  ];
  await createQueuesOn(server, names.map(definition));
  return openQueues(
    { kind: 'sqs', region: server.region, endpoint: server.endpoint, prefix: PREFIX },
    {
      clock: processClock,
      id: randomUUID,
      secrets: createSecrets({ env: {} }),
      credentials: server.credentials,
    },
  );
}
