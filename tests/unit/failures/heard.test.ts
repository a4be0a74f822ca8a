import { describe, expect, test } from '@jest/globals';
import { createHeardKeeper } from '../../../functions/apply/heard.ts';
import { createHeardStore, heardFrom, HEARD } from '../../../shared/failures/heard.ts';
import { createLogger } from '../../../shared/telemetry/logger.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { virtualClock } from '../../promises/support/clock.ts';

const log = createLogger('silent');
const time = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

describe('when clusters were heard', () => {
  test('is kept for each device, below its own prefix', async () => {
    const blobs = memoryBlobs();
    const store = createHeardStore(blobs);
    await store.note('bigip-1', new Map([['east', time(1)]]));
    await store.note('bigip-1', new Map([['west', time(2)]]));
    await store.note('bigip-2', new Map([['east', time(3)]]));
    expect(await store.of('bigip-1')).toEqual(
      new Map([
        ['west', time(2)],
        ['east', time(1)],
      ]),
    );
    expect(await store.of('bigip-3')).toEqual(new Map());
    const keys = (await blobs.list('')).map(({ key }) => key);
    expect(keys).toHaveLength(2);
    expect(keys.every((key) => key.startsWith(HEARD))).toBe(true);
  });

  test('is kept for the thousand clusters that were heard last', async () => {
    const store = createHeardStore(memoryBlobs());
    await store.note('d', new Map([['old', time(0)]]));
    await store.note('d', new Map(Array.from({ length: 1_000 }, (_, n) => [`c${n}`, time(1)])));
    const found = await store.of('d');
    expect([found.size, found.has('old')]).toEqual([1_000, false]);
  });

  test('survives two processes that write at once', async () => {
    const blobs = memoryBlobs();
    const [a, b] = [createHeardStore(blobs), createHeardStore(blobs)];
    await Promise.all([
      a.note('d', new Map([['east', time(1)]])),
      b.note('d', new Map([['west', time(1)]])),
    ]);
    expect([...(await a.of('d')).keys()].toSorted()).toEqual(['east', 'west']);
  });

  test('is empty if the content cannot be read, and is written again', async () => {
    const blobs = memoryBlobs();
    const store = createHeardStore(blobs);
    await store.note('d', new Map([['east', time(1)]]));
    const [{ key } = { key: '' }] = await blobs.list(HEARD);
    for (const text of ['{', '{"format":2}']) {
      await blobs.put(key, text);
      expect(await store.of('d')).toEqual(new Map());
    }
    await store.note('d', new Map([['west', time(2)]]));
    expect(await store.of('d')).toEqual(new Map([['west', time(2)]]));
  });

  test('is an error if others write each time', async () => {
    const blobs = { ...memoryBlobs(), put: () => Promise.resolve(undefined) };
    await expect(createHeardStore(blobs).note('d', new Map())).rejects.toThrow('If-Match');
  });

  test('is unknown if the store does not answer', async () => {
    const open = (): Promise<never> => Promise.reject(new Error('away'));
    expect(await heardFrom(open, { log })('d')).toBe('unknown');
  });
});

describe('a process of apply', () => {
  function keeper(over: { readonly dryRun?: boolean } = {}) {
    const clock = virtualClock();
    const store = createHeardStore(memoryBlobs());
    const now = { isAway: false, writes: 0 };
    const heard = {
      ...store,
      note: (...given: Parameters<typeof store.note>): Promise<void> => {
        now.writes += 1;
        return now.isAway ? Promise.reject(new Error('away')) : store.note(...given);
      },
    };
    const kept = createHeardKeeper({ clock, log, ...over }, () => Promise.resolve({ heard }));
    return { kept, clock, now, store };
  }

  test('writes each cluster at most every 15 seconds', async () => {
    const { kept, clock, now } = keeper();
    expect(await kept.note('d', ['east'])).toBe(true);
    clock.advance(14_999);
    expect(await kept.note('d', ['east'])).toBe(true);
    expect(now.writes).toBe(1);
    expect(await kept.note('d', ['east', 'west'])).toBe(true);
    clock.advance(1);
    expect(await kept.note('d', ['east'])).toBe(true);
    expect(now.writes).toBe(3);
    expect(await kept.of('d')).toEqual(
      new Map([
        ['east', new Date(clock.now()).toISOString()],
        ['west', new Date(clock.now() - 1).toISOString()],
      ]),
    );
  });

  test('reports that nothing was stored if the store fails, and does not call it for a minute', async () => {
    const { kept, clock, now } = keeper();
    now.isAway = true;
    expect(await kept.note('d', ['east'])).toBe(false);
    expect(kept.isUsable()).toBe(false);
    now.isAway = false;
    clock.advance(59_999);
    expect(await kept.note('d', ['east'])).toBe(false);
    expect(now.writes).toBe(1);
    clock.advance(1);
    expect(kept.isUsable()).toBe(true);
    expect(await kept.note('d', ['east'])).toBe(true);
  });

  test('neither reads nor keeps anything in a dry run', async () => {
    const { kept, now, store } = keeper({ dryRun: true });
    await store.note('d', new Map([['east', time(1)]]));
    expect(kept.isUsable()).toBe(false);
    expect(await kept.of('d')).toEqual(new Map());
    expect(await kept.note('d', ['east'])).toBe(false);
    expect(now.writes).toBe(0);
  });
});
