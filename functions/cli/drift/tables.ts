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
    ['DEVICE', 'PARTITION', 'KIND', 'CODE', 'OBJECT', 'WHAT'],
    findings.map((f) => [f.device, f.partition, f.kind, f.code, f.object, f.message]),
  );
}
