/** Behaviour exactly at a limit and just beyond it. */
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { parseAttributes } from '../../../shared/queue/envelope-attributes.ts';
import {
  parseEvent,
  serialiseEvent,
  serialiseEventWithin,
  withWaited,
} from '../../../shared/queue/envelope.ts';
import type { EventMeta } from '../../../shared/queue/envelope-types.ts';
import { explainIssues } from '../../../shared/queue/explain-issues.ts';
import { QueueError } from '../../../shared/queue/port.ts';
import { openDatabase, transaction } from '../../../shared/queue/sqlite/database.ts';
import { createInHand } from '../../../shared/queue/sqlite/in-hand.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { formatWaited, parseWaited } from '../../../shared/queue/waited.ts';
import { createManualClock } from '../../contract/queue/manual-clock.ts';

const TYPE = 'sluice.test.note.v1';
const TYPES = { [TYPE]: z.strictObject({ text: z.string() }) };
const META: EventMeta = {
  id: 'e-1',
  cluster: 'east',
  subject: 'east/istio-system/gw',
  time: '2026-11-22T10:00:00.000Z',
};
const seal = (text: string): string => serialiseEvent(TYPE, { text }, META);
const changed = (body: string, change: object): string =>
  JSON.stringify({ ...(JSON.parse(body) as object), ...change });
const fieldsOf = (body: string): Record<string, unknown> =>
  JSON.parse(body) as Record<string, unknown>;

describe('an event', () => {
  test('with exactly 200 KiB of data is sent unpacked, and with one byte more packed', () => {
    const text = (bytes: number): string => 'x'.repeat(bytes - JSON.stringify({ text: '' }).length);
    expect(fieldsOf(seal(text(200 * 1_024)))).toHaveProperty('data');
    expect(fieldsOf(seal(text(200 * 1_024 + 1)))).toHaveProperty('data_base64');
  });

  test('that fills a message to the last byte is sent, and with one byte more it is refused', () => {
    const limit = Buffer.byteLength(seal('hello'));
    const within = (most: number): string =>
      serialiseEventWithin(TYPE, { text: 'hello' }, { meta: META, limit: most });
    expect(within(limit)).toBe(seal('hello'));
    expect(() => within(limit - 1)).toThrow(QueueError);
  });

  test('may be longer packed than the limit of a plain value', () => {
    const noise = randomBytes(230_000).toString('base64');
    const body = serialiseEvent(TYPE, { text: noise.slice(0, 250_000) }, META);
    const long = changed(body, {
      data_base64: `${String(fieldsOf(body)['data_base64'])}${' '.repeat(120_000)}`,
    });
    expect(parseAttributes(long)).toHaveProperty('ok');
  });

  test('contains the time since which it waited, only if it waited', () => {
    const waited = { sentAt: 1_795_000_000_000, attempts: [] };
    expect(parseEvent(withWaited(seal('hello'), waited), TYPES)).toMatchObject({ ok: { waited } });
    expect(parseEvent(seal('hello'), TYPES)).not.toHaveProperty('ok.waited');
  });

  test('with a signature but without key or encoding is read, with both empty', () => {
    const body = changed(seal('x'), { data: undefined, data_base64: 'AA==', signature: 's' });
    const read = parseAttributes(body);
    if ('refused' in read) throw new Error(read.refused.reason);
    expect(read.ok.signature).toMatchObject({ keyid: '', value: 's' });
    expect(read.ok.signature?.covers()).toMatchObject({ encoding: '', data: 'AA==' });
  });
});

describe('a refused event', () => {
  test('quotes the longest valid subject, and none that is empty or longer', () => {
    const subjectOf = (subject: string): unknown => {
      const read = parseAttributes(changed(seal('x'), { subject, id: 5 }));
      return 'refused' in read ? read.refused.subject : 'taken';
    };
    expect([512, 513, 0].map((length) => subjectOf('s'.repeat(length)))).toEqual([
      's'.repeat(512),
      undefined,
      undefined,
    ]);
  });

  test('with too many levels of nesting is refused, also with packed data', () => {
    const deep = `${'['.repeat(200)}${']'.repeat(200)}`;
    const body = `${changed(seal('x'), { data: undefined, data_base64: 'AA==', dataencoding: 'gzip' }).slice(0, -1)},"more":${deep}}`;
    expect(parseAttributes(body)).toMatchObject({ refused: { code: 'Q615' } });
  });

  test('that cannot be unpacked is not reported as too large', () => {
    const broken = changed(seal('x'), {
      data: undefined,
      dataencoding: 'gzip',
      data_base64: Buffer.from('no gzip').toString('base64'),
    });
    const read = parseEvent(broken, TYPES);
    expect(read).toMatchObject({ refused: { code: 'Q614' } });
    expect('refused' in read && read.refused.reason).not.toMatch(/\d{6,} bytes/);
  });

  test('with a hundred faults names three, and how many there are besides', () => {
    const issue = (i: number): z.core.$ZodIssue => ({
      code: 'custom',
      path: ['ports', i],
      message: 'wrong',
      input: undefined,
    });
    const faults = (count: number): string =>
      explainIssues({ issues: Array.from({ length: count }, (_, i) => issue(i)) });
    expect(faults(3)).toBe('ports[0]: wrong; ports[1]: wrong; ports[2]: wrong');
    expect(faults(100)).toBe(`${faults(3)}; and 97 more`);
  });
});

