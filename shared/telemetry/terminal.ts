/** The one way from Sluice to a terminal: what comes from others arrives as visible text, and only what is made here moves a cursor. */
import { createInterface } from 'node:readline/promises';
import { describeSystemError, errorCode } from './errors.ts';
import { visible, visibleJson, visibleLines } from './visible.ts';

export type Stream = 'stdout' | 'stderr';

/** Streams that take nothing any more. */
const closed = new Set<Stream>();
const guarded = new Set<Stream>();

/**
 * Whoever closes a pipe has seen enough: nothing more is written, and the command ends with its own code. Where output is lost for another
 * reason, such as a full disk, it says so once and ends with 1.
 */
function write(stream: Stream, text: string): void {
  if (!guarded.has(stream)) {
    guarded.add(stream);
    process[stream].on('error', (error: unknown) => giveUp(stream, error));
  }
  if (!closed.has(stream)) process[stream].write(text);
}

function giveUp(stream: Stream, error: unknown): void {
  if (closed.has(stream)) return;
  closed.add(stream);
  if (errorCode(error) === 'EPIPE') return;
  process.on('exit', () => {
    process.exitCode = 1;
  });
  if (stream === 'stdout')
    writeError('sluice', `cannot write to standard output: ${describeSystemError(error)}`);
}

/** Nobody reads standard output any more: what would go on for ever ends. */
export function isOutputClosed(): boolean {
  return closed.has('stdout');
}

/** Laid out in lines; without a line break at its end. */
export function writeLines(stream: Stream, text: string): void {
  write(stream, `${visibleLines(text)}\n`);
}

/** A line of its own, whatever is in it. */
export function writeLine(stream: Stream, text: string): void {
  write(stream, `${visible(text)}\n`);
}

export function writeJson(text: string): void {
  write('stdout', `${visibleJson(text)}\n`);
}

/** Byte for byte into a file or a pipe; a terminal gets visible lines. */
export function writeBytes(text: string): void {
  write('stdout', process.stdout.isTTY ? visibleLines(text) : text);
}

/** Lines after the first are set in, so that none of them looks like one of its own. */
export function writeError(who: string, message: string): void {
  writeLines('stderr', `${who}: ${message.replaceAll(/\r?\n(?=\S)/g, '\n  ')}`);
}

/** What `commander` says, which ends its lines itself. */
export function writeHelp(stream: Stream, text: string): void {
  write(stream, visibleLines(text));
}

export function clearScreen(): void {
  if (process.stdout.isTTY) write('stdout', '\u001B[2J\u001B[H');
}

/** Over the line before; nothing where there is no terminal. True when it was shown. */
export function writeOver(text: string): boolean {
  if (!process.stderr.isTTY) return false;
  write('stderr', `\r${visible(text)}\u001B[K`);
  return true;
}

export async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(`${visible(question)} `);
  } finally {
    lines.close();
  }
}
