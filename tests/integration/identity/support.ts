/**
 * map behind a real queue, with the outboxes of two watchers that have their own keys, and other
 * senders that may write to the queue.
 */
import { create as createMap } from '../../../functions/map/handler.ts';
import { createOutbox, type Outbox } from '../../../functions/watch/emit/outbox.ts';
import { Revisions } from '../../../functions/watch/emit/revisions.ts';
import { createQueuesOn, startLocalSqs } from '../../../infra/lab/host/sqs.ts';
import { ConfigError } from '../../../shared/config/error.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import { DEAD_LETTER_EVENTS, type DeadLetter } from '../../../shared/queue/dead-letter.ts';
import { parseEvent } from '../../../shared/queue/envelope.ts';
import { SLICE_EVENTS } from '../../../shared/queue/events.ts';
import { toRecord } from '../../../shared/queue/handler.ts';
import type { QueueName, Queues } from '../../../shared/queue/port.ts';
import { newKeyPair, readSigner, type EventSigner } from '../../../shared/queue/signature.ts';
import { createSuspects } from '../../../shared/queue/suspects.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { createSqsQueues, sqsName } from '../../../shared/queue/sqs/queues.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { memoryMarks } from '../../fixtures/marks.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { memoryStore } from '../../fixtures/views.ts';

export type ClusterId = 'east' | 'west';
const CLUSTERS: readonly ClusterId[] = ['east', 'west'];
const SERVICE = 'istio-system/istio-ingressgateway';
export const owner = (cluster: ClusterId): string => `${cluster}/${SERVICE}`;
/** The sender that fauxqs reports for all messages. */
export const SQS_SENDER = '000000000000';

export interface Site {
  readonly queues: Queues;
  readonly config: Runtime['config'];
  /** PEM by reference; tests change or remove it. */
  readonly secrets: Map<string, string>;
  readonly signers: Readonly<Record<ClusterId, EventSigner>>;
  readonly outboxes: Readonly<Record<ClusterId, Outbox>>;
  readonly log: readonly Record<string, unknown>[];
  /** The message that the outbox of the cluster sends, received from the queue. */
  said(cluster: ClusterId, what?: 'snapshot' | 'inventory'): Promise<string>;
  put(group: string, body: string): Promise<void>;
  /**
   * Handles everything in the queue, in batches; resolves with the number of messages that are
   * retried.
   */
  map(): Promise<number>;
  slices(): Promise<readonly string[]>;
  deadLetters(): Promise<readonly DeadLetter[]>;
  close(): Promise<void>;
}

interface SiteOptions {
  readonly kind: 'sqlite' | 'sqs';
  readonly senders?: readonly string[];
  readonly replayers?: readonly string[];
}

let ids = 0;
const id = (): string => `id-${(ids += 1)}`;

async function openQueues(
  kind: SiteOptions['kind'],
  prefix: string,
): Promise<{
  readonly queues: Queues;
  readonly section: object;
  readonly close: () => Promise<void>;
}> {
  if (kind === 'sqlite') {
    const queues = createSqliteQueues({
      path: ':memory:',
      clock: { now: () => Date.now(), monotonic: () => Date.now(), sleep: () => Promise.resolve() },
      id,
    });
    return { queues, section: { kind }, close: () => queues.close() };
  }
  const sqs = await startLocalSqs();
  const names: readonly QueueName[] = ['snapshots', 'slices', 'snapshots-dead', 'express'];
  await createQueuesOn(
    sqs,
    names.map((name) => ({
      name: sqsName(prefix, name),
      visibilitySeconds: 30,
      retentionSeconds: 1_209_600,
    })),
  );
  const queues = createSqsQueues({
    region: sqs.region,
    endpoint: sqs.endpoint,
    credentials: sqs.credentials,
    prefix,
  });
  const close = async (): Promise<void> => {
    await queues.close();
    await sqs.stop();
  };
  return { queues, section: { kind, region: sqs.region, endpoint: sqs.endpoint, prefix }, close };
}

