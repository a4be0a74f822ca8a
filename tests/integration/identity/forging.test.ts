/**
 * No cluster can send events for another one, whichever way it tries. Seen red with
 * `checkSignature` (origin.ts) accepting everything (every OWN321 to OWN323), with `disagreement`
 * (content.ts) doing so (every OWN324), and with `withoutOwner` (event-origin.ts) returning its
 * input.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { recordOfMessage } from '../../../functions/park/record-of-message.ts';
import type { FailureRecord } from '../../../shared/failures/port.ts';
import type { DeadLetter } from '../../../shared/queue/dead-letter.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import type { EventMeta } from '../../../shared/queue/envelope-types.ts';
import { CLUSTER_INVENTORY, DEAD_LETTER } from '../../../shared/queue/events.ts';
import { createKeyring } from '../../../shared/queue/keyring.ts';
import type { EventSigner } from '../../../shared/queue/signature.ts';
import { owner, SQS_SENDER, startSite, type Site } from './support.ts';

let site: Site;
afterEach(() => site.close());

type Envelope = Record<string, unknown> & { data: Record<string, unknown> };
/**
 * As park would store it: a refused event has no proven owner, so no results close it and it leads
 * no replay.
 */
function sighted(letter: DeadLetter, { config, secrets }: Site): Promise<FailureRecord> {
  const body = serialiseEvent(DEAD_LETTER, letter, {
    id: 'd',
    cluster: 'unknown',
    subject: 'x',
    time: new Date(0).toISOString(),
  });
  const keys = createKeyring(
    { resolve: async (reference) => secrets.get(reference) ?? '' },
    { monotonic: () => 0 },
  );
  return recordOfMessage(
    'snapshots',
    {
      id: 'm',
      receipt: 'r',
      group: letter.group,
      deduplicationId: 'd',
      body,
      receiveCount: 1,
      sentAt: 0,
    },
    { config, keys },
  );
}

const parsed = (body: string): Envelope => JSON.parse(body) as Envelope;
const changed = (body: string, change: (envelope: Envelope) => void): string => {
  const envelope = parsed(body);
  change(envelope);
  return JSON.stringify(envelope);
};

/** An event that an attacker forges from one that they have seen. */
function made(
  from: string,
  meta: Partial<EventMeta>,
  data: object = {},
  signer?: EventSigner,
): string {
  const { id, type, subject, time, source, data: was } = parsed(from);
  const cluster = String(source).replace('/clusters/', '');
  return serialiseEvent(
    String(type),
    { ...was, ...data },
    { id: String(id), cluster, subject: String(subject), time: String(time), ...meta },
    signer,
  );
}

interface Seen {
  readonly east: string;
  readonly west: string;
  readonly inventory: string;
}

type Way = readonly [
  way: string,
  forge: (seen: Seen, site: Site) => string,
  code: string,
  reason: RegExp,
];

