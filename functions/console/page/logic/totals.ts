/** Failures by state, in one line. Pure. */
import { formatCount } from '../../../../shared/domain/text/counts.ts';

const CLOSED = ['archived', 'healed', 'replayed'] as const;

/** Of the counts by state: how many are closed, and of how many. */
export function closedOf(states: Readonly<Record<string, number>>): {
  readonly closed: number;
  readonly all: number;
} {
  const all = Object.values(states).reduce((sum, n) => sum + n, 0);
  return { closed: CLOSED.reduce((sum, state) => sum + (states[state] ?? 0), 0), all };
}

/** `40 open, 460 of 500 closed`, or an empty site. */
export function totalsLine(states: Readonly<Record<string, number>>): string {
  const { closed, all } = closedOf(states);
  if (all === 0) return 'No failure is stored.';
  const rest = ['open', 'quarantined'].flatMap((state) =>
    states[state] ? `${states[state]} ${state}` : [],
  );
  return [...rest, `${closed} of ${all} closed`].join(', ');
}

/** `failures` of one: `failure`. */
export const singular = (word: string): string => word.replace(/(?<=ss)es$|s$/, '');

/** `3 failures`. */
export const failureCount = (n: number): string => formatCount(n, 'failure');
