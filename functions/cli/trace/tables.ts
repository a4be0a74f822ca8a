/** `sluice trace` as tables. Pure. */
import type { TraceStation } from '../../../shared/operations/trace/stations.ts';
import { formatTable } from '../terminal/output.ts';

/** One row for each station; one without a time is the current state. */
export function traceTable(stations: readonly TraceStation[]): string {
  const details = withoutRepeats(stations.map((station) => station.details));
  return formatTable(
    ['AT', 'WHAT', 'WHERE', 'DETAILS'],
    stations.map((s, i) => [s.at ?? 'now', s.what, s.where, details[i] ?? '']),
  );
}

/** Clauses shorter than this may be repeated, such as a revision or the name of a partition. */
const REPEATABLE_CHARACTERS = 40;

/**
 * The device's message is recorded with every try, message and result. It is printed once, where it
 * first occurs, and replaced by `…` afterwards. A short clause is omitted together with the long
 * one before it.
 */
export function withoutRepeats(texts: readonly string[]): readonly string[] {
  const told = new Set<string>();
  return texts.map((text) => {
    const kept: string[] = [];
    for (const clause of text.split(/(?<=[:.;)]) /)) {
      const isKnown =
        told.has(clause) && (clause.length >= REPEATABLE_CHARACTERS || kept.at(-1) === '…');
      if (!isKnown) kept.push(clause);
      else if (kept.at(-1) !== '…') kept.push('…');
      told.add(clause);
    }
    return kept.join(' ');
  });
}
