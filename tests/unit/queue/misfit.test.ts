import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { firstMisfit } from '../../../shared/queue/misfit.ts';

const One = z.strictObject({
  here: z.string(),
  perhaps: z.string().optional(),
  absent: z.boolean().exactOptional(),
  filled: z.int().default(3),
});

describe('the first thing in much data that does not fit', () => {
  test.each([[{ here: 'a' }], [{ here: 'a', perhaps: 'b', absent: true, filled: 1 }]])(
    'is nothing where zod takes it: %j',
    (value) => {
      expect(One.safeParse(value).success).toBe(true);
      expect(firstMisfit(z.array(One), [value])).toBeUndefined();
    },
  );

  test.each([
    [{}, 'here'],
    [{ here: 'a', absent: 'no' }, 'absent'],
    [{ here: 'a', absent: undefined }, 'absent'],
    [{ here: 'a', other: 1 }, 'other'],
  ])('is what zod names: %j', (value, field) => {
    expect(One.safeParse(value).success).toBe(false);
    expect(firstMisfit(z.array(One), [value])?.issues[0]?.path.slice(0, 2)).toEqual([0, field]);
  });
});
