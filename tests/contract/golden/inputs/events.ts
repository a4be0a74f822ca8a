/** At least one event of every type, as it is sealed. They never change. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type * as z from 'zod';
import type {
  ExposureResult,
  Settled,
  Slice,
} from '../../../../shared/domain/exposure/exposure.ts';
import type { ServerReport } from '../../../../shared/domain/istio/port-mapping.ts';
import type { DeadLetter } from '../../../../shared/queue/dead-letter.ts';
import { DEAD_LETTER_EVENTS, sendDeadLetter } from '../../../../shared/queue/dead-letter.ts';
import { serialiseEvent } from '../../../../shared/queue/envelope.ts';
import type { EventMeta, EventTypes } from '../../../../shared/queue/envelope-types.ts';
import {
  ABSENCE_EVENTS,
  AUDIT,
  AUDIT_EVENTS,
  CLUSTER_INVENTORY,
  EXPRESS_EVENTS,
  INGRESS_ABSENT,
  INGRESS_DESIRED,
  INGRESS_OBSERVED,
  INGRESS_SETTLED,
  MEMBER_EXPRESS,
  RESYNC,
  RESYNC_EVENTS,
  SETTLED_EVENTS,
  SLICE_EVENTS,
  SNAPSHOT_EVENTS,
  STEERING,
  STEERING_EVENTS,
} from '../../../../shared/queue/events.ts';
import type { OutgoingMessage, QueueMessage, Queues } from '../../../../shared/queue/port.ts';
import {
  readSigner,
  readVerifyKey,
  type EventSigner,
  type VerifyKey,
} from '../../../../shared/queue/signature.ts';
import { EAST, PLAIN } from './declared.ts';
import { LARGE_SNAPSHOT, SNAPSHOT } from './snapshot.ts';

/** PKCS#8 of 32 bytes 07: a public test key that protects nothing. */
const PRIVATE = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)]),
  format: 'der',
  type: 'pkcs8',
});

export const PUBLIC_PEM = createPublicKey(PRIVATE)
  .export({ format: 'pem', type: 'spki' })
  .toString();

function readable<T>(read: { readonly ok: T } | { readonly problem: string }): T {
  if ('problem' in read) throw new Error(read.problem);
  return read.ok;
}

export const SIGNER: EventSigner = readable(
  readSigner(PRIVATE.export({ format: 'pem', type: 'pkcs8' }).toString()),
);
export const VERIFY_KEY: VerifyKey = readable(readVerifyKey(PUBLIC_PEM));

export const TIME = '2026-11-01T10:00:00.000Z';
const KEY = '172.16.100.195:32400/tcp';
const VERSION = { epoch: 1_767_225_600_000, counter: 7, generation: 3 };

const SERVER: ServerReport = {
  gateway: 'default/web',
  api: 'istio',
  server: 0,
  name: 'tcp-echo',
  port: 32_400,
  protocol: 'TCP',
  verdict: 'listening',
  code: 'OK',
  reason: 'Envoy listens on 32400',
  envoyPorts: [32_400],
  servicePorts: [
    {
      service: 'istio-system/istio-ingressgateway',
      port: 32_400,
      targetPort: 32_400,
      nodePort: null,
      reachesListener: true,
    },
  ],
  missingInService: false,
};

const SLICE: Slice = {
  owner: EAST,
  clusterUid: 'uid-east',
  device: 'bigip-1',
  devices: ['bigip-1', 'bigip-2'],
  version: VERSION,
  sender: 'AROAEAST',
  exposures: [
    {
      address: '172.16.100.195',
      port: 32_400,
      protocol: 'tcp',
      partition: 'k8s',
      settings: {
        ...PLAIN,
        reselectTries: 3,
        iRules: ['/Common/log-requests'],
        profiles: { tcp: '/Common/tcp' },
        monitors: [
          { type: 'http', interval: 5, timeout: 16, port: 15_021, send: 'GET /', receive: '200' },
        ],
      },
      members: [
        { address: '10.244.1.5', port: 32_400, availability: 'ready' },
        { address: '10.244.2.7', port: 32_400, availability: 'draining' },
        { address: '10.244.3.9', port: 32_400, availability: 'out' },
      ],
      gateways: ['default/web'],
      since: '2026-01-01T00:00:00Z',
    },
    {
      address: 'auto(web)',
      port: 53,
      protocol: 'udp',
      partition: 'k8s',
      settings: { ...PLAIN, mode: 'udp' },
      members: [],
      gateways: ['team-a/dns'],
      since: '2026-01-02T00:00:00Z',
    },
  ],
  changes: [
    {
      what: 'updated',
      kind: 'Gateway',
      namespace: 'default',
      name: 'web',
      resourceVersion: '1001',
    },
  ],
  removed: false,
  servers: [SERVER],
  sources: {
    [KEY]: {
      iRules: 'ConfigMap istio-system/istio-ingressgateway.32400.vs',
      address: 'Gateway default/web',
    },
  },
  notes: [
    { object: 'ConfigMap istio-system/other', message: 'no Service has port 9', code: 'GW131' },
  ],
  auto: {
    pools: { web: { ranges: ['10.1.0.0/29', '10.1.1.1-10.1.1.9'], reserved: ['10.1.0.1'] } },
    claims: ['10.1.0.2'],
    seed: EAST,
  },
};

