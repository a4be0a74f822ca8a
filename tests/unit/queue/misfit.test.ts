import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { firstMisfit } from '../../../shared/queue/misfit.ts';

const One = z.strictObject({
  here: z.string(),
  perhaps: z.string().optional(),
  absent: z.boolean().exactOptional(),
  filled: z.int().default(3),
});

describe('the first invalid value in large data', () => {
  test.each([[{ here: 'a' }], [{ here: 'a', perhaps: 'b', absent: true, filled: 1 }]])(
    'is undefined if zod accepts the data: %j',
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

  const Server = z.object({ name: z.string(), port: z.int() });
  const Shapes: readonly (readonly [string, z.ZodType, unknown])[] = [
    ['another value instead of a list', z.array(z.string()), { 0: 'a' }],
    ['a list instead of an object', Server, [{ name: 'a', port: 1 }]],
    ['null instead of an object', Server, null],
    ['null instead of a record', z.record(z.string(), z.string()), null],
    ['a list instead of a record', z.record(z.string(), z.string()), ['a']],
    ['a wrong entry of a record', z.record(z.string(), z.int()), { a: 1, b: 'x' }],
    [
      'a wrong field inside an optional object',
      z.object({ one: Server.optional() }),
      { one: { name: 'a' } },
    ],
    ['a value that matches no option of a union', z.union([z.string(), z.int()]), true],
  ];
  test.each(Shapes)('is found in %s', (_, schema, value) => {
    const zods = schema.safeParse(value);
    expect(zods.success).toBe(false);
    const paths = firstMisfit(schema, value)?.issues.map(({ path }) => path);
    expect(paths).toEqual([zods.error?.issues[0]?.path]);
  });

  test.each<[string, z.ZodType, unknown]>([
    ['a field that a tolerant schema ignores', Server, { name: 'a', port: 1, more: [1] }],
    ['any option of a union', z.union([z.string(), z.int()]), 3],
    ['null where it is allowed', z.object({ one: Server.nullable() }), { one: null }],
  ])('is nothing in %s', (_, schema, value) => {
    expect(schema.safeParse(value).success).toBe(true);
    expect(firstMisfit(schema, value)).toBeUndefined();
  });

  test.each<[string, z.ZodType, unknown]>([
    ['record', z.record(z.string(), z.int()), { a: 'x', b: 'y' }],
    ['optional object', z.object({ one: Server.optional() }), { one: {} }],
    ['object', Server, {}],
    ['list', z.array(z.int()), ['a', 'b']],
  ])('is one issue, however many a %s has', (_, schema, value) => {
    expect(schema.safeParse(value).error?.issues.length).toBeGreaterThan(1);
    expect(firstMisfit(schema, value)?.issues).toHaveLength(1);
  });

  test('is one value among many, at any depth, and is found without looking at what follows', () => {
    let asked = 0;
    const Counted = z.string().refine((text) => {
      asked += 1;
      return text === 'good';
    });
    const groups = (size: number, bad: number): readonly (readonly string[])[] =>
      Array.from({ length: 40 }, (_, group) =>
        Array.from({ length: size }, (_item, n) => (group * size + n === bad ? 'bad' : 'good')),
      );
    const schema = z.object({ groups: z.array(z.array(Counted)) });
    for (const size of [5, 500, 2_000]) {
      asked = 0;
      const found = firstMisfit(schema, { groups: groups(size, 3 * size + 1) });
      expect(found?.issues.map(({ path }) => path)).toEqual([['groups', 3, 1]]);
      expect(asked).toBeLessThan(1_000 + 5 * size);
      expect(firstMisfit(schema, { groups: groups(size, -1) })).toBeUndefined();
    }
  });

  test('in a union is the field that its first option asks for', () => {
    const union = z.union([z.array(Server), z.string()]);
    expect(firstMisfit(union, [{ name: 'a', port: 'x' }])?.issues[0]?.path).toEqual([0, 'port']);
  });
});
