/** The audit log: no entry replaces another one, and all of them are read. */
import { describe, expect, test } from '@jest/globals';
import { createAudit } from '../../../shared/failures/audit.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';

const entry = (action: string) => ({ who: 'ada', action, selection: 's', why: 'w', result: 'r' });

describe('the audit log', () => {
  test('refuses an entry with an existing name, and keeps the existing entry', async () => {
    const audit = createAudit(
      memoryBlobs(),
      () => 1_000,
      () => 'same',
    );
    await audit.append(entry('first'));
    await expect(audit.append(entry('second'))).rejects.toMatchObject({ code: 'RPL700' });
    expect((await audit.list()).map(({ action }) => action)).toEqual(['first']);
  });

  test('lists every entry once, oldest first, however many there are', async () => {
    let now = 0;
    const audit = createAudit(
      memoryBlobs(),
      () => (now += 1_000),
      () => 'id',
    );
    const names = Array.from({ length: 70 }, (_, n) => `action ${n}`);
    for (const name of names) await audit.append(entry(name));
    expect((await audit.list()).map(({ action }) => action)).toEqual(names);
  });

  test('omits entries that are deleted by hand while it is read', async () => {
    const blobs = memoryBlobs();
    const audit = createAudit(
      { ...blobs, list: async () => [{ key: 'audit/gone.json', tag: '1', written: 0 }] },
      () => 1,
      () => 'id',
    );
    expect(await audit.list()).toEqual([]);
  });

  test('says that the end of an act is unknown half an hour after it began, and how it ended once that is known', async () => {
    const blobs = memoryBlobs();
    let now = 1_000;
    const audit = createAudit(
      blobs,
      () => now,
      () => 'id',
    );
    const shown = async () => (await audit.page(10)).entries.map(({ result }) => result);
    const { promise: frozen, resolve: thaw } = Promise.withResolvers<void>();
    const act = audit.record(entry('drain'), async () => {
      await frozen;
      return { result: 'sent', value: 1 };
    });
    await new Promise(setImmediate);
    now += 30 * 60_000 - 1;
    expect(await shown()).toEqual(['begun']);
    now += 1;
    expect(await shown()).toEqual([expect.stringMatching(/^unknown: /)]);
    expect((await audit.list()).map(({ result }) => result)).toEqual(await shown());
    thaw();
    await act;
    expect(await shown()).toEqual(['sent']);
  });

  test.each([
    ['no JSON', '{"at":'],
    ['not an entry', '{"at":"2026-11-23T03:00:00.000Z"}'],
    ['a list', '[]'],
    [
      'far too long',
      JSON.stringify({ ...entry('x'), at: new Date(0).toISOString(), why: 'x'.repeat(300_000) }),
    ],
  ])('shows a file that is %s as unreadable, and the others as they are', async (_, text) => {
    const blobs = memoryBlobs();
    const audit = createAudit(
      blobs,
      () => 1_000,
      () => 'id',
    );
    await audit.append(entry('good'));
    const key = 'audit/1970-01-01T00:00:02.000Z-odd.json';
    await blobs.put(key, text);
    await blobs.put('audit/stranger.json', text);
    const { entries } = await audit.page(10);
    const unreadable = { who: 'unknown', action: 'unreadable' };
    expect(entries).toMatchObject([
      { ...unreadable, at: new Date(0).toISOString(), selection: 'audit/stranger.json' },
      { ...unreadable, at: '1970-01-01T00:00:02.000Z', selection: key },
      { action: 'good' },
    ]);
    expect(await audit.list()).toHaveLength(3);
  });
});

describe('old entries', () => {
  const DAY = 86_400_000;
  const logOf = async (days: readonly number[]) => {
    const blobs = memoryBlobs();
    const time = { now: 0 };
    const audit = createAudit(
      blobs,
      () => time.now,
      () => 'id',
    );
    for (const day of days) {
      time.now = day * DAY;
      await audit.append(entry(`day ${day}`));
    }
    const shown = async (): Promise<readonly string[]> =>
      (await audit.page(100)).entries.map(({ action }) => action);
    return { audit, blobs, time, shown };
  };

  test('are removed, and pages go on behind a cursor that no longer exists', async () => {
    const { audit, shown } = await logOf([1, 2, 3, 4, 5]);
    const { next } = await audit.page(3);
    expect(next).toContain('1970-01-04');
    expect(await audit.prune(2 * DAY)).toBe(2);
    expect(await shown()).toEqual(['day 5', 'day 4', 'day 3']);
    expect(await audit.page(3, next)).toEqual({ entries: [] });
    expect((await audit.page(1)).next).toContain('1970-01-06');
  });

  test('stay if the clock jumps ahead, and so do files that are none', async () => {
    const { audit, blobs, time, shown } = await logOf([1, 2]);
    await blobs.put('audit/stranger.json', '{}');
    time.now = 10_000 * DAY;
    expect(await audit.prune(400 * DAY)).toBe(0);
    expect(await shown()).toHaveLength(3);
  });

  test('of a log without entries are none', async () => {
    const { audit } = await logOf([]);
    expect(await audit.prune(0)).toBe(0);
  });
});