const WAYS: readonly Way[] = [
  [
    'an event without a signature',
    ({ east }) => made(east, {}),
    'OWN321',
    /not signed.*verifyKeys is set for east/,
  ],
  [
    'the signature cut off',
    ({ east }) => changed(east, (e) => delete e['signature']),
    'OWN321',
    /not signed/,
  ],
  [
    'signed with the key of another cluster',
    ({ east }, { signers }) => made(east, {}, {}, signers.west),
    'OWN323',
    /verifyKeys of east holds [0-9a-f]{16};/,
  ],
  [
    "signed with another key under the name of the cluster's",
    ({ east }, { signers }) => made(east, {}, {}, { ...signers.west, keyid: signers.east.keyid }),
    'OWN322',
    /is not valid/,
  ],
  [
    'the key id cut off',
    ({ east }) => changed(east, (e) => delete e['keyid']),
    'OWN323',
    /signed with key ""/,
  ],
  [
    'a changed content',
    ({ east }) => changed(east, (e) => (e.data['removed'] = false)),
    'OWN322',
    /is not valid/,
  ],
  [
    'a newer revision with the old content and signature',
    ({ east }) => changed(east, (e) => (e.data['revision'] = { epoch: 1, counter: 99 })),
    'OWN322',
    /is not valid/,
  ],
  [
    'another id, so that the queue does not discard it as a duplicate',
    ({ east }) => changed(east, (e) => (e['id'] = 'new')),
    'OWN322',
    /is not valid/,
  ],
  [
    'the signature of another event of the same watcher',
    ({ east, inventory }) =>
      changed(east, (e) => (e['signature'] = parsed(inventory)['signature'])),
    'OWN322',
    /is not valid/,
  ],
  [
    "its own signed content under another cluster's source",
    ({ west }) => changed(west, (e) => (e['source'] = '/clusters/east')),
    'OWN323',
    /verifyKeys of east/,
  ],
  [
    "its own source and key, another cluster's data",
    ({ west }, { signers }) => made(west, {}, { cluster: 'east' }, signers.west),
    'OWN324',
    /source names cluster west, data.cluster names east/,
  ],
  [
    "its own source, key and data, another cluster's subject",
    ({ west }, { signers }) => made(west, { subject: owner('east') }, {}, signers.west),
    'OWN324',
    /subject is east\/.*about west\//,
  ],
  [
    "another cluster's source and subject around its own data",
    ({ west }, { signers }) =>
      made(west, { cluster: 'east', subject: owner('east') }, {}, signers.west),
    'OWN323',
    /verifyKeys of east/,
  ],
  [
    'unsigned packed data, without being unpacked,',
    ({ east }) =>
      changed(east, (e) =>
        Object.assign(e, {
          data: undefined,
          signature: undefined,
          dataencoding: 'gzip',
          data_base64: 'AAAA',
        }),
      ),
    'OWN321',
    /not signed/,
  ],
  [
    'an inventory without a signature',
    ({ inventory }) => made(inventory, {}),
    'OWN321',
    /not signed/,
  ],
  [
    "another cluster's inventory",
    ({ inventory }, { signers }) => made(inventory, {}, {}, signers.west),
    'OWN323',
    /verifyKeys of east/,
  ],
  [
    'a shortened inventory',
    ({ inventory }) => changed(inventory, (e) => (e.data['ingresses'] = [])),
    'OWN322',
    /is not valid/,
  ],
  [
    "an inventory under another cluster's subject",
    ({ inventory }, { signers }) => made(inventory, { subject: 'west' }, {}, signers.east),
    'OWN324',
    /subject is west, but the data is about east/,
  ],
  [
    'a snapshot as an inventory',
    ({ east }) => changed(east, (e) => (e['type'] = CLUSTER_INVENTORY)),
    'OWN322',
    /is not valid/,
  ],
  [
    'a snapshot as an inventory, signed as such',
    ({ east }, { signers }) =>
      serialiseEvent(
        CLUSTER_INVENTORY,
        parsed(east).data,
        { id: 'x', cluster: 'east', subject: owner('east'), time: String(parsed(east)['time']) },
        signers.east,
      ),
    'Q613',
    /does not match its schema/,
  ],
];

