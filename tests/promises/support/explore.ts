/**
 * Tries everything that can happen in any order, small enough to try all of it. What is known to
 * have the same future is tried once: the same state with the same events left. States are the same
 * only if their JSON is, with its order of keys, so nothing that a plan can depend on is lost.
 */

/** What is explored: `S` is the state, and `E` an event that changes it. */
export interface Space<S, E> {
  readonly start: S;
  readonly events: readonly E[];
  /** How often each event arrives. */
  readonly copies: number;
  /** The most events that arrive together; default: one. */
  readonly together?: number;
  /** Pure: depends on its arguments only. */
  step(state: S, batch: readonly E[]): S;
  /** Throws if this step may not happen. */
  onStep(before: S, batch: readonly E[], after: S): void;
  /** Throws if this is no end that may be reached. */
  onEnd(state: S): void;
}

/** What was explored. */
export interface Explored {
  /** Different ways from the start to an end. */
  readonly ways: number;
  /** Different steps among them. */
  readonly steps: number;
}

/** Explores all ways. `ways` is exact up to 2^53. */
export function explore<S, E>(space: Space<S, E>): Explored {
  const { events, copies, together = 1 } = space;
  const batches = batchesOf(events, together);
  const step = remembered(space);
  const ways = new Map<string, number>();
  const follow = (id: number, left: readonly number[]): number => {
    const key = `${id} ${left.join('')}`;
    const known = ways.get(key);
    if (known !== undefined) return known;
    if (left.every((count) => count === 0)) space.onEnd(step.stateOf(id));
    let sum = left.every((count) => count === 0) ? 1 : 0;
    for (const [b, batch] of batches.entries())
      if (batch.every((e) => left[e]! > 0))
        sum += follow(
          step.next(id, b, batch),
          left.map((count, e) => count - (batch.includes(e) ? 1 : 0)),
        );
    ways.set(key, sum);
    return sum;
  };
  const all = follow(
    0,
    events.map(() => copies),
  );
  return { ways: all, steps: step.count() };
}

/** All sets of at most so many events, by their numbers. */
function batchesOf(events: readonly unknown[], most: number): readonly (readonly number[])[] {
  return events
    .reduce<readonly (readonly number[])[]>(
      (sets, _event, e) => [...sets, ...sets.map((set) => [...set, e])],
      [[]],
    )
    .filter(({ length }) => length > 0 && length <= most);
}

interface Steps<S> {
  stateOf(id: number): S;
  next(id: number, batchId: number, batch: readonly number[]): number;
  count(): number;
}

/** Each state has a number, and each step is made once. */
function remembered<S, E>({ start, events, ...space }: Space<S, E>): Steps<S> {
  const states = [start];
  const ids = new Map([[JSON.stringify(start), 0]]);
  const made = new Map<string, number>();
  const idOf = (state: S): number => {
    const text = JSON.stringify(state);
    const known = ids.get(text);
    if (known !== undefined) return known;
    ids.set(text, states.length);
    return states.push(state) - 1;
  };
  return {
    stateOf: (id) => states[id]!,
    next: (id, batchId, batch) => {
      const key = `${id} ${batchId}`;
      const known = made.get(key);
      if (known !== undefined) return known;
      const before = states[id]!;
      const some = batch.map((e) => events[e]!);
      const after = space.step(before, some);
      space.onStep(before, some, after);
      const result = idOf(after);
      made.set(key, result);
      return result;
    },
    count: () => made.size,
  };
}

/**
 * Runs `work` with every series of choices: it calls `choose(n)` for a number below `n`. Resolves
 * with the number of runs.
 */
export async function everyChoice(
  work: (choose: (n: number) => number) => Promise<void>,
): Promise<number> {
  let runs = 0;
  let next: readonly number[] | undefined = [];
  while (next !== undefined) {
    const given: readonly number[] = next;
    const made: { readonly chosen: number; readonly of: number }[] = [];
    await work((of) => {
      const chosen = given[made.length] ?? 0;
      made.push({ chosen, of });
      return chosen;
    });
    runs += 1;
    const last = made.findLastIndex(({ chosen, of }) => chosen + 1 < of);
    next =
      last < 0
        ? undefined
        : [...made.slice(0, last).map(({ chosen }) => chosen), made[last]!.chosen + 1];
  }
  return runs;
}
