/** The parts of an export. Pure. */

/** Too much for one answer, or for the time of a request. */
const TOO_MUCH: ReadonlySet<number> = new Set([422, 503]);
const SMALLEST = 10;

/** How many entries to ask for after a refusal; undefined: it is not because of their number. */
export function nextLimit(limit: number, status: number): number | undefined {
  if (!TOO_MUCH.has(status) || limit <= SMALLEST) return undefined;
  return Math.max(SMALLEST, Math.floor(limit / 4));
}
