import { describe, expect, test } from '@jest/globals';
import { lazily } from '../../../shared/runtime/lazy.ts';

describe('something made when it is first needed', () => {
  test('is made once, for concurrent callers too', async () => {
    let made = 0;
    const lazy = lazily(async () => (made += 1));
    expect(made).toBe(0);
    expect(await Promise.all([lazy.get(), lazy.get()])).toEqual([1, 1]);
    expect(await lazy.get()).toBe(1);
  });

  test('is made again after a failure', async () => {
    let tries = 0;
    const lazy = lazily(async () => {
      tries += 1;
      if (tries === 1) throw new Error('not yet');
      return tries;
    });
    await expect(lazy.get()).rejects.toThrow('not yet');
    expect(await lazy.get()).toBe(2);
  });

  test('is closed if it was made, and otherwise not made for that', async () => {
    const closed: number[] = [];
    let made = 0;
    const lazy = lazily(async () => (made += 1));
    await lazy.close((each) => void closed.push(each));
    expect([made, closed]).toEqual([0, []]);
    const making = lazy.get();
    await lazy.close((each) => void closed.push(each));
    expect([await making, closed]).toEqual([1, [1]]);
  });

  test('closes nothing if it could not be made', async () => {
    const lazy = lazily(() => Promise.reject(new Error('never')));
    await expect(lazy.get()).rejects.toThrow('never');
    let closed = false;
    await lazy.close(() => {
      closed = true;
    });
    expect(closed).toBe(false);
  });
});
