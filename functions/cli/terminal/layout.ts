/** Fits tables and text to the terminal by wrapping at words; nothing is cut off. Pure. */

/** Blanks between two columns. */
const GAP_CHARACTERS = 2;
/** Minimum width at which a wrapped column is still readable. */
const MIN_COLUMN_CHARACTERS = 16;

/** The cells of one line of a table. */
type Row = readonly string[];

/** `width`: of the terminal, in characters; absent: unlimited. */
export function layOutTable(header: Row, rows: readonly Row[], width?: number): string {
  const natural = columnsOf(header, rows, (cell) => cell.length);
  if (width === undefined || sumOf(natural) <= width) return grid([header, ...rows], natural);
  const words = columnsOf(header, rows, longestWord);
  // Short cells wrap only if the table does not fit otherwise.
  const least = [MIN_COLUMN_CHARACTERS, 0]
    .map((short) => natural.map((all, i) => (all <= short ? all : leastOf(words[i] ?? 0, all))))
    .find((widths) => sumOf(widths) <= width);
  if (least === undefined) return stack(header, rows, width);
  return grid([header, ...rows], widen(least, natural, width));
}

/** Wraps text at words to `width`; lines after the first are indented by `indent`. */
export function wrapText(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    const room = width - (lines.length > 1 ? indent : 0);
    if (line !== undefined && (line.trim() === '' || line.length + 1 + word.length <= room))
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** For each column, the size of its largest cell, heading included. */
function columnsOf(
  header: Row,
  rows: readonly Row[],
  sizeOf: (cell: string) => number,
): readonly number[] {
  return header.map((name, i) =>
    rows.reduce((most, row) => Math.max(most, sizeOf(row[i] ?? '')), name.length),
  );
}

/**
 * The smallest width of a column: its longest word is never broken, and it does not become narrower
 * than what is readable.
 */
function leastOf(longest: number, natural: number): number {
  return Math.min(
    natural,
    Math.max(longest, natural > MIN_COLUMN_CHARACTERS ? MIN_COLUMN_CHARACTERS : 0),
  );
}

/** In characters. */
function longestWord(cell: string): number {
  return cell.split(' ').reduce((most, word) => Math.max(most, word.length), 0);
}

/** The width of a row with its gaps. */
function sumOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP_CHARACTERS * (widths.length - 1);
}

/** Distributes the remaining width: always to the column that lacks most, until the row is full. */
function widen(
  least: readonly number[],
  natural: readonly number[],
  width: number,
): readonly number[] {
  const widths = [...least];
  for (let left = width - sumOf(widths); left > 0; left--) {
    const lacks = widths.map((one, i) => (natural[i] ?? 0) - one);
    const most = lacks.indexOf(Math.max(...lacks));
    if ((lacks[most] ?? 0) <= 0) break;
    widths[most] = (widths[most] ?? 0) + 1;
  }
  return widths;
}

/** Rows with the given column widths. */
function grid(rows: readonly Row[], widths: readonly number[]): string {
  return rows.flatMap((row) => rowLines(row, widths)).join('\n');
}

/** One row, which has several lines if a cell wraps. Blanks at the end of a line are removed. */
function rowLines(row: Row, widths: readonly number[]): readonly string[] {
  const cells = row.map((cell, i) =>
    cell.length <= (widths[i] ?? 0) ? [cell] : wrapText(cell, widths[i] ?? 0).split('\n'),
  );
  const height = Math.max(...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, n) =>
    cells
      .map((cell, i) => (cell[n] ?? '').padEnd(widths[i] ?? 0))
      .join(' '.repeat(GAP_CHARACTERS))
      .trimEnd(),
  );
}

/** For too many columns: prints each row as a block, with one line for each non-empty column. */
function stack(header: Row, rows: readonly Row[], width: number): string {
  const label = Math.max(...header.map((name) => name.length)) + GAP_CHARACTERS;
  const blocks = rows.map((row) =>
    row
      .flatMap((cell, i) => {
        if (cell === '') return [];
        const text = wrapText(cell, Math.max(MIN_COLUMN_CHARACTERS, width - label)).split('\n');
        return text.map((line, n) => `${(n === 0 ? (header[i] ?? '') : '').padEnd(label)}${line}`);
      })
      .join('\n'),
  );
  return blocks.join('\n\n');
}
