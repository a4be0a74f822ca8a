/** `sluice plan --device` as tables. Pure. */
import { summarise } from '../../../shared/operations/plan/plan.ts';
import type { DevicePlanEntry, PlanSummary } from '../../../shared/operations/plan/plan.ts';
import { formatTable } from '../terminal/output.ts';

/** Signs as in a diff; `!` marks a change that is not made. */
const SIGN: Readonly<Record<string, string>> = { create: '+', update: '~', delete: '-' };

/** Only what changes has a row; unchanged exposures are counted in the last line. */
export function planTable(changes: readonly DevicePlanEntry[]): string {
  const rows = changes
    .filter((e) => e.kind !== 'unchanged')
    .map((e) => [
      SIGN[e.kind] ?? '!',
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

/** `1 to add, 1 to change, 0 to delete`, followed by the counts of other kinds. */
export function summaryText({
  add,
  change,
  delete: gone,
  unchanged,
  notDone,
}: PlanSummary): string {
  return [
    `${add} to add`,
    `${change} to change`,
    `${gone} to delete`,
    ...(unchanged === 0 ? [] : [`${unchanged} unchanged`]),
    ...(notDone === 0 ? [] : [`${notDone} not possible`]),
  ].join(', ');
}
