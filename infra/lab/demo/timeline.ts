import { table } from './say.ts';

export interface Moment {
  readonly what: string;
  /** Milliseconds since 1970; absent if the moment was not observed. */
  readonly at: number | undefined;
}

const BAR_WIDTH = 40;

/** Moments after a start, each with the time since the one before it. */
export function timeline(start: number, moments: readonly Moment[]): readonly string[] {
  const seen = moments
    .flatMap(({ what, at }) => (at === undefined ? [] : [{ what, after: Math.max(0, at - start) }]))
    .sort((a, b) => a.after - b.after);
  const total = Math.max(1, seen.at(-1)?.after ?? 1);
  const rows = seen.map(({ what, after }, index) => {
    const step = after - (seen[index - 1]?.after ?? 0);
    return [
      what,
      `${after} ms`,
      `+${step}`,
      '▏'.padStart(Math.max(1, Math.round((after / total) * BAR_WIDTH)), '·'),
    ];
  });
  return table([['what happened', 'after', 'step', ''], ...rows]);
}
