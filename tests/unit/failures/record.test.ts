/**
 * The record of a message of a dead-letter queue: its owner, its exposure, and the verification of
 * its sender.
 */
import { describe, expect, test } from '@jest/globals';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { canonicalJson } from '../../../shared/domain/declared/declared.ts';
import {
  claimIn,
  failureRecord,
  readFoundDeadLetter,
  recordOfUnread,
} from '../../../shared/failures/failure-record.ts';
import { digest, failureId } from '../../../shared/failures/identity.ts';
import type { FailureRecord } from '../../../shared/failures/port.ts';
import type { DeadLetter } from '../../../shared/queue/dead-letter.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import {
  CLUSTER_INVENTORY,
  DEAD_LETTER,
  INGRESS_ABSENT,
  INGRESS_DESIRED,
  INGRESS_OBSERVED,
} from '../../../shared/queue/events.ts';
import type { QueueMessage, WorkQueueName } from '../../../shared/queue/port.ts';
import type { Proof } from '../../../shared/queue/proof.ts';
import { snapshotOf } from '../../bench/world.ts';
import { exposure, slice, SETTINGS } from '../../fixtures/exposures.ts';
import { configOf } from '../../fixtures/failures/runtime.ts';

const OWNER = 'east/istio-system/istio-ingressgateway';
const TIME = '2026-11-23T02:59:00.000Z';
const KEY = '172.16.100.195:32400/tcp';
const UNPROVEN: Proof = { kind: 'unproven', reason: 'no signature' };
const FREE: Proof = { kind: 'free', cluster: 'east' };
const REVISION = { epoch: 1, counter: 4 };

const message = (body: string, over: Partial<QueueMessage> = {}): QueueMessage => ({
  id: 'm1',
  receipt: 'r1',
  group: 'g1',
  deduplicationId: 'm1',
  body,
  receiveCount: 3,
  sentAt: 1_000,
  ...over,
});
const meta = { id: 'e1', cluster: 'east', subject: OWNER, time: TIME };

const wish = (over: object = {}, exposures = [exposure()]): string =>
  serialiseEvent(INGRESS_DESIRED, slice(4, exposures, over), { ...meta, traceparent: 'trace-e' });
const snapshot = (over: object = {}): string =>
  serialiseEvent(INGRESS_OBSERVED, { ...snapshotOf(1, 4), ...over }, meta);

const letterOf = (over: Partial<DeadLetter>, body: string, sender?: string): DeadLetter => ({
  code: 'BIP421',
  reason: 'refused',
  class: 'device',
  queue: 'slices',
  group: 'g1',
  original: {
    id: 'o1',
    body,
    sentAt: 500,
    receiveCount: 2,
    ...(sender === undefined ? {} : { sender }),
  },
  attempts: [{ at: TIME, code: 'BIP421', reason: 'refused' }],
  functionVersion: '7',
  ...over,
});
const sealed = (letter: DeadLetter, traceparent?: string): string =>
  serialiseEvent(DEAD_LETTER, letter, { ...meta, ...(traceparent && { traceparent }) });

interface Given {
  readonly proof?: Proof;
  readonly config?: SluiceConfig;
  readonly over?: Partial<QueueMessage>;
}

function recordOf(
  queue: WorkQueueName,
  body: string,
  { proof, config = configOf(), over = {} }: Given = {},
): FailureRecord {
  const whole = message(body, over);
  return failureRecord(queue, readFoundDeadLetter(queue, whole), {
    config,
    message: whole,
    ...(proof && { proof }),
  });
}

const ofLetter = (over: Partial<DeadLetter>, body: string, given: Given = {}): FailureRecord =>
  recordOf(over.queue ?? 'slices', sealed(letterOf(over, body)), given);

