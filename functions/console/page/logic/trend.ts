/** The course of a group as a small drawing. Pure. */

/** One bar of the drawing. */
export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** Bars for the counts, oldest first; what is not zero is at least one unit high. */
export function barsOf(
  counts: readonly number[],
  { height, step }: { readonly height: number; readonly step: number },
): readonly Bar[] {
  const most = Math.max(...counts, 1);
  return counts.flatMap((count, i) => {
    if (count === 0) return [];
    const tall = Math.max(1, Math.round((count / most) * height));
    return [{ x: i * step, y: height - tall, height: tall }];
  });
}

/** The drawing in words. */
export function trendWords(counts: readonly number[]): string {
  const total = counts.reduce((sum, n) => sum + n, 0);
  const last = counts.at(-1) ?? 0;
  return `${total} in the last ${counts.length} hours, ${last} in the last one`;
}
