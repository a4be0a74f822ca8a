/** The speed table as text, and as a file that a later run can show beside its own. */
import type { Figure, Row, Scale } from './speed/figures.ts';
import { shown, tableLines } from './measure.ts';
import type { PeerFile } from './peer.ts';

/** The figures of a row, or the reason why there are none. */
export interface Measured {
  readonly row: Row;
  readonly figures: readonly Figure[];
  readonly failed?: string;
}

export function keyOf(row: Pick<Row, 'id'>, figure: Pick<Figure, 'id'>): string {
  return `${row.id}.${figure.id}`;
}

/** Lines of the table: each figure with its floor, their ratio, and the figures of the peers. */
export function speedTable(
  measured: readonly Measured[],
  peers: readonly PeerFile[],
  scale: Scale,
): readonly string[] {
  const header = [
    '',
    'figure',
    'unit',
    'Sluice',
    'floor',
    'ratio',
    ...peers.map(({ name }) => name),
  ];
  const rows = measured.flatMap(({ row, figures, failed }) => [
    [row.id, row.title(scale)],
    ...figures.map((figure) => cells(row, figure, peers)),
    ...(failed === undefined ? [] : [['', `failed: ${failed}`]]),
  ]);
  const meters = measured.map(({ row }) => `${row.id}: ${row.meter(scale)}`);
  return [
    ...tableLines(
      header,
      rows.map((row) => [...row]),
      [0, 1, 2],
    ),
    '',
    ...meters,
    ...leftOut(measured, peers),
  ];
}

function cells(row: Row, figure: Figure, peers: readonly PeerFile[]): readonly string[] {
  const { value, floor, unit } = figure;
  return [
    '',
    figure.what,
    unit,
    shown(value),
    floor === undefined ? '' : shown(floor),
    floor === undefined || floor === 0 ? '' : (value / floor).toFixed(2),
    ...peers.map(({ figures }) => peerCell(figures[keyOf(row, figure)])),
  ];
}

function peerCell(value: PeerFile['figures'][string] | undefined): string {
  if (value === undefined) return '-';
  return typeof value === 'number' ? shown(value) : value.map(shown).join('–');
}

/** Figures of peers that no measured row has: probably misspelt. */
function leftOut(measured: readonly Measured[], peers: readonly PeerFile[]): readonly string[] {
  const known = new Set(
    measured.flatMap(({ row, figures }) => figures.map((figure) => keyOf(row, figure))),
  );
  const rows = new Set(measured.map(({ row }) => row.id));
  return peers.flatMap(({ name, figures }) => {
    const unknown = Object.keys(figures).filter(
      (key) => rows.has(key.split('.')[0] ?? '') && !known.has(key),
    );
    return unknown.length === 0 ? [] : [`${name}: no such figure: ${unknown.join(', ')}`];
  });
}

/** The figures of this run, in the shape that `--peer` reads. */
export function fileOf(name: string, about: string, measured: readonly Measured[]): PeerFile {
  return {
    name: name.slice(0, 40),
    about,
    figures: Object.fromEntries(
      measured.flatMap(({ row, figures }) =>
        figures
          .filter(({ value }) => Number.isFinite(value) && value >= 0)
          .map((figure) => [keyOf(row, figure), Math.round(figure.value * 1_000) / 1_000]),
      ),
    ),
  };
}
