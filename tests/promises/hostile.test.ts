/**
 * Malicious messages: each is handled on its own and dead-lettered in the same call with its bytes
 * and a code, and no other message waits. In version 0.1.0 every one of WAYS whose name contains
 * "throws" made the queue retry the whole group until all of it was dead-lettered.
 */
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parseEvent, serialiseEvent } from '../../shared/queue/envelope.ts';
import { INGRESS_DESIRED, INGRESS_OBSERVED, SLICE_EVENTS } from '../../shared/queue/events.ts';
import { exposure, slice } from '../fixtures/exposures.ts';
import { owner, startSite, type Site } from '../integration/identity/support.ts';
import { createWorld } from './support/world.ts';

const AT = '2026-11-29T10:00:00.000Z';
const FIELDS = {
  specversion: '1.0',
  id: 'e',
  source: '/clusters/east',
  type: INGRESS_OBSERVED,
  subject: owner('east'),
  time: AT,
};
const made = (fields: object): string => JSON.stringify({ ...FIELDS, ...fields });
const CLAIM = { keyid: '0'.repeat(16), signature: 'A'.repeat(88) };
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const long = 'x'.repeat(400_000);

const WAYS: readonly (readonly [way: string, body: (keyid: string) => string, code: string])[] = [
  [
    '10,000 nested brackets under a claimed signature, which threw',
    (keyid) => `${made({ ...CLAIM, keyid }).slice(0, -1)},"data":${nested(10_000)}}`,
    'Q615',
  ],
  [
    'a subject of 400 KB, whose dead letter did not fit',
    () => made({ subject: long, data: {} }),
    'Q611',
  ],
  [
    'a subject of 400 KB that hardly packs',
    () =>
      made({
        subject: Array.from({ length: 120_000 }, (_, i) =>
          String.fromCharCode(0x3400 + ((i * 7_919) % 20_000)),
        ).join(''),
        data: {},
      }),
    'Q611',
  ],
  [
    'an id of 400 KB, and a key id',
    () => made({ ...CLAIM, id: long, keyid: long, data: {} }),
    'Q611',
  ],
  ['a cluster of 400 KB', () => made({ source: `/clusters/${long}`, data: {} }), 'Q611'],
  ['hops and a trace of 400 KB', () => made({ hops: long, traceparent: long, data: {} }), 'Q611'],
  ['hops that are nested brackets', () => `${made({}).slice(0, -1)},"hops":${nested(60)}}`, 'Q611'],
  [
    'packed unsigned brackets',
    () =>
      made({
        dataencoding: 'gzip',
        data_base64: gzipSync('['.repeat(15_000_000)).toString('base64'),
      }),
    'OWN321',
  ],
  [
    'packed brackets under a claimed signature',
    (keyid) =>
      made({
        ...CLAIM,
        keyid,
        dataencoding: 'gzip',
        data_base64: gzipSync('['.repeat(15_000_000)).toString('base64'),
      }),
    'OWN322',
  ],
];

describe('a message from any sender', () => {
  let site: Site;
  afterEach(() => site.close());

  test.each(WAYS)(
    '%s: set aside by itself, while all other messages continue at once',
    async (_, body, code) => {
      site = await startSite({ kind: 'sqlite' });
      const hostile = body(site.signers.east.keyid);
      const [before, behind, other] = [
        await site.said('east'),
        await site.said('east'),
        await site.said('west'),
      ];
      for (const said of [before, hostile, behind]) await site.put(owner('east'), said);
      await site.put(owner('west'), other);
      expect(await site.map()).toBe(0);
      expect([...(await site.slices())].sort()).toEqual([
        `${owner('east')} 1`,
        `${owner('east')} 2`,
        `${owner('west')} 1`,
      ]);
      const letters = await site.deadLetters();
      expect(
        letters.map((letter) => ({ code: letter.code, whole: letter.original.body === hostile })),
      ).toEqual([{ code, whole: true }]);
    },
  );
});

describe('a slice that triggers a fault in Sluice', () => {
  test('is set aside by itself, although it was planned together with others', async () => {
    const world = createWorld();
    world.device.before = (_partition, next) => {
      if (Object.values(next.exposures).some((e) => e.port === 2))
        throw new TypeError("Cannot read properties of undefined (reading 'x')");
    };
    for (const [i, cluster] of ['east', 'west', 'north'].entries())
      await world.send({
        ...slice(1, [exposure({ port: 1 + i })]),
        owner: owner(cluster as 'east'),
      });
    await world.step();
    expect(
      Object.values(world.device.state().exposures)
        .map((e) => e.port)
        .toSorted((a, b) => a - b),
    ).toEqual([1, 3]);
    expect(world.deadLetters()).toMatchObject([
      {
        code: 'Q616',
        group: 'bigip-1',
        original: { body: expect.stringContaining(owner('west')) },
      },
    ]);
    expect(world.queues.nextAt('slices')).toBeUndefined();
  });

  test('accepts the largest slice: 5,000 exposures with 10 members each and the source of each setting', () => {
    const exposures = Array.from({ length: 5_000 }, (_, i) =>
      exposure({
        port: 1 + i,
        members: Array.from({ length: 10 }, (_member, m) => ({
          address: `10.${m}.${i >> 8}.${i & 255}`,
          port: 8_080,
          availability: 'ready' as const,
        })),
      }),
    );
    const sources = Object.fromEntries(
      exposures.map((e) => [
        `${e.address}:${e.port}/tcp`,
        Object.fromEntries(
          Array.from({ length: 14 }, (_, k) => [`setting-${k}`, 'the entry of sluice.yaml']),
        ),
      ]),
    );
    const body = serialiseEvent(
      INGRESS_DESIRED,
      { ...slice(1, exposures), sources },
      { id: 'large', cluster: 'east', subject: owner('east'), time: AT },
    );
    const opened = parseEvent(body, SLICE_EVENTS);
    expect('ok' in opened ? opened.ok.data.exposures : opened.refused).toHaveLength(5_000);
  });

  test('accepts a signed event of Sluice of the maximum size', async () => {
    const site = await startSite({ kind: 'sqlite' });
    const was = JSON.parse(await site.said('east')) as { data: { objects: object } };
    const gateways = Array.from({ length: 10_000 }, (_, i) => ({
      meta: {
        namespace: `team-${i % 50}`,
        name: `gateway-${i}`,
        uid: `${i}`,
        resourceVersion: `${i}`,
        creationTimestamp: AT,
        labels: {},
        annotations: {},
      },
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: 1_024 + i, name: `tcp-${i}`, protocol: 'TCP' }, hosts: ['*'] }],
    }));
    const body = serialiseEvent(
      INGRESS_OBSERVED,
      { ...was.data, objects: { ...was.data.objects, gateways } },
      { id: 'large', cluster: 'east', subject: owner('east'), time: AT },
      site.signers.east,
    );
    await site.put(owner('east'), body);
    expect(await site.map()).toBe(0);
    expect(await site.deadLetters()).toEqual([]);
    expect(await site.slices()).toHaveLength(1);
    await site.close();
  });
});
