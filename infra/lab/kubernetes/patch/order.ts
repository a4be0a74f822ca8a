/**
 * `$setElementOrder`: puts the named elements in the given order; elements that only the server has
 * keep their place.
 */
import { equal, isFields } from '../fields.ts';

/** `mergeKey`: the field that tells elements apart; undefined for a list of values. */
export function orderedLike(
  current: readonly unknown[],
  order: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const identity = (value: unknown): unknown =>
    mergeKey !== undefined && isFields(value) ? value[mergeKey] : value;
  const rank = (value: unknown): number =>
    order.findIndex((one) => equal(identity(one), identity(value)));
  const named = current
    .map((value, at) => ({ value, at, rank: rank(value) }))
    .filter((one) => one.rank >= 0);
  const foreign = current.map((value, at) => ({ value, at })).filter((one) => rank(one.value) < 0);
  const sorted = named.toSorted((left, right) => left.rank - right.rank);
  const result: unknown[] = [];
  let next = 0;
  for (const one of sorted) {
    for (let other = foreign[next]; other && other.at < one.at; other = foreign[next]) {
      result.push(other.value);
      next += 1;
    }
    result.push(one.value);
  }
  return [...result, ...foreign.slice(next).map((one) => one.value)];
}
