/** `sluice ports` as tables. Pure. */
import type { PortRow, PortList } from '../../../shared/operations/ports/ports.ts';
import { formatTable } from '../terminal/output.ts';

export function portTable({ rows }: PortList): string {
  if (rows.length === 0) return 'Nothing is declared.';
  const anyKept = rows.some(({ kept }) => kept.length > 0);
  return formatTable(
    [
      'ADDRESS',
      'DEVICE',
      'PARTITION',
      'OWNER',
      'GATEWAYS',
      'MEMBERS',
      'REVISION',
      ...(anyKept ? ['KEPT BY HAND'] : []),
    ],
    rows.map((r) => [
      r.exposure,
      r.device,
      r.partition,
      r.owner,
      r.gateways.join(', '),
      membersInWords(r),
      r.revision,
      ...(anyKept ? [r.kept.join('; ')] : []),
    ]),
  );
}

function membersInWords({ members, draining, drained }: PortRow): string {
  if (drained === 'out') return `${members} (cluster is out)`;
  if (drained === 'drain') return `${members} (cluster is draining)`;
  return draining === 0 ? String(members) : `${members} (${draining} draining)`;
}
