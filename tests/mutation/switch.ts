/**
 * Every mutant is compiled in and has a number; at most one number is switched on. So the code is
 * loaded once, and trying the next mutant only changes the number. `hits` are the mutants that were
 * reached while none was on: only tests that reach a mutant can notice it.
 */
export interface Switch {
  on: number;
  hits: Set<number> | undefined;
  /**
   * The number of times that a mutant's place may be reached before it counts as an endless loop.
   */
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

/** The functions that the mutated source calls, as `__m`. */
export const helpers = {
  is,
  not: (id: number, value: boolean): boolean => (is(id) ? !value : value),
  /** A condition that is always true, or always false. */
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
  /** `call` is a method such as filter; the mutant skips it. */
  without: (id: number, value: unknown, call: (value: unknown) => unknown): unknown =>
    is(id) ? value : call(value),
  other: (id: number, object: Methods, names: readonly [string, string]): unknown => {
    const name = names[is(id) ? 1 : 0];
    return object[name]?.bind(object);
  },
} as const;

Object.assign(globalThis, { __m: helpers });
