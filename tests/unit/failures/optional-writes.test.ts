/** Writes that may be lost cost the work beside them nothing. */
import { expect, test } from '@jest/globals';
import { createOptionalWrites } from '../../../shared/failures/optional-writes.ts';
import { logTo } from '../../fixtures/log.ts';

const desk = () => {
  const lines: Record<string, unknown>[] = [];
  const time = { now: 0 };
  const clock = {
    now: () => time.now,
    monotonic: () => time.now,
    sleep: () => Promise.reject(new Error('nobody sleeps')),
  };
  const write = createOptionalWrites({ clock, log: logTo(lines) }, 'it is lost', 1);
  return { lines, time, write };
};
const hanging = () => new Promise<void>(() => undefined);
const done = () => Promise.resolve();

test('a store that never answers is not called for a minute', async () => {
  const { lines, time, write } = desk();
  expect(await write({ owner: 'a' }, hanging)).toBe(false);
  expect(lines).toMatchObject([{ owner: 'a', error: expect.stringContaining('no answer') }]);
  expect(await write({ owner: 'a' }, done)).toBe(false);
  time.now = 60_000;
  expect([await write({ owner: 'a' }, done), lines.length]).toEqual([true, 1]);
});

test('a store that fails is not called for a minute either', async () => {
  const { lines, write } = desk();
  const failing = () => Promise.reject(new Error('away'));
  expect([await write({}, failing), await write({}, done)]).toEqual([false, false]);
  expect(lines).toMatchObject([{ error: 'away' }]);
});
