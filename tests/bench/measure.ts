/** Statistics and tables of a few runs; compare figures only within one run. */

/**
 * The smallest value that at least this share (0 to 1) of all values do not exceed (nearest rank);
 * NaN without values.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle; NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** Milliseconds of `runs` calls after one to warm up. */
export async function time(
  runs: number,
  work: () => unknown,
): Promise<{ readonly median: number; readonly worst: number }> {
  await work();
  const taken: number[] = [];
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    await work();
    taken.push(performance.now() - started);
  }
  return { median: median(taken), worst: Math.max(...taken) };
}

/** Two digits below 10, one below 100, none above; whole numbers stay whole. */
export function shown(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}

/** Lines of a table; the first column is left-aligned, like those of `left`. */
export function tableLines(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[] = [0],
): readonly string[] {
  const widths = header.map((h, i) =>
    Math.max(h.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const pad = (cell: string, i: number): string =>
    left.includes(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
  return [header, ...rows].map((cells) => cells.map(pad).join('  ').trimEnd());
}

/** Prints a table. Numbers are shown with two digits below 10 and none above. */
export function table(
  title: string,
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const text = rows.map((row) =>
    row.map((cell) => (typeof cell === 'number' ? cell.toFixed(cell < 10 ? 2 : 0) : cell)),
  );
  process.stdout.write(`\n${title}\n${tableLines(header, text).join('\n')}\n`);
}
