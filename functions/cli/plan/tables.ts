/** `sluice plan --device` as tables. Pure. */
import { summarise } from '../../../shared/operations/plan/plan.ts';
import type { DevicePlanEntry } from '../../../shared/operations/plan/plan.ts';
import { planSign, summaryText } from '../../../shared/operations/plan/words.ts';
import { formatTable } from '../terminal/output.ts';

/**
 * Only what changes has a row; unchanged exposures are counted. `paths`: a line for each path that
 * changes.
 */
export function planText(changes: readonly DevicePlanEntry[], paths: readonly string[]): string {
  const rows = changes
    .filter((e) => e.kind !== 'unchanged')
    .map((e) => [
      planSign(e.kind),
      e.device,
      e.partition,
      e.key,
      e.kind,
      e.gateways.join(', '),
      e.reason,
    ]);
  const table =
    rows.length === 0
      ? paths.length === 0
        ? 'No difference.'
        : 'No exposure differs.'
      : formatTable(['', 'DEVICE', 'PARTITION', 'ADDRESS', 'CHANGE', 'GATEWAYS', 'WHY'], rows);
  const ofPaths =
    paths.length === 0 ? [] : ['Paths to pods that differ, of all clusters:', ...paths];
  return [table, summaryText(summarise(changes)), ...ofPaths].join('\n');
}
