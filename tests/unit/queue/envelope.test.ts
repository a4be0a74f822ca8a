import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as z from 'zod';
import { MAX_STRING_CHARACTERS } from '../../../shared/domain/json-bounds.ts';
import { Settled, Slice } from '../../../shared/domain/exposure/exposure.ts';
import { Absence } from '../../../shared/domain/snapshot/absence.ts';
import { Change, Inventory } from '../../../shared/domain/snapshot/snapshot.ts';
import { Steering } from '../../../shared/domain/steering/steering.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import type { EventMeta, ParsedEvent } from '../../../shared/queue/envelope-types.ts';
import { MAX_BODY_BYTES } from '../../../shared/queue/port.ts';

const LONG = 'x'.repeat(513);
const TYPES = {
  'sluice.test.note.v1': z.strictObject({
    text: z.string(),
    items: z.array(z.strictObject({ port: z.int() })),
  }),
} as const;
const META: EventMeta = {
  id: 'e-1',
  cluster: 'east',
  subject: 'east/istio-system/gw',
  time: '2026-11-22T10:00:00.000Z',
};
const DATA = { text: 'hello', items: [{ port: 443 }] };
const TYPE = 'sluice.test.note.v1';

/** Text that compresses to about its own length. */
function noise(length: number): string {
  return randomBytes(length).toString('base64').slice(0, length);
}

function refusal(opened: ParsedEvent<typeof TYPES>): { code: string; reason: string } {
  if ('ok' in opened) throw new Error('the event was taken');
  return opened.refused;
}

function raw(change: object): string {
  return JSON.stringify({ ...(JSON.parse(serialiseEvent(TYPE, DATA, META)) as object), ...change });
}

describe('sealing', () => {
  test('makes a CloudEvent 1.0 in structured JSON', () => {
    const hops = [
      { at: '2026-11-22T10:00:00.000Z', where: 'watch' },
      { at: '2026-11-22T10:00:01.000Z', where: 'map' },
    ];
    expect(
      JSON.parse(serialiseEvent(TYPE, DATA, { ...META, traceparent: '00-1-2-01', hops })),
    ).toEqual({
      specversion: '1.0',
      id: 'e-1',
      source: '/clusters/east',
      type: TYPE,
      subject: 'east/istio-system/gw',
      time: '2026-11-22T10:00:00.000Z',
      traceparent: '00-1-2-01',
      // CloudEvents allows no lists as attributes.
      hops: '2026-11-22T10:00:00.000Z watch, 2026-11-22T10:00:01.000Z map',
      datacontenttype: 'application/json',
      data: DATA,
    });
  });

  test('opens again to what was sealed', () => {
    const hops = [{ at: '2026-11-22T10:00:00.000Z', where: 'watch' }];
    expect(
      parseEvent(serialiseEvent(TYPE, DATA, { ...META, traceparent: '00-1-2-01', hops }), TYPES),
    ).toEqual({
      ok: { ...META, type: TYPE, traceparent: '00-1-2-01', hops, data: DATA },
    });
    expect(parseEvent(serialiseEvent(TYPE, DATA, META), TYPES)).toEqual({
      ok: { ...META, type: TYPE, hops: [], data: DATA },
    });
  });

  test('any text survives, and the body has only characters that every queue accepts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const body = serialiseEvent(TYPE, { text, items: [] }, META);
        expect(body).not.toMatch(/[\uD800-\uDFFF\uFFFE\uFFFF]/);
        expect(parseEvent(body, TYPES)).toMatchObject({ ok: { data: { text } } });
      }),
    );
  });

  test('packs large data, and unpacks it again', () => {
    const data = { text: 'x'.repeat(MAX_STRING_CHARACTERS), items: [] };
    const body = serialiseEvent(TYPE, data, META);
    expect(body.length).toBeLessThan(10_000);
    expect(JSON.parse(body)).toMatchObject({ dataencoding: 'gzip' });
    expect(parseEvent(body, TYPES)).toMatchObject({ ok: { data } });
  });

  test('refuses data that is too large even packed, and says what to split', () => {
    const data = { text: noise(2_000_000), items: [] };
    expect(() => serialiseEvent(TYPE, data, META)).toThrow(
      expect.objectContaining({
        code: 'Q604',
        message: expect.stringMatching(/east\/istio-system\/gw.*Split its ingress/),
      }),
    );
  });

  test('leaves room for the dead letter that would hold it', () => {
    let largest = '';
    for (let length = 1_100_000; largest === ''; length -= 8_000) {
      try {
        largest = serialiseEvent(TYPE, { text: noise(length), items: [] }, META);
      } catch {
        // Still too long.
      }
    }
    expect(Buffer.byteLength(largest)).toBeGreaterThan(MAX_BODY_BYTES - 48 * 1024);
    expect(Buffer.byteLength(largest)).toBeLessThanOrEqual(MAX_BODY_BYTES - 32 * 1024);
  });
});