describe('the queue file', () => {
  test('is synced to disk, so that a confirmed send survives a power cut', () => {
    rmSync(':memory:', { force: true });
    const database = openDatabase(':memory:');
    // 2 is FULL (https://sqlite.org/pragma.html#pragma_synchronous).
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(existsSync(':memory:')).toBe(false);
    database.close();
  });

  test('keeps nothing of a failed transaction, and continues to work', () => {
    const database = openDatabase(':memory:');
    const insert = database.prepare('INSERT INTO seen VALUES (?, ?, ?)');
    const put = (id: string): void => void insert.run('snapshots', id, 1);
    expect(() =>
      transaction(database, () => {
        put('a');
        throw new Error('in the middle');
      }),
    ).toThrow('in the middle');
    // If the transaction has already ended, no second error hides the first one.
    expect(() =>
      transaction(database, () => {
        database.exec('ROLLBACK');
        throw new Error('ended before');
      }),
    ).toThrow('ended before');
    transaction(database, () => put('b'));
    expect(database.prepare('SELECT dedup FROM seen').all()).toEqual([{ dedup: 'b' }]);
    database.close();
  });

  test('marks a message that the queue itself moved to the dead letters', async () => {
    const clock = createManualClock();
    let ids = 0;
    const queues = createSqliteQueues({
      path: ':memory:',
      clock,
      id: () => `id-${(ids += 1)}`,
      maxReceiveCount: 1,
    });
    const queue = queues.queue('snapshots');
    await queue.send({ group: 'g', deduplicationId: 'd', body: '{}' });
    const take = { max: 1, waitMs: 0, visibilityMs: 1_000 };
    expect(await queue.receive(take)).toMatchObject([{ deduplicationId: 'd' }]);
    await clock.pass(1_000);
    expect(await queue.receive(take)).toEqual([]);
    const [moved] = await queues.queue('snapshots-dead').receive(take);
    expect(moved).toMatchObject({ redriven: true });
    await queues.close();
  });
});

describe('a message in flight', () => {
  test('belongs to its process to the last millisecond, and is forgotten later', async () => {
    const clock = createManualClock();
    const inHand = createInHand(clock, 5_000);
    inHand.hold('r', 1_000);
    await clock.pass(999);
    expect([inHand.has('r'), inHand.lists()]).toEqual([true, { held: '["r"]', over: '[]' }]);
    await clock.pass(1);
    expect([inHand.has('r'), inHand.lists()]).toEqual([false, { held: '[]', over: '["r"]' }]);
    await clock.pass(4_999);
    expect(inHand.lists().over).toBe('["r"]');
    await clock.pass(1);
    expect([inHand.lists().over, inHand.has('r')]).toEqual(['[]', undefined]);
  });
});

describe('the attempts that an event keeps from its wait in the failure store', () => {
  test('are limited: the newest five, and the beginning of each reason', () => {
    const at = '2026-11-22T10:00:00.000Z';
    const attempts = Array.from({ length: 7 }, (_, i) => ({
      at,
      code: `BIP${i}`,
      reason: 'x'.repeat(299 + i),
    }));
    const read = parseWaited(formatWaited({ sentAt: 1, attempts }));
    expect(read?.attempts.map(({ code, reason }) => [code, reason.length])).toEqual([
      ['BIP2', 300],
      ['BIP3', 300],
      ['BIP4', 300],
      ['BIP5', 300],
      ['BIP6', 300],
    ]);
  });

  test.each([undefined, '', '{', '{}', '"x"'])('are ignored if they are %j', (text) => {
    expect(parseWaited(text)).toBeUndefined();
  });
});