describe('a page', () => {
  const DAY = 86_400_000;
  const START = Date.UTC(2026, 0, 1, 12);

  /** A log with so many entries on each of the given days before today. */
  const logOf = async (entries: readonly (readonly [day: number, count: number])[]) => {
    const time = { now: START };
    const blobs = memoryBlobs();
    let id = 0;
    const listed: number[] = [];
    const list: typeof blobs.list = async (prefix, range) => {
      const found = await blobs.list(prefix, range);
      listed.push(found.length);
      return found;
    };
    const audit = createAudit(
      { ...blobs, list },
      () => time.now,
      () => `id-${String((id += 1)).padStart(6, '0')}`,
    );
    for (const [day, count] of entries.toReversed()) {
      time.now = START - day * DAY;
      for (let n = 0; n < count; n++) await audit.append(entry(`day ${day}`));
    }
    time.now = START;
    /** All pages, with what the most expensive one listed; the last one looks for more. */
    const pages = async (limit: number) => {
      const shown: string[] = [];
      let [most, names] = [0, 0];
      let next: string | undefined;
      do {
        listed.length = 0;
        const page = await audit.page(limit, next);
        shown.push(...page.entries.map(({ action }) => action));
        if (page.next !== undefined) most = Math.max(most, listed.length);
        expect(listed.length).toBeLessThanOrEqual(11);
        names = Math.max(
          names,
          listed.reduce((sum, one) => sum + one, 0),
        );
        if (page.next !== undefined && next !== undefined) expect(page.next < next).toBe(true);
        next = page.next;
      } while (next !== undefined);
      return { shown, most, names };
    };
    return { audit, blobs, pages };
  };

  test('of a busy log lists its own days, and not those of a year', async () => {
    const days = Array.from({ length: 400 }, (_, day) => [day, 20] as const);
    const { pages } = await logOf(days);
    const { shown, most, names } = await pages(100);
    expect(shown).toEqual(days.flatMap(([day]) => Array.from({ length: 20 }, () => `day ${day}`)));
    expect(most).toBeLessThanOrEqual(5);
    expect(names).toBeLessThanOrEqual(300);
  });

  test('of a burst of 10,000 entries lists little more than itself, also for an export', async () => {
    const blobs = memoryBlobs();
    let now = START;
    const requests = { lists: 0, reads: 0 };
    const audit = createAudit(
      {
        ...blobs,
        // S3 lists a thousand names in one answer.
        list: async (prefix, range) => {
          const found = await blobs.list(prefix, range);
          requests.lists += Math.max(1, Math.ceil(found.length / 1_000));
          return found;
        },
        get: async (key) => {
          requests.reads += 1;
          return blobs.get(key);
        },
      },
      () => now,
      () => 'id',
    );
    for (let n = 0; n < 10_000; n++) {
      await audit.append(entry(`${n}`));
      now += 8_000;
    }
    requests.lists = requests.reads = 0;
    await audit.page(100);
    expect(requests).toEqual({ lists: 1, reads: 100 });
    requests.lists = requests.reads = 0;
    const shown: string[] = [];
    let next: string | undefined;
    do {
      const page = await audit.page(1_000, next);
      shown.push(...page.entries.map(({ action }) => action));
      next = page.next;
    } while (next !== undefined);
    expect(shown).toEqual(Array.from({ length: 10_000 }, (_, n) => `${9_999 - n}`));
    expect(requests.reads).toBe(10_000);
    expect(requests.lists).toBeLessThanOrEqual(60);
    requests.lists = requests.reads = 0;
    expect([await audit.count(), requests]).toEqual([10_000, { lists: 10, reads: 0 }]);
  });

  test('of a quiet log needs few listings, however old its entries are', async () => {
    const { pages } = await logOf([
      [0, 1],
      [3, 2],
      [250, 1],
      [390, 1],
      [4_000, 1],
    ]);
    const { shown } = await pages(2);
    expect(shown).toEqual(['day 0', 'day 3', 'day 3', 'day 250', 'day 390', 'day 4000']);
  });

  test('begins with entries of the future, and with files that are none, wherever they sort', async () => {
    const { audit, blobs, pages } = await logOf([
      [-2, 1],
      [0, 1],
      [1, 1],
    ]);
    const odd = ['0', '2025-12-31', '2025-12-31T', 'stranger.json'].map((one) => `audit/${one}`);
    for (const key of odd) await blobs.put(key, '{}');
    const { entries } = await audit.page(100);
    expect(entries.map(({ action, selection }) => [action, selection].join(' '))).toEqual([
      'unreadable audit/stranger.json',
      'day -2 s',
      'day 0 s',
      'day 1 s',
      'unreadable audit/2025-12-31T',
      'unreadable audit/2025-12-31',
      'unreadable audit/0',
    ]);
    expect((await pages(1)).shown).toHaveLength(7);
  });
});
