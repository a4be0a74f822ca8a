/**
 * Every mutant is compiled in, each behind a number; at most one number is on. So the code is
 * loaded once, and trying the next mutant is turning a switch. `hits` are the mutants that were
 * come by while nothing was on: only tests that come by one can notice it.
 */
export interface Switch {
  on: number;
  hits: Set<number> | undefined;
  /** So often a mutant's place may be come by until it counts as a loop without an end. */
  steps: number;
}

export const mutation: Switch = { on: 0, hits: undefined, steps: Number.POSITIVE_INFINITY };

function is(id: number): boolean {
  mutation.hits?.add(id);
  mutation.steps -= 1;
  if (mutation.steps < 0) throw new Error('this mutant never comes to an end');
  return mutation.on === id;
}

type Comparison = '<' | '<=' | '>' | '>=';
const BOUNDARY = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' } as const;

function compare(operator: Comparison, a: number, b: number): boolean {
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

type Methods = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;

/** What the mutated source calls, as `__m`. */
export const helpers = {
  is,
  not: (id: number, value: boolean): boolean => (is(id) ? !value : value),
  /** A condition that is always true, or never. */
  force: (yes: number, no: number, value: unknown): unknown => {
    const [always, never] = [is(yes), is(no)];
    return always || (never ? false : value);
  },
  value: (id: number, original: unknown, mutant: unknown): unknown => (is(id) ? mutant : original),
  compare: (
    operator: Comparison,
    ids: readonly [number, number],
    a: number,
    b: number,
  ): boolean => {
    const [boundary, opposite] = ids.map(is);
    const result = compare(boundary === true ? BOUNDARY[operator] : operator, a, b);
    return opposite === true ? !result : result;
  },
  /** `call` is a method such as filter; the mutant goes without. */
  without: (id: number, value: unknown, call: (value: unknown) => unknown): unknown =>
    is(id) ? value : call(value),
  other: (id: number, object: Methods, names: readonly [string, string]): unknown => {
    const name = names[is(id) ? 1 : 0];
    return object[name]?.bind(object);
  },
} as const;

Object.assign(globalThis, { __m: helpers });
