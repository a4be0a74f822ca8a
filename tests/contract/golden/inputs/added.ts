/** What the release after 0.1.0 stores and sends of which 0.1.0 left no sample. */
import { LeaderRecords } from '../../../../functions/watch/leader/leader-records.ts';
import type { ServerVerdict } from '../../../../shared/failures/verdicts.ts';
import type { Failures } from '../../../../shared/failures/open.ts';
import { markedAway } from '../../../../shared/failures/waiting/away.ts';
import type { KubernetesClient, RawObject } from '../../../../shared/kubernetes/index.ts';
import { leasePlace, leaseWith } from '../../../../shared/kubernetes/lease.ts';
import type { QueueName, Queues } from '../../../../shared/queue/port.ts';
import { memoryBlobs } from '../../../fixtures/failures/blobs.ts';
import { logTo } from '../../../fixtures/log.ts';
import { EAST, STATES } from './declared.ts';
import { EVENTS, LETTERS, sealed, sentLetter } from './events.ts';
import { goldenFailures, NOW } from './failures.ts';
import { MESSAGES } from './queue.ts';

/** The release that a watcher and functions note. */
export const RELEASE = '0.2.0';
/** What a leader leaves to the next one. */
export const KNOWN = JSON.stringify({
  sourceRanges: { 'istio-system/istio-ingressgateway': ['192.0.2.0/24'] },
  meshConfigs: [],
});
const PLACE = leasePlace('sluice', 'east', 'sluice-watch-0');

/** A server of a Gateway, as map judges it. */
export const SERVER: ServerVerdict = {
  gateway: 'default/web',
  api: 'istio',
  server: 0,
  port: 443,
  protocol: 'TCP',
  verdict: 'listening',
  code: 'OK',
  reason: 'Envoy listens',
  envoyPorts: [443],
  servicePorts: [],
  missingInService: false,
  exposures: ['172.16.100.195:443/tcp'],
};

/** A Lease with what this release adds to it. */
export function addedLease(): object {
  return leaseWith(PLACE, undefined, {
    holder: 'sluice-watch-0',
    epoch: NOW,
    durationMs: 15_000,
    now: NOW,
    known: KNOWN,
    version: RELEASE,
  });
}

/** What a leader applies to its ingress Service. */
export async function leaderNote(): Promise<RawObject> {
  const written: RawObject[] = [];
  const metadata = { namespace: 'istio-system', name: 'gw', uid: 'u', resourceVersion: '7' };
  const client = {
    get: () => Promise.resolve({ metadata }),
    apply: (_kind: unknown, object: RawObject) => Promise.resolve(void written.push(object)),
    time: () => undefined,
  } as unknown as KubernetesClient;
  await new LeaderRecords({
    client,
    cluster: 'east',
    place: PLACE,
    services: [{ namespace: 'istio-system', service: 'gw' }],
    takeOver: false,
    clock: { now: () => NOW, monotonic: () => NOW, sleep: () => Promise.resolve() },
    log: logTo([]),
  }).keep(client);
  return written[0]!;
}

/** Records as AWS hands them to park: what apply sent, and what SQS moved there by itself. */
export async function deadRecords(): Promise<readonly object[]> {
  const letter = await sentLetter(LETTERS['dead-letter-device']!);
  const record = (id: string, body: string, group: string, more: object = {}): object => ({
    messageId: id,
    receiptHandle: `AQEB${id}==`,
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      AWSTraceHeader: 'Root=1-692d6f00-4bf92f3577b34da6a3ce929d;Sampled=0',
      SentTimestamp: String(NOW),
      SequenceNumber: '18890000000000000000',
      MessageGroupId: group,
      SenderId: 'AROAEXAMPLEEXAMPLE000:sluice-prod-apply',
      MessageDeduplicationId: `golden-${id}`,
      ApproximateFirstReceiveTimestamp: String(NOW + 5),
      ...more,
    },
    messageAttributes: {},
    md5OfBody: 'd41d8cd98f00b204e9800998ecf8427e',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:sluice-prod-slices-dead.fifo',
    awsRegion: 'eu-west-1',
  });
  const moved = {
    ApproximateReceiveCount: '1001',
    DeadLetterQueueSourceArn: 'arn:aws:sqs:eu-west-1:123456789012:sluice-prod-slices.fifo',
  };
  const raw = sealed('ingress-desired', EVENTS['ingress-desired']!);
  return [
    record('m-1', letter.body, letter.group),
    record('m-2', raw, 'bigip-1', moved),
    record('m-3', 'not of Sluice', 'bigip-1', moved),
  ];
}

/** Parts of the failure store of which 0.1.0 has none. */
export async function fillAdded(failures: Failures): Promise<void> {
  const { releases, tries, heard, schedules, waiting, views, verdicts } = failures;
  const seen = STATES['one-exposure']!;
  await views.note({ device: 'bigip-1', partition: 'k8s', seen, seenAt: NOW });
  await views.noteAudit({ device: 'bigip-1', hostname: 'bigip-1.example', findings: [] });
  await verdicts.note({ owner: EAST, revision: { epoch: 1, counter: 2 }, servers: [SERVER] });
  await releases.note('map', RELEASE);
  await tries.note('bigip-2');
  await heard.note('bigip-1', new Map([['east', new Date(NOW).toISOString()]]));
  await schedules.take({ name: 'audit', every: 600_000 }, () => Promise.resolve());
  await waiting.updateMark('bigip-1', (mark) =>
    markedAway(mark, 'bigip-1', { code: 'BIP501', reason: 'no answer', now: NOW }),
  );
  await waiting.keep({
    kind: 'order',
    device: 'bigip-1',
    subject: EAST,
    what: 'approve',
    group: 'golden-steering-approve',
    sentAt: NOW,
    since: NOW,
    body: sealed('steering-approve', EVENTS['steering-approve']!),
    deduplicationId: 'golden-steering-approve',
    attempts: [],
  });
}

/** By key. */
export async function addedStore(): Promise<Readonly<Record<string, unknown>>> {
  const blobs = memoryBlobs();
  await fillAdded(goldenFailures(blobs));
  const keys = (await blobs.list('')).map(({ key }) => key);
  const texts = await Promise.all(
    keys.map(async (key) => [key, (await blobs.get(key))!.text] as const),
  );
  return Object.fromEntries(texts.map(([key, text]) => [key, JSON.parse(text) as unknown]));
}

/** In the order of the golden queue file; nothing is in flight. */
export async function sendAll(queues: Queues): Promise<void> {
  for (const { queue, group, event } of MESSAGES)
    await queues
      .queue(queue)
      .send({ group, deduplicationId: `golden-${event}`, body: sealed(event, EVENTS[event]!) });
  const { queue, ...letter } = await sentLetter(LETTERS['dead-letter-device']!);
  await queues.queue(queue as QueueName).send(letter);
}

const pretty = (data: unknown): string => `${JSON.stringify(data, null, 1)}\n`;

/** All but the dump, which needs a server. */
export async function addedFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['lease.json', pretty(addedLease())],
    ['leader.json', pretty(await leaderNote())],
    ['sqs-dead-letters.json', pretty(await deadRecords())],
    ['store.json', pretty(await addedStore())],
  ]);
}
