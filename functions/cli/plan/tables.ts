/** `sluice plan --device` as tables. Pure. */
import { summarise } from '../../../shared/operations/plan/plan.ts';
import type { DevicePlanEntry } from '../../../shared/operations/plan/plan.ts';
import { planSign, summaryText } from '../../../shared/operations/plan/words.ts';
import { formatTable } from '../terminal/output.ts';

/** Only what changes has a row; unchanged exposures are counted in the last line. */
export function planTable(changes: readonly DevicePlanEntry[]): string {
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
      ? 'No difference.'
      : formatTable(['', 'DEVICE', 'PARTITION', 'ADDRESS', 'CHANGE', 'GATEWAYS', 'WHY'], rows);
  return `${table}\n${summaryText(summarise(changes))}`;
}
