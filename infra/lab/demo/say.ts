/** Output of the demo: short lines for people, with colours only on a terminal. */
export interface Say {
  title(text: string): void;
  step(number: number, text: string): void;
  /** The reason for a step, in one line. */
  why(text: string): void;
  ok(text: string): void;
  lines(lines: readonly string[]): void;
  failed(lines: readonly string[]): void;
}

type Paint = (text: string) => string;

function painter(colours: boolean): (code: number) => Paint {
  return (code) => (colours ? (text) => `\u001B[${code}m${text}\u001B[0m` : (text) => text);
}

/** `colours`: only for a terminal. */
export function createSay(write: (text: string) => void, colours: boolean): Say {
  const paint = painter(colours);
  const [bold, dim, green, red] = [paint(1), paint(2), paint(32), paint(31)];
  const line = (text = ''): void => write(`${text}\n`);
  return {
    title: (text) => line(bold(text)),
    step: (number, text) => {
      line();
      line(bold(`${number}. ${text}`));
    },
    why: (text) => line(dim(`   ${text}`)),
    ok: (text) => line(`   ${green('✓')} ${text}`),
    lines: (lines) => lines.forEach((text) => line(`     ${text}`)),
    failed: (lines) => {
      line();
      lines.forEach((text, index) => line(index === 0 ? red(text) : text));
    },
  };
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