const LARGE_SLICE: Slice = {
  ...SLICE,
  exposures: [
    {
      ...SLICE.exposures[0]!,
      members: Array.from({ length: 4_000 }, (_, i) => ({
        address: `10.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`,
        port: 32_400,
        availability: 'ready' as const,
      })),
    },
  ],
};

const OUTCOMES: readonly ExposureResult['outcome'][] = [
  'applied',
  'unchanged',
  'superseded',
  'rejected',
  'conflict',
  'held',
  'retry',
];

const SETTLED: Settled = {
  owner: EAST,
  clusterUid: 'uid-east',
  version: VERSION,
  device: 'bigip-1',
  devices: ['bigip-1', 'bigip-2'],
  supersededBy: { ...VERSION, counter: 9 },
  servers: [SERVER],
  exposures: OUTCOMES.map((outcome, i) => ({
    address: '172.16.100.195',
    port: 32_400 + i,
    protocol: 'tcp' as const,
    partition: 'k8s',
    gateways: ['default/web'],
    outcome,
    code: i < 2 ? 'OK' : 'BIP421',
    message: `${outcome} on bigip-1`,
    ...(i === 0 ? { sources: { iRules: 'sluice.yaml' } } : {}),
  })),
  notes: SLICE.notes,
};

interface GoldenEvent {
  readonly type: string;
  readonly types: EventTypes;
  readonly data: unknown;
  readonly subject?: string;
  readonly meta?: Partial<EventMeta>;
  readonly unsigned?: true;
}

function event<T extends EventTypes, K extends keyof T & string>(
  types: T,
  type: K,
  data: z.input<T[K]>,
  over: Pick<GoldenEvent, 'subject' | 'meta' | 'unsigned'> = {},
): GoldenEvent {
  return { type, types, data, ...over };
}

const order = (data: z.input<(typeof STEERING_EVENTS)[typeof STEERING]>): GoldenEvent =>
  event(STEERING_EVENTS, STEERING, data, { subject: 'bigip-1' });

