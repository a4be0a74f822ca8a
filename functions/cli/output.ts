/** Data goes to standard output in the form that was asked for; talk goes to standard error. */
import { Option } from 'commander';
import { stringify } from 'yaml';

export type Format = 'table' | 'json' | 'yaml';

export function formatOption(): Option {
  return new Option('-o, --output <format>', 'how to print').choices(['table', 'json', 'yaml']).default('table');
}

export function print(format: Format, data: unknown, table: () => string): void {
  const text = { json: () => JSON.stringify(data, null, 2), yaml: () => stringify(data, { aliasDuplicateObjects: false }).trimEnd(), table }[format]();
  process.stdout.write(`${text}\n`);
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A note as one line; its message may begin with the object already. */
export function sayNote({ object, message, code }: { readonly object: string; readonly message: string; readonly code: string }): void {
  say(`note: ${message.startsWith(`${object}: `) ? message : `${object}: ${message}`} (${code})`);
}

/** Columns as wide as their widest cell; the last one is left as it is. */
export function columns(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((h, i) => Math.max(h.length, ...rows.map((row) => (row[i] ?? '').length)));
  return [header, ...rows].map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ').trimEnd()).join('\n');
}

/** A repeatable option that collects its values. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** `1 exposure`, `2 exposures`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
