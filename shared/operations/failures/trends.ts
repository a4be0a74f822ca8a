/** Groups of failures with their course over the last day. */
import { combinations, groupFailures, parseFilter } from '../../failures/filter.ts';
import type { FailureGroup, GroupKey } from '../../failures/filter.ts';
import type { FailureHead } from '../../failures/port.ts';
import type { OperationContext } from '../context.ts';
import { selectFailures } from './failures.ts';

const HOURS = 24;
const HOUR_MS = 3_600_000;

/** A group with its course. */
export interface FailureTrend extends FailureGroup {
  /** Failures by the hour in which they were last seen, oldest first; the last one is now. */
  readonly trend: readonly number[];
}

/** Counts the matching failures by the given properties. */
export async function groupsWithTrend(
  context: Pick<OperationContext, 'store' | 'runtime'>,
  words: readonly string[],
  by: readonly GroupKey[],
): Promise<{ readonly by: readonly GroupKey[]; readonly groups: readonly FailureTrend[] }> {
  const heads = await selectFailures(context, words);
  const now = context.runtime.clock.now();
  const filter = parseFilter(words, now);
  const trends = new Map<string, number[]>();
  for (const head of heads)
    for (const values of combinations(head, by, filter)) {
      const group = JSON.stringify(values);
      const trend = trends.get(group) ?? Array.from({ length: HOURS }, () => 0);
      trends.set(group, trend);
      const hour = hourOf(head, now);
      if (hour >= 0) trend[hour]! += 1;
    }
  const groups = groupFailures(heads, by, filter).map((group) => ({
    ...group,
    trend: trends.get(JSON.stringify(group.values)) ?? [],
  }));
  return { by, groups };
}

/** Negative if it was not seen in these hours. */
function hourOf({ last }: FailureHead, now: number): number {
  return HOURS - 1 - Math.max(0, Math.floor((now - last) / HOUR_MS));
}
