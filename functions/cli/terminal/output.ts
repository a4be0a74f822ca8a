/** Prints data to standard output in the requested format, and messages to standard error. */
import { Option } from 'commander';
import { Document, visit } from 'yaml';
import { ChoiceError } from '../../../shared/operations/choice.ts';
import type { ChoiceName } from '../../../shared/operations/choice.ts';
import type {
  UnansweredDevice,
  UnansweredPartition,
} from '../../../shared/operations/devices/declared-partitions.ts';
import {
  terminalWidth,
  writeJson,
  writeLine,
  writeLines,
  writeTable,
} from '../../../shared/telemetry/terminal.ts';
import { layOutTable, wrapText } from './layout.ts';
import { isVisible, visible, visibleYaml } from '../../../shared/telemetry/visible.ts';
import { describeSystemError } from '../../../shared/telemetry/errors.ts';

/** Values of `-o`. JSON and YAML print the data unchanged. */
export type OutputFormat = 'table' | 'json' | 'yaml';

/** The option `-o, --output`. */
export function formatOption(): Option {
  return new Option('-o, --output <format>', 'output format')
    .choices(['table', 'json', 'yaml'])
    .default('table');
}

/** `table` is only called for the format `table`. */
export function printData(format: OutputFormat, data: unknown, table: () => string): void {
  switch (format) {
    case 'json':
      return writeJson(JSON.stringify(data, null, 2));
    case 'yaml':
      return writeLines('stdout', yamlOf(data).trimEnd());
    case 'table':
      return writeTable(fitLines(table(), terminalWidth()));
  }
}

/** Prints text to copy, in which no line is broken: half a command would be another one. */
export function printVerbatim(text: string): void {
  writeLines('stdout', text);
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
  for (const part of fitLines(visible(line), terminalWidth('stderr')).split('\n'))
    writeLine('stderr', part);
}

/** Prints text and a command to copy, which never wraps: too long for the line, it gets its own. */
export function printCommand(text: string, command: string): void {
  const width = terminalWidth('stderr');
  const line = visible(`${text} ${command}`);
  if (width === undefined || line.length <= width) return writeLine('stderr', line);
  printLine(text);
  writeLine('stderr', `  ${visible(command)}`);
}

/** Wraps the sentences of a help text; options and examples, which are indented, stay. */
export function fitHelp(text: string, width = terminalWidth()): string {
  if (width === undefined) return text;
  return text
    .split('\n')
    .map((line) => (line.startsWith(' ') || line.length <= width ? line : wrapText(line, width)))
    .join('\n');
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
 * A table that fits the terminal. A cell is printed as one line, whatever it contains, and wraps
 * only at words.
 */
export function formatTable(
  header: readonly string[],
  data: readonly (readonly string[])[],
  width = terminalWidth(),
): string {
  return layOutTable(
    header,
    data.map((row) => row.map(visible)),
    width,
  );
}

/** Sorts addresses and counts numerically: 9 before 10. */
export function compareNaturally(a: string, b: string): number {
  return COLLATOR.compare(a, b);
}

/** Sorts numbers within text by value, so that port 80 comes before port 443. */
const COLLATOR = new Intl.Collator('en', { numeric: true });

/** Wraps lines that the terminal would otherwise break within a word. */
function fitLines(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  return text
    .split('\n')
    .map((line) => (line.length <= width ? line : wrapText(line, width, indentOf(line))))
    .join('\n');
}

/** Width of the name column, including colon and blanks. */
const LABEL_CHARACTERS = 13;

/** `Name:        value`; continuation lines are aligned with the value. */
function indentOf(line: string): number {
  const label = /^[^:]{1,12}: +/.exec(line)?.[0].length;
  return label === LABEL_CHARACTERS ? LABEL_CHARACTERS : 2;
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

/**
 * The message for a failed command: Sluice's code and sentence, or the error of the operating
 * system in words; never a stack trace.
 */
export function formatFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = describeSystemError(error);
  if (said !== error.message) return said;
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  const coded = said.startsWith(code) ? said : `${code}${said}`;
  return error instanceof ChoiceError ? `${coded} ${optionsOf(error)}` : coded;
}

/** How commands take what operations only call by its name. */
const OPTIONS: Readonly<Record<ChoiceName, string>> = {
  cluster: '--cluster',
  device: '--device',
  exposures: '--keys',
  uid: '--uid',
};

function optionsOf({ choices }: ChoiceError): string {
  return `(${choices.map((choice) => OPTIONS[choice]).join(', ')})`;
}
