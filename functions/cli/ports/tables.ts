/** `sluice ports` as tables. Pure. */
import type { PortRow, PortList } from '../../../shared/operations/ports/ports.ts';
import { formatCount } from '../../../shared/domain/text/counts.ts';
import { compareNaturally, formatTable } from '../terminal/output.ts';

/**
 * Sorted by address and port, as numbers. The last column exists only if a manual change was kept.
 */
export function portTable(list: PortList): string {
  if (list.rows.length === 0) return nothingInWords(list);
  const rows = list.rows.toSorted((a, b) => compareNaturally(a.exposure, b.exposure));
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

/**
 * The number of members. The state of the whole cluster is more important than that of single
 * members.
 */
function membersInWords({ members, draining, drained }: PortRow): string {
  if (drained === 'out') return `${members} (cluster is out)`;
  if (drained === 'drain') return `${members} (cluster is draining)`;
  return draining === 0 ? String(members) : `${members} (${draining} draining)`;
}

/**
 * Distinguishes "no device answered", "nothing is declared" and "nothing matches the search terms".
 */
function nothingInWords({ declared, unanswered, asked }: PortList): string {
  if (declared > 0)
    return `None of the ${formatCount(declared, 'declared port')} fits these words.`;
  if (unanswered.length === 0) return 'Nothing is declared.';
  if (unanswered.length === asked)
    return 'No device answered, so it is not known what is declared.';
  return 'Nothing is declared where a device answered.';
}
