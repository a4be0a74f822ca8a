/** What is asked again and again is asked once at a time, and goes on after an error. */
import { expect, test } from '@jest/globals';
import { takeTurns } from '../../../../functions/console/page/logic/turns.ts';

function gate() {
  const waiting: (() => void)[] = [];
  let rests = 0;
  const turns = takeTurns(
    () => new Promise((resolve) => waiting.push(resolve)),
    () => {
      rests += 1;
    },
  );
  return { turns, waiting, rests: () => rests };
}

test('who asks during a turn gets one more, however many ask', async () => {
  const { turns, waiting, rests } = gate();
  const all = turns.take();
  void turns.take();
  void turns.take();
  expect([waiting.length, turns.isUnderWay()]).toEqual([1, true]);
  waiting[0]!();
  await Promise.resolve();
  await Promise.resolve();
  expect([waiting.length, rests()]).toEqual([2, 0]);
  waiting[1]!();
  await all;
  expect([waiting.length, rests(), turns.isUnderWay()]).toEqual([2, 1, false]);
});

test('after a turn that throws, others follow', async () => {
  let count = 0;
  let rests = 0;
  const turns = takeTurns(
    async () => {
      count += 1;
      if (count === 1) throw new Error('out of memory');
    },
    () => {
      rests += 1;
    },
  );
  await expect(turns.take()).rejects.toThrow('out of memory');
  await turns.take();
  expect([count, rests, turns.isUnderWay()]).toEqual([2, 2, false]);
});
