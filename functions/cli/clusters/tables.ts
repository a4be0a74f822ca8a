/** Clusters as tables. Pure. */
import type { ClusterRow } from '../../../shared/operations/clusters/rows.ts';
import { formatAge, formatCount } from '../../../shared/domain/text/counts.ts';
import { formatTable } from '../terminal/output.ts';

/** One row for each cluster and device. `now` is in milliseconds since 1970. */
export function clusterTable(rows: readonly ClusterRow[], now: number): string {
  const header = [
    'CLUSTER',
    'DEVICE',
    'UID',
    'OWNERS',
    'EXPOSURES',
    'MEMBERS',
    'VERSION',
    'SEEN',
    'STATE',
  ];
  return formatTable(
    header,
    rows.map((row) => [
      row.cluster,
      row.device,
      row.uids.join(', ') || '-',
      String(row.owners),
      String(row.exposures),
      String(row.members),
      row.version ?? '-',
      row.seen === undefined ? '-' : `${formatAge(Date.parse(row.seen), now)} ago`,
      stateInWords(row),
    ]),
  );
}

/** The state, followed by everything that needs attention. */
function stateInWords(row: ClusterRow): string {
  const { state, drain, silent, silenceUnknown, rival, held, waiting } = row;
  const words = [
    drain === undefined
      ? state
      : `${state} since ${drain.since}${drain.silent === true ? ' by policy' : ''}: ${drain.because}`,
    ...(silent ? ['silent'] : []),
    ...(silenceUnknown ? ['silence unknown: the failure store does not answer'] : []),
    ...(rival === undefined
      ? []
      : [
          rival.replaced
            ? `${rival.clusterUid}, replaced by adoption, has been sending again since ${rival.since}`
            : `rival ${rival.clusterUid} since ${rival.since}`,
        ]),
    ...(held === 0 ? [] : [`${held} removals held`]),
    ...(waiting === undefined
      ? []
      : [`${formatCount(waiting, 'exposure')} held until nodes may move (OWN312)`]),
  ];
  return words.join('; ');
}