export async function startSite({
  kind,
  senders = [],
  replayers = [],
}: SiteOptions): Promise<Site> {
  const { queues, section, close } = await openQueues(kind, id());
  const pairs = { east: newKeyPair(), west: newKeyPair() };
  const secrets = new Map<string, string>(
    CLUSTERS.flatMap(
      (cluster) =>
        [
          [`env:${cluster}.pub`, pairs[cluster].publicPem],
          [`env:${cluster}.key`, pairs[cluster].privatePem],
        ] as const,
    ),
  );
  const config = parseConfig(
    JSON.stringify({
      devices: [
        {
          name: 'bigip',
          url: 'https://192.0.2.1',
          username: 'u',
          password: 'env:P',
          partitions: ['k8s'],
        },
      ],
      clusters: CLUSTERS.map((cluster) => ({
        id: cluster,
        senders,
        verifyKeys: [`env:${cluster}.pub`],
        signKey: `env:${cluster}.key`,
      })),
      ingresses: CLUSTERS.map((cluster, i) => ({
        cluster,
        service: SERVICE,
        devices: ['bigip'],
        virtualAddress: `172.16.100.${1 + i}`,
      })),
      queue: section,
      failures: { kind: 'fs', replayers },
    }),
    'test',
    1,
  );
  const log: Record<string, unknown>[] = [];
  const note =
    (level: string) =>
    (fields: object, message: string): void =>
      void log.push({ level, said: message, ...fields });
  const logger: Logger = {
    debug: () => undefined,
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    child: () => logger,
  };
  const resolve = (reference: string): Promise<string> => {
    const value = secrets.get(reference);
    return value === undefined
      ? Promise.reject(
          new ConfigError('GW102', `secret ${reference}`, [{ path: '', message: 'is not there' }]),
        )
      : Promise.resolve(value);
  };
  const clock = {
    now: () => Date.now(),
    monotonic: () => Date.now(),
    sleep: () => Promise.resolve(),
  };
  const runtime = runtimeWith({
    config,
    secrets: { resolve },
    queues,
    clock,
    id,
    log: logger,
  });
  const outboxes = Object.fromEntries(
    CLUSTERS.map((cluster) => [
      cluster,
      createOutbox({ runtime, cluster, clusterUid: `uid-${cluster}`, revisions: new Revisions(1) }),
    ]),
  ) as Site['outboxes'];
  const signers = Object.fromEntries(
    CLUSTERS.map((cluster) => [cluster, signerFrom(pairs[cluster].privatePem)]),
  ) as Site['signers'];
  const map = createMap(runtime, createSuspects(memoryMarks(), runtime), memoryStore());

  async function drain<T>(name: QueueName, read: (body: string) => T): Promise<readonly T[]> {
    const found: T[] = [];
    for (;;) {
      const batch = await queues.queue(name).receive({ max: 10, waitMs: 0, visibilityMs: 30_000 });
      if (batch.length === 0) return found;
      for (const message of batch) {
        found.push(read(message.body));
        await queues.queue(name).delete(message.receipt);
      }
    }
  }

  const site: Site = {
    queues,
    config,
    secrets,
    signers,
    outboxes,
    log,
    said: async (cluster, what = 'snapshot') => {
      const [namespace = '', service = ''] = SERVICE.split('/');
      const ref = { namespace, service };
      await (what === 'snapshot'
        ? outboxes[cluster].snapshot(
            ref,
            { removed: true, objects: NOTHING, changes: [] },
            (revision) => revision,
          )
        : outboxes[cluster].inventory([ref], [ref], () => undefined));
      const [body = ''] = await drain('snapshots', (text) => text);
      return body;
    },
    put: (group, body) => queues.queue('snapshots').send({ group, deduplicationId: id(), body }),
    map: async () => {
      let again = 0;
      for (;;) {
        const batch = await queues
          .queue('snapshots')
          .receive({ max: 10, waitMs: 0, visibilityMs: 30_000 });
        if (batch.length === 0) return again;
        const answer = await map(
          {
            Records: batch.map((message) =>
              toRecord(message, 'arn:aws:sqs:local:0:snapshots.fifo'),
            ),
          },
          {
            awsRequestId: id(),
            functionName: 'map',
            functionVersion: '1',
            getRemainingTimeInMillis: () => 30_000,
          },
        );
        const failed = new Set(
          (answer?.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier),
        );
        again += failed.size;
        for (const message of batch)
          if (!failed.has(message.id)) await queues.queue('snapshots').delete(message.receipt);
      }
    },
    slices: () =>
      drain('slices', (body) => {
        const opened = parseEvent(body, SLICE_EVENTS);
        if ('refused' in opened) throw new Error(opened.refused.reason);
        return `${opened.ok.data.owner} ${opened.ok.data.version.counter}`;
      }),
    deadLetters: () =>
      drain('snapshots-dead', (body) => {
        const opened = parseEvent(body, DEAD_LETTER_EVENTS);
        if ('refused' in opened) throw new Error(opened.refused.reason);
        return opened.ok.data;
      }),
    close,
  };
  return site;
}

const NOTHING = {
  gateways: [],
  virtualServices: [],
  services: [],
  pods: [],
  nodes: [],
  endpointSlices: [],
  configMaps: [],
  apiGateways: [],
  listenerSets: [],
  apiRoutes: [],
  namespaces: [],
};

function signerFrom(pem: string): EventSigner {
  const read = readSigner(pem);
  if ('problem' in read) throw new Error(read.problem);
  return read.ok;
}
