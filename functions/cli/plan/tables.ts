/** `sluice plan --device` as tables. Pure. */
import type { PlannedChange } from '../../../shared/operations/plan/plan.ts';
import { formatTable } from '../terminal/output.ts';

const SIGN: Readonly<Record<string, string>> = { create: '+', update: '~', delete: '-' };

export function planTable(changes: readonly PlannedChange[]): string {
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
  const unchanged = changes.length - rows.length;
  const table =
    rows.length === 0
      ? 'No difference.'
      : formatTable(['', 'DEVICE', 'PARTITION', 'ADDRESS', 'CHANGE', 'GATEWAYS', 'WHY'], rows);
  return unchanged === 0 ? table : `${table}\n${unchanged} unchanged.`;
}