export const EVENTS: Readonly<Record<string, GoldenEvent>> = {
  'ingress-observed': event(SNAPSHOT_EVENTS, INGRESS_OBSERVED, SNAPSHOT, {
    meta: { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
  }),
  'ingress-observed-unsigned': event(SNAPSHOT_EVENTS, INGRESS_OBSERVED, SNAPSHOT, {
    unsigned: true,
  }),
  'ingress-observed-large': event(SNAPSHOT_EVENTS, INGRESS_OBSERVED, LARGE_SNAPSHOT),
  'ingress-observed-removed': event(SNAPSHOT_EVENTS, INGRESS_OBSERVED, {
    ...SNAPSHOT,
    removed: true,
    objects: Object.fromEntries(Object.keys(SNAPSHOT.objects).map((kind) => [kind, []])),
  }),
  'cluster-inventory': event(
    SNAPSHOT_EVENTS,
    CLUSTER_INVENTORY,
    {
      cluster: 'east',
      clusterUid: 'uid-east',
      revision: SNAPSHOT.revision,
      ingresses: [SNAPSHOT.ingress],
      watched: [SNAPSHOT.ingress, { namespace: 'team-a', service: 'gateway' }],
    },
    { subject: 'east' },
  ),
  'cluster-inventory-watching-all': event(
    SNAPSHOT_EVENTS,
    CLUSTER_INVENTORY,
    { cluster: 'east', clusterUid: 'uid-east', revision: SNAPSHOT.revision, ingresses: [] },
    { subject: 'east' },
  ),
  'ingress-desired': event(SLICE_EVENTS, INGRESS_DESIRED, SLICE, {
    meta: {
      hops: [
        { at: '2026-11-01T09:59:59.100Z', where: 'watch' },
        { at: '2026-11-01T09:59:59.900Z', where: 'map' },
      ],
    },
  }),
  'ingress-desired-large': event(SLICE_EVENTS, INGRESS_DESIRED, LARGE_SLICE),
  'ingress-desired-empty': event(SLICE_EVENTS, INGRESS_DESIRED, {
    owner: EAST,
    clusterUid: 'uid-east',
    device: 'bigip-2',
    devices: ['bigip-1'],
    version: VERSION,
    exposures: [],
    changes: [],
    removed: true,
    servers: [],
    sources: {},
    notes: [],
  }),
  'member-express': event(EXPRESS_EVENTS, MEMBER_EXPRESS, {
    owner: EAST,
    clusterUid: 'uid-east',
    device: 'bigip-1',
    partition: 'k8s',
    version: VERSION,
    wishes: [
      { address: '10.244.2.7', availability: 'out', because: 'terminating', wholeNode: false },
      { address: '10.244.2.8', availability: 'draining', because: 'unready', wholeNode: false },
      { address: '10.0.0.1', availability: 'draining', because: 'cordoned', wholeNode: true },
      { address: '10.0.0.2', availability: 'out', because: 'node-not-ready', wholeNode: true },
      { address: '10.244.1.5', availability: 'ready', because: 'back', wholeNode: false },
    ],
  }),
  'ingress-settled': event(SETTLED_EVENTS, INGRESS_SETTLED, SETTLED),
  'ingress-settled-by-map': event(SETTLED_EVENTS, INGRESS_SETTLED, {
    owner: EAST,
    clusterUid: 'uid-east',
    version: VERSION,
    devices: [],
    servers: [
      {
        ...SERVER,
        verdict: 'no-route',
        code: 'MAP220',
        envoyPorts: [],
        servicePorts: [],
        missingInService: true,
      },
    ],
    exposures: [],
    notes: [],
  }),
  'ingress-settled-large': event(SETTLED_EVENTS, INGRESS_SETTLED, {
    ...SETTLED,
    servers: Array.from({ length: 700 }, (_, server) => ({ ...SERVER, server })),
  }),
  resync: event(
    RESYNC_EVENTS,
    RESYNC,
    {
      cluster: 'east',
      device: 'bigip-1',
      partition: 'k8s',
      code: 'BIP451',
      reason: 'the partition is empty',
    },
    { subject: 'bigip-1' },
  ),
  audit: event(
    AUDIT_EVENTS,
    AUDIT,
    { device: 'bigip-1', partitions: ['k8s'], reason: 'a pool member is missing' },
    { subject: 'bigip-1' },
  ),
  'audit-adopting': event(
    AUDIT_EVENTS,
    AUDIT,
    {
      device: 'bigip-1',
      partitions: ['k8s'],
      reason: 'changed by hand',
      adopt: [
        {
          key: KEY,
          values: { balance: 'ratio-member', connectionLimit: 10, enabled: false },
          instead: { balance: 'round-robin', connectionLimit: 0, enabled: true },
          partition: 'k8s',
        },
      ],
    },
    { subject: 'bigip-1' },
  ),
  'audit-lifting': event(
    AUDIT_EVENTS,
    AUDIT,
    { device: 'bigip-1', partitions: ['k8s'], reason: 'given back', lift: true },
    { subject: 'bigip-1' },
  ),
  'steering-approve': order({ action: 'approve', device: 'bigip-1', owner: EAST, keys: [KEY] }),
  'steering-approve-all': order({ action: 'approve', device: 'bigip-1', owner: EAST }),
  'steering-drain': order({
    action: 'drain',
    device: 'bigip-1',
    cluster: 'east',
    mode: 'drain',
    because: 'upgrade',
  }),
  'steering-drain-silent': order({
    action: 'drain',
    device: 'bigip-1',
    cluster: 'east',
    mode: 'out',
    because: 'silent',
    silent: { seen: TIME, speaking: ['west'] },
  }),
  'steering-enable': order({ action: 'enable', device: 'bigip-1', cluster: 'east' }),
  'steering-enable-silent': order({
    action: 'enable',
    device: 'bigip-1',
    cluster: 'east',
    silent: true,
  }),
  'steering-forget': order({
    action: 'forget',
    device: 'bigip-1',
    cluster: 'east',
    upTo: { [EAST]: VERSION },
    whole: true,
  }),
  'steering-adopt': order({
    action: 'adopt',
    device: 'bigip-1',
    cluster: 'east',
    clusterUid: 'uid-new',
  }),
  'ingress-absent': event(
    ABSENCE_EVENTS,
    INGRESS_ABSENT,
    {
      cluster: 'east',
      clusterUid: 'uid-east',
      device: 'bigip-1',
      version: VERSION,
      sender: 'AROAEAST',
      absent: ['east/team-a/gateway'],
    },
    { subject: 'bigip-1' },
  ),
};

export function sealed(
  name: string,
  { type, data, subject = EAST, meta, unsigned }: GoldenEvent,
): string {
  return serialiseEvent(
    type,
    data,
    { id: `golden-${name}`, cluster: 'east', subject, time: TIME, ...meta },
    unsigned ? undefined : SIGNER,
  );
}

const MESSAGE: QueueMessage = {
  id: 'm-1',
  receipt: 'r-1',
  group: 'bigip-1',
  deduplicationId: 'e-1',
  body: sealed('ingress-desired', EVENTS['ingress-desired']!),
  receiveCount: 3,
  sentAt: Date.parse(TIME) - 5_000,
  sender: 'AROAMAP',
};

type LetterInput = Parameters<typeof sendDeadLetter>[1];
const base = { message: MESSAGE, functionVersion: '7', now: Date.parse(TIME) };

/** One of every class, with every field. */
export const LETTERS: Readonly<Record<string, LetterInput>> = {
  'dead-letter-device': {
    ...base,
    code: 'BIP421',
    reason: 'bigip-1: 172.16.100.195:32400/tcp is refused',
    queue: 'slices',
    owner: EAST,
    device: 'bigip-1',
    partition: 'k8s',
    exposure: KEY,
    revision: { epoch: VERSION.epoch, counter: VERSION.counter },
    response: '01070734:3: Configuration error',
    plan: [{ owner: EAST, key: KEY, kind: 'create', code: 'OK', reason: 'wanted' }],
    attempts: [
      { at: '2026-11-01T09:58:00.000Z', code: 'BIP401', reason: 'unreachable' },
      { at: TIME, code: 'BIP421', reason: 'refused' },
    ],
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
  'dead-letter-queue': {
    ...base,
    code: 'Q613',
    reason: 'It does not fit.',
    queue: 'snapshots',
    message: {
      id: 'm-2',
      receipt: 'r',
      group: '',
      deduplicationId: 'e',
      body: '{"a":1}',
      receiveCount: 1,
      sentAt: base.now,
    },
  },
  'dead-letter-ownership': {
    ...base,
    code: 'OWN320',
    reason: 'another sender',
    queue: 'snapshots',
    owner: EAST,
  },
  'dead-letter-mapping': {
    ...base,
    code: 'MAP201',
    reason: 'cannot be mapped',
    queue: 'snapshots',
    owner: EAST,
  },
  'dead-letter-input': {
    ...base,
    code: 'GW103',
    reason: 'no such cluster',
    queue: 'snapshots',
    owner: EAST,
  },
  'dead-letter-large': {
    ...base,
    code: 'Q613',
    reason: 'It does not fit.',
    queue: 'snapshots',
    owner: EAST,
    message: { ...MESSAGE, body: JSON.stringify({ text: 'x'.repeat(250_000) }) },
  },
};

export const LETTER_TYPES = DEAD_LETTER_EVENTS;
export type { DeadLetter };

export interface Sent extends OutgoingMessage {
  readonly queue: string;
}

/** The messages, and their queues. */
export async function sentLetter(input: LetterInput): Promise<Sent> {
  const sent: Sent[] = [];
  const queues = {
    queue: (queue: string) => ({
      send: (message: OutgoingMessage) => Promise.resolve(void sent.push({ queue, ...message })),
    }),
  } as unknown as Queues;
  await sendDeadLetter(queues, input);
  return sent[0]!;
}