describe('a message of a dead-letter queue', () => {
  test('is read as a dead letter of Sluice if it is one for this queue, with its time', () => {
    const letter = letterOf({}, 'any');
    expect(readFoundDeadLetter('slices', message(sealed(letter, 'trace-l')))).toEqual({
      kind: 'letter',
      letter,
      traceparent: 'trace-l',
      at: Date.parse(TIME),
    });
  });

  test.each<[string, WorkQueueName, QueueMessage]>([
    [
      'that the queue moved there',
      'slices',
      message(sealed(letterOf({}, 'any')), { redriven: true }),
    ],
    ['for another queue', 'snapshots', message(sealed(letterOf({}, 'any')))],
    ['of other bytes', 'slices', message('not json')],
  ])('is taken as it is if it is one %s', (_what, queue, found) => {
    expect(readFoundDeadLetter(queue, found)).toEqual({ kind: 'raw' });
  });
});

describe('proof of the origin is required', () => {
  const claim = (over: Partial<DeadLetter>): unknown => {
    const whole = message(sealed(letterOf(over, 'the event', 'AROAEAST')), { sender: 'AROAMAP' });
    return claimIn(readFoundDeadLetter('slices', whole), whole);
  };
  const original = { body: 'the event', sender: 'AROAEAST' };

  test('for a message that no function handled, with its own sender', () => {
    const raw = message('bytes', { sender: 'AROAEAST' });
    expect(claimIn({ kind: 'raw' }, raw)).toEqual({ body: 'bytes', sender: 'AROAEAST' });
  });

  test.each<[string, Partial<DeadLetter>]>([
    ['whose function named no owner', {}],
    ['that was never parsed, whatever owner is named', { code: 'Q612', owner: OWNER }],
  ])('of the event in a dead letter %s', (_what, over) => {
    expect(claim(over)).toEqual(original);
  });

  test.each<[string, Partial<DeadLetter>]>([
    ['whose function named the owner', { owner: OWNER }],
    ['that threw when it was parsed', { code: 'Q616' }],
    ['that killed what parsed it', { code: 'Q617', owner: OWNER }],
  ])('of no event in a dead letter %s', (_what, over) => {
    expect(claim(over)).toBeUndefined();
  });
});

