/**
 * The only code that writes to the terminal: foreign text is escaped, and only this module moves
 * the cursor.
 */
import { createInterface } from 'node:readline/promises';
import { paint } from './paint.ts';
import { describeSystemError, errorCode } from './errors.ts';
import { visible, visibleJson, visibleLines } from './visible.ts';

/** Where to write. */
export type OutputStream = 'stdout' | 'stderr';

/** Streams that accept no more output. */
const closed = new Set<OutputStream>();
const guarded = new Set<OutputStream>();

/**
 * If the reader closed the pipe, nothing more is written, and the command ends with its own exit
 * code. If output is lost for another reason, such as a full disk, this is reported once, and the
 * exit code is 1.
 */
function write(stream: OutputStream, text: string): void {
  if (!guarded.has(stream)) {
    guarded.add(stream);
    process[stream].on('error', (error: unknown) => giveUp(stream, error));
  }
  if (!closed.has(stream)) process[stream].write(text);
}

/**
 * A closed pipe is how `head` ends a command, so it is no error. Any other fault of the output
 * becomes exit code 1, with a sentence if the error output still works.
 */
function giveUp(stream: OutputStream, error: unknown): void {
  if (closed.has(stream)) return;
  closed.add(stream);
  if (errorCode(error) === 'EPIPE') return;
  process.on('exit', () => {
    process.exitCode = 1;
  });
  if (stream === 'stdout')
    writeError('sluice', `cannot write to standard output: ${describeSystemError(error)}`);
}

/** Standard output was closed; commands that run until they are interrupted end. */
export function isOutputClosed(): boolean {
  return closed.has('stdout');
}

/** Writes text with line breaks; appends one at the end. */
export function writeLines(stream: OutputStream, text: string): void {
  write(stream, `${visibleLines(text)}\n`);
}

/** Writes exactly one line, whatever the text contains. */
export function writeLine(stream: OutputStream, text: string): void {
  write(stream, `${visible(text)}\n`);
}

/** For people: in colour on a terminal, unless NO_COLOR says otherwise. */
export function writeTable(text: string): void {
  const plain = visibleLines(text);
  write('stdout', `${hasColour(process.env) ? paint(plain) : plain}\n`);
}

function hasColour(env: NodeJS.ProcessEnv): boolean {
  return process.stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}

/** Characters; a smaller width is considered unknown. */
const MIN_WIDTH_CHARACTERS = 20;

/** In characters: COLUMNS, else the size of the terminal; undefined without a terminal. */
export function terminalWidth(stream: OutputStream = 'stdout'): number | undefined {
  const asked = Number(process.env['COLUMNS']);
  if (Number.isInteger(asked) && asked >= MIN_WIDTH_CHARACTERS) return asked;
  // A terminal without a known size reports 0.
  const { isTTY, columns } = process[stream];
  return isTTY && columns >= MIN_WIDTH_CHARACTERS ? columns : undefined;
}

/** Writes JSON with a line end; control characters in it stay escaped. */
export function writeJson(text: string): void {
  write('stdout', `${visibleJson(text)}\n`);
}

/** Writes bytes unchanged to a file or pipe; a terminal gets escaped lines. */
export function writeBytes(text: string): void {
  write('stdout', process.stdout.isTTY ? visibleLines(text) : text);
}

/** Indents continuation lines, so that they cannot be mistaken for other messages. */
export function writeError(who: string, message: string): void {
  writeLines('stderr', `${who}: ${message.replaceAll(/\r?\n(?=\S)/g, '\n  ')}`);
}

/** Writes output of `commander`, which ends with its own line break. */
export function writeHelp(stream: OutputStream, text: string): void {
  write(stream, visibleLines(text));
}

/** Does nothing if standard output is not a terminal. */
export function clearScreen(): void {
  if (process.stdout.isTTY) write('stdout', '\u001B[2J\u001B[H');
}

/** Overwrites the previous line; does nothing without a terminal. True if it was shown. */
export function writeOver(text: string): boolean {
  if (!process.stderr.isTTY) return false;
  write('stderr', `\r${visible(text)}\u001B[K`);
  return true;
}

/**
 * Asks on standard error, so that standard output stays data. Resolves with the line without its
 * end.
 */
export async function askOnTerminal(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(`${visible(question)} `);
  } finally {
    lines.close();
  }
}