describe('opening refuses, with code and reason,', () => {
  const cases: readonly (readonly [what: string, body: string, code: string, reason: RegExp])[] = [
    ['text that is not JSON', 'GET / HTTP/1.1', 'Q610', /not JSON/],
    ['nothing', '', 'Q610', /not JSON/],
    ['JSON that is not an event', '[1,2]', 'Q611', /expected object, received array/],
    ['null', 'null', 'Q611', /specversion/],
    ['another version of CloudEvents', raw({ specversion: '0.3' }), 'Q611', /specversion.*1\.0/],
    ['an event without id', raw({ id: '' }), 'Q611', /id/],
    [
      'an event from another source',
      raw({ source: 'https://example.com' }),
      'Q611',
      /source: must be \/clusters\/<id>/,
    ],
    ['an invalid time', raw({ time: 'yesterday' }), 'Q611', /time/],
    ['another content type', raw({ datacontenttype: 'text/xml' }), 'Q611', /datacontenttype/],
    [
      'an unknown type',
      raw({ type: 'com.example.thing' }),
      'Q612',
      /carries sluice\.test\.note\.v1, not com\.example\.thing/,
    ],
    [
      'a newer version of a known type',
      raw({ type: 'sluice.test.note.v2' }),
      'Q612',
      /is sluice\.test\.note\.v2, but this Sluice reads sluice\.test\.note\.v1/,
    ],
    [
      'a type named like a property of every object',
      raw({ type: '__proto__' }),
      'Q612',
      /not __proto__/,
    ],
    [
      'data that does not match the schema, with path and expectation',
      raw({ data: { text: 'a', items: [{ port: '443' }] } }),
      'Q613',
      /items\[0\]\.port: .*expected/,
    ],
    [
      'data with two faults, and names both',
      raw({ data: { text: 1, items: 'none' } }),
      'Q613',
      /schema: text: [^;]*; items: [^;]*\. Update/,
    ],
    ['an unknown field in the data', raw({ data: { ...DATA, extra: 1 } }), 'Q613', /extra/],
    ['an event without data', raw({ data: undefined }), 'Q613', /the value: .*expected object/],
    [
      'an unknown packing',
      raw({ data: undefined, dataencoding: 'br', data_base64: 'AAAA' }),
      'Q614',
      /encoding "br"/,
    ],
    [
      'packed data without a name for the packing',
      raw({ data: undefined, data_base64: 'AAAA' }),
      'Q614',
      /nothing named/,
    ],
    [
      'damaged packed data',
      raw({ data: undefined, dataencoding: 'gzip', data_base64: 'AAAA' }),
      'Q614',
      /cannot be decompressed/,
    ],
    [
      'packed data that is not JSON',
      raw({
        data: undefined,
        dataencoding: 'gzip',
        data_base64: gzipSync('nope').toString('base64'),
      }),
      'Q614',
      /cannot be decompressed/,
    ],
    [
      'too many brackets',
      `${raw({}).slice(0, -1)},"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      'Q615',
      /nested more than 64 levels deep/,
    ],
    [
      'too many values',
      raw({ data: { text: 'a', items: Array.from({ length: 200_000 }, () => 1) } }),
      'Q615',
      /more than 150000 values/,
    ],
    [
      'too many packed brackets',
      raw({
        data: undefined,
        dataencoding: 'gzip',
        data_base64: gzipSync('['.repeat(10_000_000)).toString('base64'),
      }),
      'Q615',
      /nested more than 64 levels deep/,
    ],
    [
      'too many packed values',
      raw({
        data: undefined,
        dataencoding: 'gzip',
        data_base64: gzipSync(`{"text":"","items":[${'[],'.repeat(3_000_000)}1]}`).toString(
          'base64',
        ),
      }),
      'Q615',
      /more than 800000 values/,
    ],
    [
      'a string that is too long',
      raw({ data: { text: 'x'.repeat(MAX_STRING_CHARACTERS + 1), items: [] } }),
      'Q615',
      /a string of more than 262144 characters/,
    ],
    [
      'a packed string that is too long',
      raw({
        data: undefined,
        dataencoding: 'gzip',
        data_base64: gzipSync(
          JSON.stringify({ text: 'x'.repeat(MAX_STRING_CHARACTERS + 1), items: [] }),
        ).toString('base64'),
      }),
      'Q615',
      /a string of more than 262144 characters/,
    ],
    [
      'a name that is too long',
      raw({ data: { ...DATA, ['x'.repeat(MAX_STRING_CHARACTERS + 1)]: 1 } }),
      'Q615',
      /a string of more than 262144 characters/,
    ],
    [
      'many invalid values, by the first one',
      raw({ data: { text: 'a', items: Array.from({ length: 100_000 }, () => 1) } }),
      'Q613',
      /schema: items\[0\]: [^;]*\. Update/,
    ],
    ['a subject of 400 KB', raw({ subject: 'x'.repeat(400_000) }), 'Q611', /subject: Too big/],
    [
      'an id, a type, hops and a trace of 400 KB each',
      raw({
        id: 'x'.repeat(400_000),
        type: 'x'.repeat(400_000),
        hops: 'x'.repeat(400_000),
        traceparent: 'x'.repeat(400_000),
      }),
      'Q611',
      /id: Too big/,
    ],
    [
      'a bomb',
      raw({
        data: undefined,
        dataencoding: 'gzip',
        data_base64: gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('base64'),
      }),
      'Q614',
      /expands to more than 16777216 bytes/,
    ],
  ];

  test.each(cases)('%s', (_what, body, code, reason) => {
    expect(refusal(parseEvent(body, TYPES))).toMatchObject({
      code,
      reason: expect.stringMatching(reason),
    });
  });

  test('any other text, without throwing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc
            .dictionary(
              fc.constantFrom(
                'specversion',
                'id',
                'source',
                'type',
                'subject',
                'time',
                'data',
                'hops',
                'data_base64',
                'dataencoding',
              ),
              fc.jsonValue(),
            )
            .map((o) => JSON.stringify(o)),
        ),
        (body) => {
          expect(Object.keys(parseEvent(body, TYPES))).toHaveLength(1);
        },
      ),
    );
  });

  test('but reports the owner of the event, as far as it is readable', () => {
    expect(refusal(parseEvent(raw({ data: 1 }), TYPES))).toMatchObject({
      id: 'e-1',
      type: TYPE,
      cluster: 'east',
      subject: 'east/istio-system/gw',
    });
    expect(refusal(parseEvent(raw({ time: 'never' }), TYPES))).toMatchObject({
      id: 'e-1',
      cluster: 'east',
    });
    expect(Object.keys(refusal(parseEvent('?', TYPES))).sort()).toEqual(['code', 'reason']);
  });

  test('but cuts long values of the sender to the size of a record', () => {
    for (const body of [
      raw({ data: { ...DATA, ['x'.repeat(400_000)]: 1 } }),
      raw({ type: `sluice.${'x'.repeat(400_000)}`, id: 'y'.repeat(400_000) }),
    ]) {
      const refused = refusal(parseEvent(body, TYPES));
      expect(JSON.stringify(refused).length).toBeLessThan(3_000);
    }
  });

  test('but accepts unknown extensions', () => {
    expect(parseEvent(raw({ partitionkey: 'x' }), TYPES)).toMatchObject({ ok: { id: 'e-1' } });
  });

  test('but never because of unreadable hops', () => {
    expect(
      parseEvent(raw({ hops: 'x, 2026-11-22T10:00:00.000Z map, , 1 2 3' }), TYPES),
    ).toMatchObject({
      ok: { hops: expect.arrayContaining([{ at: '2026-11-22T10:00:00.000Z', where: 'map' }]) },
    });
  });
});

/** Red if one of them has no limit: it would be copied into messages, records and log lines. */
test.each([
  [
    'the UID of a cluster',
    Inventory,
    { cluster: 'east', clusterUid: LONG, revision: { epoch: 1, counter: 1 }, ingresses: [] },
    'clusterUid',
  ],
  [
    'an inventory',
    Inventory,
    {
      cluster: 'east',
      clusterUid: 'u',
      revision: { epoch: 1, counter: 1 },
      ingresses: [{ namespace: LONG, service: 's' }],
    },
    'ingresses.0.namespace',
  ],
  [
    'a change',
    Change,
    { what: 'added', kind: 'Gateway', namespace: 'n', name: LONG, resourceVersion: '1' },
    'name',
  ],
  ['a slice', Slice, { ...slice(1, [exposure()]), sender: LONG }, 'sender'],
  ['an exposure', Slice, slice(1, [exposure({ gateways: [LONG] })]), 'exposures.0.gateways.0'],
  [
    'a note',
    Slice,
    { ...slice(1, []), notes: [{ object: LONG, message: 'm', code: 'GW144' }] },
    'notes.0.object',
  ],
  [
    'a result',
    Settled,
    {
      owner: LONG,
      clusterUid: 'u',
      version: { epoch: 1, counter: 1, generation: 1 },
      devices: [],
      servers: [],
      exposures: [],
      notes: [],
    },
    'owner',
  ],
  [
    'an absence',
    Absence,
    {
      cluster: 'east',
      clusterUid: 'u',
      device: 'd',
      version: { epoch: 1, counter: 1, generation: 1 },
      absent: [LONG],
    },
    'absent.0',
  ],
  [
    'an order',
    Steering,
    { action: 'drain', device: 'd', cluster: LONG, mode: 'drain', because: 'b' },
    'cluster',
  ],
] as const)(
  '%s with a name of more than 512 characters is refused',
  (_, schema: z.ZodType, data, path) => {
    const { error } = schema.safeParse(data);
    expect(error?.issues.map((issue) => `${issue.path.join('.')} ${issue.code}`)).toEqual([
      `${path} too_big`,
    ]);
  },
);
