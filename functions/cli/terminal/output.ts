/** Prints data to standard output in the requested format, and messages to standard error. */
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

/** YAML with the same values, escaped for terminals. */
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

/** Prints one line. */
export function printLine(line: string): void {
  writeLine('stderr', line);
}

/** Formats a note on one line; its message may already start with the object. */
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

/**
 * Pads columns to their widest cell, except the last. Each cell is one line, whatever it contains.
 */
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

/** Parser for a repeatable option. */
export function collectValues(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** One line for each device or partition whose declaration could not be read. */
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
