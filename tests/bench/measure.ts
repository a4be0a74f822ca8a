/** Medians of a few runs; read them as ratios of one another, never as promises. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
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

export function table(
  title: string,
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const text = rows.map((row) =>
    row.map((cell) => (typeof cell === 'number' ? cell.toFixed(cell < 10 ? 2 : 0) : cell)),
  );
  const widths = header.map((h, i) =>
    Math.max(h.length, ...text.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ');
  process.stdout.write(`\n${title}\n${[line(header), ...text.map(line)].join('\n')}\n`);
}
