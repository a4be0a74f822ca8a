/** Objects by their keys, in one order on every machine. */
export function inOrder<T>(found: Iterable<readonly [key: string, object: T]>): T[] {
  return [...found].sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, object]) => object);
}
