/**
 * The maximum cost of a message: every reader reads each of these in a process with the heap of a
 * small function. They claim the type that unpacks to the most, and come from a cluster that
 * requires neither sender nor key, so that only the bounds protect the reader. Version 0.1.0 needed
 * 855 MB for them (packed brackets), 657 MB (pairs), 2.4 GB (values that do not fit; with this heap
 * it crashed), 504 MB (keys).
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { INGRESS_OBSERVED } from '../../shared/queue/events.ts';

const run = promisify(execFile);
const READER = join(import.meta.dirname, '../fixtures/bombs/reader.ts');
/** Megabytes; a function on Lambda has 512. */
const HEAP = 256;
const MOST = 512;

const FIELDS = {
  specversion: '1.0',
  id: 'e',
  source: '/clusters/east',
  type: INGRESS_OBSERVED,
  subject: 'east/a/b',
  time: '2026-11-29T10:00:00.000Z',
};
const plain = (data: string): string => `${JSON.stringify(FIELDS).slice(0, -1)},"data":${data}}`;
const packed = (data: string): string =>
  JSON.stringify({
    ...FIELDS,
    dataencoding: 'gzip',
    data_base64: gzipSync(data).toString('base64'),
  });
const list = (item: string, count: number): string =>
  `[${Array.from({ length: count }, () => item).join(',')}]`;
const snapshot = (more: string): string =>
  `{"cluster":"east","clusterUid":"u","ingress":{"namespace":"a","service":"b"},"revision":{"epoch":1,"counter":1},"removed":false,"objects":{},${more}}`;

const BOMBS: readonly (readonly [what: string, body: () => string])[] = [
  ['brackets', () => plain('['.repeat(900_000))],
  ['packed brackets', () => packed('['.repeat(16_000_000))],
  ['packed pairs of brackets', () => packed(list('[]', 5_000_000))],
  ['a wide array', () => plain(list('1', 450_000))],
  [
    'the largest number of values, all of them invalid',
    () => packed(snapshot(`"changes":${list('{}', 390_000)}`)),
  ],
  [
    'the largest number of objects, each with a different key',
    () =>
      packed(`[${Array.from({ length: 399_000 }, (_, i) => `{"${i.toString(36)}":0}`).join(',')}]`),
  ],
  [
    'many keys',
    () =>
      packed(`{${Array.from({ length: 790_000 }, (_, i) => `"${i.toString(36)}":0`).join(',')}}`),
  ],
  ['the same key', () => packed(`{${Array.from({ length: 390_000 }, () => '"a":[]').join(',')}}`)],
  ['one long string', () => packed(snapshot(`"changes":"${'x'.repeat(16_000_000)}"`))],
  [
    'a long string of multibyte characters',
    () => packed(snapshot(`"changes":"${'\u4e00'.repeat(5_000_000)}"`)),
  ],
  [
    'zeros',
    () =>
      JSON.stringify({
        ...FIELDS,
        dataencoding: 'gzip',
        data_base64: gzipSync(Buffer.alloc(500_000_000)).toString('base64'),
      }),
  ],
  [
    'invalid base64',
    () => JSON.stringify({ ...FIELDS, dataencoding: 'gzip', data_base64: '~'.repeat(900_000) }),
  ],
  ['a number of a million digits', () => plain(snapshot(`"changes":${'9'.repeat(900_000)}`))],
  [
    'deep nesting in hops and trace',
    () =>
      `${JSON.stringify(FIELDS).slice(0, -1)},"hops":${'['.repeat(50)}${']'.repeat(50)},"traceparent":${'['.repeat(400_000)}}`,
  ],
];

describe('a message that unpacks to the maximum crashes no process', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-bombs-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(BOMBS)('%s', async (_, body) => {
    const file = join(folder, 'body');
    writeFileSync(file, body());
    const { stdout } = await run(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      `--max-old-space-size=${HEAP}`,
      READER,
      file,
    ]);
    expect(Number(stdout)).toBeLessThan(MOST);
  });
});