describe.each(['sqlite', 'sqs'] as const)('on a queue of kind %s', (kind) => {
  test('events of the watchers are accepted, snapshots and inventories', async () => {
    site = await startSite({ kind });
    const bodies = [
      await site.said('east'),
      await site.said('west'),
      await site.said('east', 'inventory'),
      await site.said('west', 'inventory'),
    ];
    for (const body of bodies) await site.put(String(parsed(body)['subject']), body);
    expect(await site.map()).toBe(0);
    expect([...(await site.slices())].sort()).toEqual([`${owner('east')} 1`, `${owner('west')} 1`]);
    expect(await site.deadLetters()).toEqual([]);
  });

  test.each(WAYS)(
    '%s is refused, and other messages of its group continue',
    async (_, forge, code, reason) => {
      site = await startSite({ kind });
      const seen: Seen = {
        east: await site.said('east'),
        west: await site.said('west'),
        inventory: await site.said('east', 'inventory'),
      };
      const forged = forge(seen, site);
      const next = await site.said('east');
      for (const body of [seen.east, forged, next]) await site.put(owner('east'), body);
      expect(await site.map()).toBe(0);
      expect(await site.slices()).toEqual([`${owner('east')} 1`, `${owner('east')} 3`]);
      const letters = await site.deadLetters();
      const sightings = await Promise.all(letters.map((letter) => sighted(letter, site)));
      expect(letters).toEqual([
        expect.objectContaining({
          code,
          reason: expect.stringMatching(reason),
          original: expect.objectContaining({ body: forged }),
        }),
      ]);
      expect(sightings[0]?.head).toEqual(
        expect.not.objectContaining({ owner: expect.anything(), revision: expect.anything() }),
      );
      expect(site.log).toContainEqual(
        expect.objectContaining({ level: 'error', said: 'dead letter', code }),
      );
    },
  );

  test('a replay of the original bytes is accepted, a forged one is not', async () => {
    site = await startSite({ kind });
    const original = await site.said('east');
    for (let i = 0; i < 2; i++) await site.put(owner('east'), original);
    await site.put(
      owner('east'),
      changed(original, (e) => (e.data['removed'] = false)),
    );
    await site.map();
    expect(await site.slices()).toContain(`${owner('east')} 1`);
    expect((await site.deadLetters()).map(({ code }) => code)).toEqual(['OWN322']);
  });

  test('while a key is unavailable, its events wait in order, others continue, and it recovers by itself', async () => {
    site = await startSite({ kind });
    const pem = site.secrets.get('env:east.pub') ?? '';
    const [first, second, other] = [
      await site.said('east'),
      await site.said('east'),
      await site.said('west'),
    ];
    site.secrets.delete('env:east.pub');
    for (const body of [first, second]) await site.put(owner('east'), body);
    await site.put(owner('west'), other);
    expect(await site.map()).toBeGreaterThanOrEqual(1);
    expect(await site.slices()).toEqual([`${owner('west')} 1`]);
    expect(await site.deadLetters()).toEqual([]);
    expect(site.log).toContainEqual(
      expect.objectContaining({ level: 'warn', said: 'retry', code: 'GW102', delay: 5_000 }),
    );
    site.secrets.set('env:east.pub', pem);
    // The same bytes; the visibility time of the messages has not ended.
    await site.put('elsewhere', first);
    await site.map();
    expect(await site.slices()).toEqual([`${owner('east')} 1`]);
  });
});

describe('on a queue that also identifies senders', () => {
  const forgedAndTrue = async (): Promise<void> => {
    const original = await site.said('east');
    await site.put(owner('east'), original);
    await site.put(owner('east'), made(original, { id: 'unsigned' }));
    await site.map();
  };

  test('an allowed sender must still sign', async () => {
    site = await startSite({ kind: 'sqs', senders: [SQS_SENDER] });
    await forgedAndTrue();
    expect(await site.slices()).toEqual([`${owner('east')} 1`]);
    expect((await site.deadLetters()).map(({ code }) => code)).toEqual(['OWN321']);
  });

  test('a valid signature does not help a sender that is not allowed', async () => {
    site = await startSite({ kind: 'sqs', senders: ['AROAEAST'] });
    await forgedAndTrue();
    expect(await site.slices()).toEqual([]);
    expect((await site.deadLetters()).map(({ code }) => code)).toEqual(['OWN320', 'OWN320']);
  });

  test('a replayer may send what the watcher signed, and nothing else', async () => {
    site = await startSite({ kind: 'sqs', senders: ['AROAEAST'], replayers: [SQS_SENDER] });
    await forgedAndTrue();
    expect(await site.slices()).toEqual([`${owner('east')} 1`]);
    expect((await site.deadLetters()).map(({ code }) => code)).toEqual(['OWN321']);
  });
});
