/**
 * The content of a bundle is not trusted. Red with the schema of the store's own heads instead of
 * `Line`.
 */
import { describe, expect, test } from '@jest/globals';
import { readBundle, writeBundle } from '../../../shared/failures/bundle.ts';
import type { Failure } from '../../../shared/failures/port.ts';

const ID = '0123456789abcdef';
const failure = (over: object = {}, details: object = {}, event: object = {}): Failure => ({
  id: ID,
  code: 'BIP421',
  class: 'device',
  sentence: 's',
  queue: 'slices',
  owner: 'east/a/gw',
  gateways: [],
  state: 'open',
  count: 1,
  first: 1,
  last: 1,
  changed: 1,
  seen: [],
  evidence: 'evidence/01/x.json',
  ...over,
  details: {
    reason: 'r',
    attempts: [],
    event: {
      queue: 'slices',
      group: 'g',
      id: 'm',
      body: 'b',
      sentAt: 1,
      receiveCount: 1,
      verification: 'unchecked',
      ...event,
    },
    ...details,
  },
});
const bundle = (...failures: readonly Failure[]): string => writeBundle(failures, 0);

describe('a bundle', () => {
  test('that "sluice failures export" wrote is read as it is', () => {
    expect(readBundle(bundle(failure()), 'b')).toEqual([failure()]);
  });

  test.each([
    ['an invalid id', failure({ id: '../../victim/x' })],
    ['an id with digits that are not hexadecimal', failure({ id: '0123456789ABCDEF' })],
    ['a time beyond the range of dates', failure({ last: 9e15 })],
    ['a time that is not a whole number of milliseconds', failure({ first: -1 })],
    ['a count that is too large', failure({ count: 1e300 })],
    ['a name that is too long', failure({ owner: 'x'.repeat(2_000) })],
    ['a sentence that is too long', failure({ sentence: 'x'.repeat(100_000) })],
    ['too many gateways', failure({ gateways: Array.from({ length: 10_001 }, () => 'a/b') })],
    ['a reason that is too long', failure({}, { reason: 'x'.repeat(100_000) })],
    [
      'too many attempts',
      failure(
        {},
        {
          attempts: Array.from({ length: 1_001 }, () => ({
            at: '2026-11-23T03:00:00Z',
            code: 'c',
            reason: 'r',
          })),
        },
      ),
    ],
    ['an event that is too large for a queue', failure({}, {}, { body: 'x'.repeat(1_048_577) })],
    ['a sender that is too long', failure({}, {}, { sender: 'x'.repeat(2_000) })],
  ])('with %s is refused, and the line is named', (_, bad) => {
    expect(() => readBundle(bundle(failure(), bad), 'b')).toThrow(
      expect.objectContaining({ code: 'RPL709', message: expect.stringContaining('line 3') }),
    );
  });

  test('that is too large for a process is refused before it is parsed', () => {
    const text = bundle(failure(), failure({ id: 'fedcba9876543210' }));
    const bounds = { bytes: text.length, failures: 2 };
    expect(readBundle(text, 'b', bounds)).toHaveLength(2);
    for (const tight of [
      { ...bounds, bytes: text.length - 1 },
      { ...bounds, failures: 1 },
    ]) {
      expect(() => readBundle(text, 'b', tight)).toThrow(
        expect.objectContaining({ code: 'RPL709', message: expect.stringContaining('in parts') }),
      );
    }
    expect(() =>
      readBundle(`${text}${'{}\n'.repeat(10)}`, 'b', { bytes: 1e6, failures: 2 }),
    ).toThrow(expect.objectContaining({ code: 'RPL709' }));
  });

  test('is never written larger than the limit for reading', () => {
    const two = [failure(), failure()];
    expect(() => writeBundle(two, 0, { bytes: 1e6, failures: 1 })).toThrow(
      expect.objectContaining({ code: 'RPL709', message: expect.stringContaining('filter') }),
    );
    expect(() => writeBundle(two, 0, { bytes: 100, failures: 9 })).toThrow(
      expect.objectContaining({ code: 'RPL709' }),
    );
  });

  test('may be as large as its limits, and no larger', () => {
    const two = [failure(), failure({ id: '0123456789abcdee' })];
    const bytes = Buffer.byteLength(bundle(...two));
    const refused = expect.objectContaining({ code: 'RPL709' });
    const written = writeBundle(two, 0, { bytes, failures: 2 });
    expect(readBundle(written, 'b', { bytes, failures: 2 })).toEqual(two);
    for (const bounds of [
      { bytes: bytes - 1, failures: 2 },
      { bytes, failures: 1 },
    ]) {
      expect(() => writeBundle(two, 0, bounds)).toThrow(refused);
      expect(() => readBundle(written, 'b', bounds)).toThrow(refused);
    }
  });

  test('may contain blank lines', () => {
    expect(readBundle(bundle(failure()).replaceAll('\n', '\n  \n'), 'b')).toEqual([failure()]);
  });
});
