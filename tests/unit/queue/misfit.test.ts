import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { readMany, type Misfit } from '../../../shared/queue/misfit.ts';

function firstMisfit(schema: z.ZodType, value: unknown): Misfit | undefined {
  const read = readMany(schema, value);
  return read.success ? undefined : read.error;
}

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

describe('large data without an invalid value', () => {
  const many = <T>(make: (n: number) => T): readonly T[] =>
    Array.from({ length: 1_200 }, (_, n) => make(n));
  const texts = many(String);
  const record = (key: string): unknown => Object.fromEntries(many((n) => [`${key}${n}`, n]));
  const Upper = z.string().transform((text) => text.toUpperCase());

  test.each<[string, z.ZodType, unknown]>([
    ['objects with defaults', z.array(One), many(() => ({ absent: true, here: 'a' }))],
    [
      'fields that are left out or kept',
      z.object({ all: z.array(z.string()), one: z.int().optional(), two: z.int().default(2) }),
      { more: 1, all: texts },
    ],
    [
      'a default of an optional field',
      z.object({ all: z.array(z.string()), one: z.int().default(2).optional() }),
      { all: texts },
    ],
    [
      'a field that is never wrong',
      z.object({ all: z.array(z.string()), one: z.int().catch(2) }),
      { all: texts },
    ],
    [
      'unknown fields that are kept',
      z.looseObject({ all: z.array(z.string()) }),
      { more: 1, all: texts },
    ],
    [
      'an optional field that is undefined',
      z.object({ one: z.int().optional(), all: z.array(z.string()) }),
      { all: texts, one: undefined },
    ],
    [
      'an unknown field that every object has',
      z.looseObject({ all: z.array(z.string()) }),
      JSON.parse(`{"all":${JSON.stringify(texts)},"__proto__":{"more":1}}`),
    ],
    ['records', z.object({ all: z.record(z.string(), z.int()) }), { all: record('a') }],
    [
      'records with their own rule for keys',
      z.record(z.string().regex(/^a/), z.int()),
      record('a'),
    ],
    [
      'a record with a field of every object',
      z.record(z.string(), z.int()),
      JSON.parse(JSON.stringify(record('a')).replace('"a7"', '"__proto__"')),
    ],
    [
      'wrapped lists',
      z.object({
        all: z.array(z.string()).nullable().optional(),
        not: z.array(z.string()).default([]),
      }),
      { all: texts },
    ],
    ['unions', z.union([z.array(z.int()), z.array(Upper)]), texts],
    [
      'values that are changed',
      z.object({ all: z.array(Upper).transform((all) => all.slice(1_190)) }),
      { all: texts },
    ],
    ['frozen values', z.array(z.string()).readonly(), texts],
  ])('%s: is read as zod reads it', (_, schema, value) => {
    const read = readMany(schema, value);
    expect(read).toStrictEqual({ success: true, data: schema.parse(value) });
    expect(JSON.stringify(read)).toBe(JSON.stringify({ success: true, data: schema.parse(value) }));
  });

  test.each<[string, z.ZodType]>([
    ['any value', z.object({ all: z.array(z.string()), needed: z.unknown() })],
    ['undefined', z.object({ all: z.array(z.string()), needed: z.undefined().or(z.string()) })],
  ])('lacks a field that may be %s, but must be there', (_, schema) => {
    const zods = schema.safeParse({ all: texts });
    expect(zods.success).toBe(false);
    expect(firstMisfit(schema, { all: texts })?.issues[0]?.path).toEqual(['needed']);
  });

  test('breaks a rule about all of it', () => {
    const schema = z.array(z.string()).refine((all) => all.includes('no'), 'lacks one');
    expect(firstMisfit(schema, texts)?.issues.map(({ message }) => message)).toEqual(['lacks one']);
  });

  test.each<[string, z.ZodType, unknown]>([
    ['with another form', z.record(z.string().regex(/^b/), z.int()), record('a')],
    ['without the format', z.record(z.uuid(), z.int()), record('a')],
    ['besides those listed', z.record(z.enum(['a']), z.array(z.string())), { a: texts, b: texts }],
  ])('has a key that the record does not allow: one %s', (_, schema, value) => {
    expect(schema.safeParse(value).success).toBe(false);
    expect(firstMisfit(schema, value)).toBeDefined();
  });

  test('cannot be changed if the schema says so', () => {
    const read = readMany(z.array(z.string()).readonly(), texts);
    expect(read.success && Object.isFrozen(read.data)).toBe(true);
  });

  test('each value is looked at once', () => {
    let asked = 0;
    const Counted = z.string().refine(() => (asked += 1) > 0);
    const schema = z.strictObject({
      lists: z.array(z.array(Counted)),
      more: z.record(z.string(), z.array(Counted)).optional(),
      perhaps: z.string().optional(),
      filled: z.int().default(3),
    });
    readMany(schema, { lists: [texts, texts], more: { a: texts } });
    expect(asked).toBe(3 * texts.length);
  });
});
