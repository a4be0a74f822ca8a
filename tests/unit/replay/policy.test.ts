/** What a policy may replay, when it is due again, and how its state is kept. */
import { describe, expect, test } from '@jest/globals';
import { ReplayPolicy } from '../../../shared/config/schema.ts';
import { isEligible, pauseAfter, policyFilter } from '../../../shared/failures/replay/policy.ts';
import { createPolicyTurns } from '../../../shared/failures/replay/turns.ts';
import type { FailureHead } from '../../../shared/failures/port.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';

const MINUTE = 60_000;
const NOW = 100 * MINUTE;
const policyOf = (over: object = {}): ReplayPolicy =>
  ReplayPolicy.parse({ name: 'p', everyMinutes: 5, olderThanMinutes: 2, atMost: 3, ...over });
const id = 'ab00000000000001';
const head = (over: Partial<FailureHead> = {}): FailureHead => ({
  id,
  code: 'BIP501',
  class: 'device',
  sentence: 's',
  queue: 'slices',
  gateways: [],
  state: 'open',
  count: 1,
  first: 1,
  last: 1,
  changed: 1,
  seen: [],
  evidence: `evidence/ab/${id}/000000000000.json`,
  ...over,
});

describe('a policy may replay', () => {
  test.each<[string, boolean, object, Partial<FailureHead>]>([
    ['failures that may succeed without a change', true, {}, {}],
    ['no failure that needs a change', false, {}, { code: 'BIP421' }],
    ['no failure with an unknown code', false, {}, { code: 'BIP999' }],
    ['its codes', true, { codes: ['BIP501'] }, {}],
    ['no other codes', false, { codes: ['BIP424'] }, {}],
    ['its classes', true, { classes: ['device'] }, {}],
    ['no other classes', false, { classes: ['queue'] }, {}],
    ['no archived failure', false, {}, { state: 'archived' }],
    ['no quarantined failure', false, {}, { state: 'quarantined' }],
    ['no imported failure', false, {}, { evidence: `imported/ab/${id}/0.json` }],
    ['failures that are old enough', true, {}, { last: NOW - 2 * MINUTE - 1 }],
    ['no younger failure', false, {}, { last: NOW - 2 * MINUTE }],
    ['failures that it tried twice of three times', true, {}, { replays: ['a', 'b'] }],
    ['no failure that it tried three times', false, {}, { replays: ['a', 'b', 'c'] }],
    ['failures that it may try once and has not tried', true, { atMost: 1 }, {}],
  ])('%s', (_what, may, policy, failure) => {
    expect(isEligible(policyOf(policy), head(failure), NOW)).toBe(may);
  });

  test('by a filter that a person can read', () => {
    const until = NOW - 2 * MINUTE;
    expect(policyFilter(policyOf({ codes: ['BIP501'], classes: ['device'] }), NOW)).toEqual({
      code: ['BIP501'],
      class: ['device'],
      until,
    });
    expect(policyFilter(policyOf(), NOW)).toEqual({ until });
  });
});

test.each([
  [5, 0, 5],
  [5, 1, 10],
  [5, 3, 40],
  [5, 9, 24 * 60],
  [5, 1_000, 24 * 60],
  [24 * 60, 3, 24 * 60],
])(
  'a policy of every %d minutes is due %d misses later after %d',
  (everyMinutes, misses, minutes) => {
    expect(pauseAfter(policyOf({ everyMinutes }), misses)).toBe(minutes * MINUTE);
  },
);

describe('the state of a policy', () => {
  test('is due at once where there is none, and is written once for each change', async () => {
    const blobs = memoryBlobs();
    let writes = 0;
    const turns = createPolicyTurns({
      ...blobs,
      put: (key, text, condition) => {
        writes += 1;
        return blobs.put(key, text, condition);
      },
    });
    expect(await turns.get('p')).toBeUndefined();
    expect(await turns.update('p', (turn) => turn)).toEqual({
      format: 1,
      policy: 'p',
      due: 0,
      misses: 0,
    });
    expect([writes, await turns.get('p')]).toEqual([0, undefined]);
    await turns.update('p', (turn) => ({ ...turn, due: 7 }));
    await turns.update('p', (turn) => turn);
    expect([writes, (await turns.get('p'))?.due]).toEqual([1, 7]);
  });

  test.each([false, true])(
    'is changed on what another process wrote meanwhile (it was there before: %p)',
    async (before) => {
      const blobs = memoryBlobs();
      const others = createPolicyTurns(blobs);
      if (before) await others.update('p', (turn) => ({ ...turn, due: 1 }));
      let first = true;
      const turns = createPolicyTurns({
        ...blobs,
        put: async (key, text, condition) => {
          if (first) {
            first = false;
            await others.update('p', (turn) => ({ ...turn, misses: 4 }));
          }
          return blobs.put(key, text, condition);
        },
      });
      await turns.update('p', (turn) => ({ ...turn, due: 9 }));
      expect(await turns.get('p')).toMatchObject({ due: 9, misses: 4 });
    },
  );

  test('is given up with RPL700 after twenty lost races', async () => {
    let tried = 0;
    const turns = createPolicyTurns({
      ...memoryBlobs(),
      put: async () => ((tried += 1), undefined),
    });
    await expect(turns.update('p', (turn) => ({ ...turn, due: 1 }))).rejects.toMatchObject({
      code: 'RPL700',
    });
    expect(tried).toBe(20);
  });
});
