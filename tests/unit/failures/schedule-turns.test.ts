/** What is due on a schedule is done once, however many processes there are. */
import { describe, expect, test } from '@jest/globals';
import type { Blobs } from '../../../shared/failures/blobs.ts';
import { createScheduleTurns } from '../../../shared/failures/schedule-turns.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';

const MINUTE = 60_000;
const AUDIT = { name: 'audit', every: 10 * MINUTE };

function start(blobs?: Blobs) {
  let now = 1_000 * MINUTE;
  let ids = 0;
  const store = blobs ?? memoryBlobs(() => now);
  const runs: string[] = [];
  const process = (name: string) => {
    const turns = createScheduleTurns(store, { now: () => now, id: () => `id-${(ids += 1)}` });
    return async (work: () => Promise<unknown> = () => Promise.resolve()): Promise<void> => {
      await turns.take(AUDIT, async () => {
        runs.push(name);
        await work();
      });
    };
  };
  return {
    store,
    runs,
    a: process('a'),
    b: process('b'),
    pass: (ms: number) => void (now += ms),
  };
}

describe('a schedule of several processes', () => {
  test('runs once in each interval, whichever of them looks first', async () => {
    const { a, b, runs, pass } = start();
    for (let i = 0; i < 6; i += 1) {
      await a();
      pass(5 * MINUTE);
      await b();
      pass(5 * MINUTE);
    }
    expect(runs).toEqual(['a', 'a', 'a', 'a', 'a', 'a']);
  });

  test('runs once if they look at the same moment', async () => {
    const { a, b, runs } = start();
    await Promise.all([a(), b(), a(), b()]);
    expect(runs).toHaveLength(1);
  });

  test('is not run by another process while one is at work', async () => {
    const { a, b, runs, pass } = start();
    await a(async () => {
      pass(4 * MINUTE);
      await b();
    });
    expect(runs).toEqual(['a']);
  });

  test('is taken over when the process at work has died', async () => {
    const { a, b, runs, pass } = start();
    void a(() => new Promise(() => undefined));
    await new Promise(setImmediate);
    pass(5 * MINUTE - 1);
    await b();
    expect(runs).toEqual(['a']);
    pass(1);
    await b();
    expect(runs).toEqual(['a', 'b']);
  });

  test('stays due if the work failed, and the error is told', async () => {
    const { a, b, runs } = start();
    await expect(a(() => Promise.reject(new Error('no device')))).rejects.toThrow('no device');
    await b();
    expect(runs).toEqual(['a', 'b']);
  });

  test('ends with the result of the work, or its error, if the store goes away meanwhile', async () => {
    const blobs = memoryBlobs();
    let away = false;
    const put: Blobs['put'] = (...args) =>
      away ? Promise.reject(new Error('the store is away')) : blobs.put(...args);
    const turns = createScheduleTurns({ ...blobs, put }, { now: () => 0, id: () => 'a' });
    const result = await turns.take(AUDIT, () => {
      away = true;
      return Promise.resolve('audited');
    });
    expect(result).toBe('audited');
    away = false;
    await blobs.delete('schedules/audit.json');
    const failing = turns.take(AUDIT, () => {
      away = true;
      return Promise.reject(new Error('no device'));
    });
    await expect(failing).rejects.toThrow('no device');
  });

  test('does not miss a turn because a timer was a little early', async () => {
    const { a, runs, pass } = start();
    await a();
    pass(10 * MINUTE - 30_000);
    await a();
    expect(runs).toEqual(['a', 'a']);
  });

  test('is not held up by a time that a wrong clock wrote, nor by what cannot be read', async () => {
    const { a, b, runs, pass, store } = start();
    pass(1_000_000 * MINUTE);
    await a();
    pass(-1_000_000 * MINUTE);
    await b();
    expect(runs).toEqual(['a', 'b']);
    await store.put('schedules/audit.json', '{"format":2');
    await a();
    expect(runs).toEqual(['a', 'b', 'a']);
  });
});