describe('a dead letter', () => {
  test('keeps everything that its function wrote', () => {
    const written = {
      owner: OWNER,
      device: 'bigip-9',
      partition: 'k8s',
      exposure: KEY,
      revision: { epoch: 1, counter: 3 },
      response: '01070734:3',
      plan: [{ owner: OWNER, key: KEY, kind: 'create', code: 'OK', reason: 'new' }],
    };
    const body = wish();
    expect(recordOf('slices', sealed(letterOf(written, body), 'trace-l'))).toEqual({
      head: {
        id: failureId({
          code: 'BIP421',
          queue: 'slices',
          owner: OWNER,
          group: 'g1',
          device: 'bigip-9',
          partition: 'k8s',
          exposure: KEY,
          structure: canonicalJson([SETTINGS, ['default/tcp-echo-gateway']]),
        }),
        code: 'BIP421',
        class: 'device',
        sentence: 'refused',
        queue: 'slices',
        owner: OWNER,
        device: 'bigip-9',
        partition: 'k8s',
        exposure: KEY,
        gateways: ['default/tcp-echo-gateway'],
        revision: { epoch: 1, counter: 3 },
      },
      details: {
        reason: 'refused',
        attempts: [{ at: TIME, code: 'BIP421', reason: 'refused' }],
        functionVersion: '7',
        traceparent: 'trace-l',
        response: '01070734:3',
        plan: written.plan,
        event: {
          queue: 'slices',
          group: 'g1',
          id: 'o1',
          body,
          sentAt: 500,
          receiveCount: 2,
          verification: 'unchecked',
        },
      },
      message: 'm1',
      at: Date.parse(TIME),
    });
  });

  test('takes from the event the fields that its function did not write', () => {
    const { head, details } = ofLetter({}, wish(), { proof: FREE });
    expect([head.owner, head.device, head.revision, details.traceparent]).toEqual([
      OWNER,
      'bigip-1',
      REVISION,
      'trace-e',
    ]);
  });

  test('of a snapshot has its revision', () => {
    const { head } = ofLetter({ queue: 'snapshots', code: 'GW104' }, snapshot(), { proof: FREE });
    expect([head.owner, head.revision]).toEqual([OWNER, REVISION]);
  });

  test('that was refused unread is not unpacked: it has its proven owner and no revision', () => {
    const { head } = ofLetter(
      { queue: 'snapshots', code: 'Q612', owner: 'west/a/gw', revision: REVISION },
      snapshot(),
      { proof: FREE },
    );
    expect([head.owner, head.revision]).toEqual([OWNER, undefined]);
  });

  test('of a refused slice is unpacked, because only map sends slices', () => {
    const { head } = ofLetter({ code: 'Q612' }, wish(), { proof: UNPROVEN });
    expect(head).toMatchObject({ owner: OWNER, revision: REVISION, device: 'bigip-1' });
  });

  test.each(['Q616', 'Q617'])(
    'of an event that must not be parsed (%s) has no details of the event',
    (code) => {
      const body = wish();
      const { head, details } = ofLetter({ code, owner: OWNER }, body);
      expect(head).toMatchObject({ owner: OWNER, gateways: [] });
      expect([head.device, head.revision, details.traceparent]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      const identity = { code, queue: 'slices', owner: OWNER, group: 'g1' };
      const none = { device: undefined, partition: undefined, exposure: undefined };
      expect(head.id).toBe(failureId({ ...identity, ...none, structure: digest(body) }));
    },
  );

  test.each([
    [
      'its subject, which is all that is read,',
      `${INGRESS_OBSERVED} in the name of ${OWNER}`,
      snapshot({ ingress: { namespace: 'inside', service: 'gw' } }),
    ],
    ['nobody', `${digest('not json')} in the name of nobody`, 'not json'],
  ])('in the name of %s without proof has no owner', (_name, structure, body) => {
    const { head } = ofLetter({ queue: 'snapshots', code: 'OWN320' }, body);
    const none = { device: undefined, partition: undefined, exposure: undefined };
    expect([head.owner, head.revision, head.id]).toEqual([
      undefined,
      undefined,
      failureId({
        code: 'OWN320',
        queue: 'snapshots',
        owner: undefined,
        group: 'g1',
        ...none,
        structure,
      }),
    ]);
  });

  test('with a slice on the queue of snapshots, where any sender may send one, has no owner', () => {
    const { head } = ofLetter({ queue: 'snapshots', code: 'GW104' }, wish(), { proof: UNPROVEN });
    expect([head.owner, head.revision]).toEqual([undefined, undefined]);
  });

  test('has a summary of at most 300 characters, and the complete reason', () => {
    const sentence = (length: number): string | undefined =>
      ofLetter({ reason: 'x'.repeat(length), owner: OWNER }, wish()).head.sentence;
    expect(sentence(300)).toBe('x'.repeat(300));
    expect(sentence(301)).toBe(`${'x'.repeat(299)}…`);
    expect(ofLetter({ reason: 'x'.repeat(301), owner: OWNER }, wish()).details.reason).toHaveLength(
      301,
    );
  });
});

describe('the gateways of a failure', () => {
  const exposures = [
    exposure({ partition: 'other', gateways: ['a/other-partition'] }),
    exposure({ port: 1, gateways: ['b/other-port', 'c/both'] }),
    exposure({ gateways: ['c/both'] }),
  ];
  const gateways = (over: Partial<DeadLetter>): readonly string[] =>
    ofLetter({ owner: OWNER, ...over }, wish({}, exposures)).head.gateways;

  test('are those of its exposure in its partition', () => {
    expect(gateways({ exposure: KEY, partition: 'k8s' })).toEqual(['c/both']);
  });

  test('are none where the event does not request its exposure', () => {
    expect(gateways({ exposure: '10.0.0.1:1/tcp', partition: 'k8s' })).toEqual([]);
  });

  test('are all of its event if it concerns no single exposure, each once', () => {
    expect(gateways({})).toEqual(['a/other-partition', 'b/other-port', 'c/both']);
  });
});

describe('a message that the queue itself moved', () => {
  test('is kept as a failure that no function handled', () => {
    const body = wish();
    const record = recordOf('slices', body, { proof: FREE, over: { sender: 'AROA' } });
    expect(record).toMatchObject({
      head: {
        code: 'RPL701',
        class: 'never-ran',
        owner: OWNER,
        device: 'bigip-1',
        revision: REVISION,
        gateways: ['default/tcp-echo-gateway'],
      },
      details: {
        attempts: [],
        traceparent: 'trace-e',
        event: { id: 'm1', group: 'g1', body, sentAt: 1_000, receiveCount: 3, sender: 'AROA' },
      },
      message: 'm1',
      at: 1_000,
    });
    expect(record.head.sentence).toContain(`slices: the queue moved the event of ${OWNER} to`);
  });

  test('names its group where it has no owner', () => {
    expect(recordOf('slices', 'not json', { proof: UNPROVEN }).head.sentence).toContain(
      'the event of group g1 to',
    );
  });

  const ids = (queue: WorkQueueName, structure: string, owner?: string): string =>
    failureId({
      code: 'RPL701',
      queue,
      owner,
      group: 'g1',
      device: undefined,
      partition: undefined,
      exposure: undefined,
      structure,
    });

  test('is not unpacked if it is a snapshot without proof: only its envelope is used, and it has no owner', () => {
    const body = snapshot({ ingress: { namespace: 'inside', service: 'gw' } });
    const { head } = recordOf('snapshots', body, { proof: UNPROVEN });
    expect([head.owner, head.revision, head.id]).toEqual([
      undefined,
      undefined,
      ids('snapshots', `${INGRESS_OBSERVED} in the name of ${OWNER}`),
    ]);
  });

  test('is unpacked with proof, and attributed to its owner if the proof is of the same cluster', () => {
    expect(recordOf('snapshots', snapshot(), { proof: FREE }).head).toMatchObject({
      owner: OWNER,
      revision: REVISION,
    });
    const west: Proof = { kind: 'proven', cluster: 'west' };
    expect(recordOf('snapshots', snapshot(), { proof: west }).head.owner).toBeUndefined();
  });

  test.each<[string, WorkQueueName, string]>([
    ['a snapshot', 'snapshots', snapshot()],
    ['a slice on the queue of snapshots', 'snapshots', wish()],
    ['an event that does not come from map', 'slices', snapshot()],
    ['unreadable', 'slices', 'not json'],
  ])('without proof has no owner if it is %s', (_what, queue, body) => {
    const { head } = recordOf(queue, body, { proof: UNPROVEN });
    expect([head.owner, head.revision]).toEqual([undefined, undefined]);
  });

  test('without proof is attributed to its owner if it is a slice, because only Sluice sends slices', () => {
    expect(recordOf('slices', wish(), { proof: UNPROVEN }).head).toMatchObject({
      owner: OWNER,
      revision: REVISION,
    });
  });

  test('has no owner if it names none, whatever its proof', () => {
    expect(recordOf('snapshots', 'not json', { proof: FREE }).head.owner).toBeUndefined();
  });

  test.each<[string, WorkQueueName, string, object]>([
    [
      'missing ingresses',
      'slices',
      serialiseEvent(
        INGRESS_ABSENT,
        {
          cluster: 'east',
          clusterUid: 'uid',
          device: 'bigip-2',
          version: { ...REVISION, generation: 1 },
          absent: ['east/a/b'],
        },
        { ...meta, subject: 'east' },
      ),
      { owner: 'east', device: 'bigip-2', revision: REVISION },
    ],
    [
      'the list of ingresses',
      'snapshots',
      serialiseEvent(
        CLUSTER_INVENTORY,
        { cluster: 'east', clusterUid: 'uid', revision: REVISION, ingresses: [] },
        { ...meta, subject: 'east' },
      ),
      { owner: 'east', revision: REVISION },
    ],
  ])('with %s is of its cluster', (_what, queue, body, head) => {
    expect(recordOf(queue, body, { proof: FREE }).head).toMatchObject(head);
  });

  test('that is unreadable is one failure for each content, or for each type and subject', () => {
    const idOf = (body: string): string => recordOf('slices', body, { proof: FREE }).head.id;
    expect(idOf('not json')).toBe(ids('slices', `${digest('not json')} in the name of nobody`));
    const named = (type: string | undefined, data: object): string =>
      JSON.stringify({ source: '/clusters/east', subject: OWNER, data, ...(type && { type }) });
    expect(idOf(named('sluice.x.v1', {}))).toBe(ids('slices', 'sluice.x.v1', OWNER));
    expect(idOf(named('sluice.x.v1', { a: 1 }))).toBe(idOf(named('sluice.x.v1', {})));
    expect(idOf(named(undefined, {}))).toBe(ids('slices', 'unreadable', OWNER));
  });
});

describe('the sender', () => {
  const config = configOf({
    clusters: [
      { id: 'east', senders: ['AROAEAST'] },
      { id: 'west' },
      { id: 'north' },
      { id: 'south' },
    ],
    failures: { kind: 'fs', path: '/nowhere', replayers: ['AROAREPLAY'] },
  });
  const snapshotFrom = (sender: string | undefined): string =>
    recordOf('snapshots', snapshot(), {
      proof: FREE,
      config,
      over: sender === undefined ? {} : { sender },
    }).details.event.verification;

  test.each([
    ['AROAEAST', 'verified'],
    ['AROAEVIL', 'refused'],
    ['AROAREPLAY', 'unchecked'],
    [undefined, 'unchecked'],
  ])('of a snapshot by the queue: %s is %s', (sender, verification) => {
    expect(snapshotFrom(sender)).toBe(verification);
  });

  test.each([
    ['AROAEAST', 'verified'],
    ['AROAEVIL', 'refused'],
    [undefined, 'unchecked'],
  ])('of a slice by map, whichever sender the queue names: %s is %s', (sender, verification) => {
    const body = wish(sender === undefined ? {} : { sender });
    const { details } = recordOf('slices', body, {
      proof: FREE,
      config,
      over: { sender: 'AROAMAP' },
    });
    expect(details.event.verification).toBe(verification);
  });

  test.each([
    ['a cluster that names no senders', snapshot({ cluster: 'west' })],
    ['a cluster that is not configured', snapshot({ cluster: 'elsewhere' })],
    ['nobody', 'not json'],
  ])('is not checked for %s', (_what, body) => {
    const { details } = recordOf('snapshots', body, {
      proof: { kind: 'free', cluster: 'west' },
      config,
      over: { sender: 'AROAEVIL' },
    });
    expect(details.event.verification).toBe('unchecked');
  });

  test('of a dead letter is that of the event in it, not of the letter', () => {
    const body = sealed(
      letterOf({ queue: 'snapshots', owner: OWNER, code: 'GW104' }, snapshot(), 'AROAEVIL'),
    );
    const { details } = recordOf('snapshots', body, { config, over: { sender: 'AROAEAST' } });
    expect(details.event.verification).toBe('refused');
  });
});

test('a message that must not be parsed is kept as it is, one failure for each content', () => {
  const record = recordOfUnread('slices', message('bytes', { sender: 'AROA' }), {
    code: 'Q616',
    reason: 'it threw',
  });
  expect(record).toEqual({
    head: {
      id: failureId({
        code: 'Q616',
        queue: 'slices',
        owner: undefined,
        group: 'g1',
        device: undefined,
        partition: undefined,
        exposure: undefined,
        structure: digest('bytes'),
      }),
      code: 'Q616',
      class: 'queue',
      sentence: 'it threw',
      queue: 'slices',
      gateways: [],
    },
    details: {
      reason: 'it threw',
      attempts: [],
      event: {
        queue: 'slices',
        group: 'g1',
        id: 'm1',
        body: 'bytes',
        sentAt: 1_000,
        receiveCount: 3,
        sender: 'AROA',
        verification: 'unchecked',
      },
    },
    message: 'm1',
    at: 1_000,
  });
});
