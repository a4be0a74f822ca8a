/** `sluice trace` as tables. Pure. */
import type { TraceStation } from '../../../shared/operations/trace/stations.ts';
import { formatTable } from '../terminal/output.ts';

export function traceTable(stations: readonly TraceStation[]): string {
  return formatTable(
    ['AT', 'WHAT', 'WHERE', ''],
    stations.map((s) => [s.at ?? 'now', s.what, s.where, s.details]),
  );
}
