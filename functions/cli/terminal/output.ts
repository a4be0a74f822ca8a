/** Data goes to standard output in the form that was asked for; talk goes to standard error. */
import { Option } from 'commander';
import { Document, visit } from 'yaml';
import type {
  UnansweredDevice,
  UnansweredPartition,
} from '../../../shared/operations/devices/declared-partitions.ts';
import { writeJson, writeLine, writeLines } from '../../../shared/telemetry/terminal.ts';
import { isVisible, visible, visibleYaml } from '../../../shared/telemetry/visible.ts';
import { describeSystemError } from '../../../shared/telemetry/errors.ts';

export type OutputFormat = 'table' | 'json' | 'yaml';

export function formatOption(): Option {
  return new Option('-o, --output <format>', 'output format')
    .choices(['table', 'json', 'yaml'])
    .default('table');
}

export function printData(format: OutputFormat, data: unknown, table: () => string): void {
  switch (format) {
    case 'json':
      return writeJson(JSON.stringify(data, null, 2));
    case 'yaml':
      return writeLines('stdout', yamlOf(data).trimEnd());
    case 'table':
      return writeLines('stdout', table());
  }
}

/** The same values again for whoever reads it, and nothing in it that a terminal obeys. */
export function yamlOf(data: unknown): string {
  const document = new Document(data, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && !isVisible(node.value.replaceAll('\n', '')))
        node.type = 'QUOTE_DOUBLE';
    },
  });
  return visibleYaml(document.toString());
}

/** One line. */
export function printLine(line: string): void {
  writeLine('stderr', line);
}

/** A note as one line; its message may begin with the object already. */
export function printNote({
  object,
  message,
  code,
}: {
  readonly object: string;
  readonly message: string;
  readonly code: string;
}): void {
  printLine(
    `note: ${message.startsWith(`${object}: `) ? message : `${object}: ${message}`} (${code})`,
  );
}

/** Columns as wide as their widest cell; the last one is left as it is. A cell is one line, whatever is in it. */
export function formatTable(
  header: readonly string[],
  data: readonly (readonly string[])[],
): string {
  const rows = data.map((row) => row.map(visible));
  const widths = header.map((h, i) =>
    Math.max(h.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A repeatable option that collects its values. */
export function collectValues(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** One line for each device or partition of which nobody knows what is declared. */
export function printUnanswered(
  unanswered: readonly (UnansweredPartition | UnansweredDevice)[],
): void {
  for (const one of unanswered) {
    const where = 'partition' in one ? `${one.device}, partition ${one.partition}` : one.device;
    printLine(`${where}: ${one.code === undefined ? '' : `${one.code}: `}${one.problem}`);
  }
}

/** What a person reads when a command fails: Sluice's code and sentence, or what the operating system says in words; never a stack trace. */
export function formatFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = describeSystemError(error);
  if (said !== error.message) return said;
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  return said.startsWith(code) ? said : `${code}${said}`;
}
