/** `sluice drift` as tables. Pure. */
import type { Drift } from '../../../shared/operations/drift/drift.ts';
import { formatTable } from '../terminal/output.ts';

/**
 * Distinguishes "no device answered" from "no difference", so that an outage does not look like a
 * clean result.
 */
export function driftTable({ findings, answered }: Drift): string {
  if (answered.length === 0) return 'No device answered.';
  if (findings.length === 0) return `No difference on ${answered.join(', ')}.`;
  return formatTable(
    ['DEVICE', 'PARTITION', 'KIND', 'CODE', 'REPAIR', 'OBJECT', 'WHAT'],
    findings.map((f) => [f.device, f.partition, f.kind, f.code, repairOf(f), f.object, f.message]),
  );
}

/**
 * Whether `--repair` removes it: `by hand` if Sluice does not write there (nodes in /Common), empty
 * if it is no difference from the declaration.
 */
function repairOf({ repairable, heal }: Drift['findings'][number]): string {
  if (repairable) return 'yes';
  return heal === 'told' ? 'by hand' : '';
}
