/** The one way from Sluice to a terminal: what comes from others arrives as visible text, and only what is made here moves a cursor. */
import { createInterface } from 'node:readline/promises';
import { visible, visibleJson, visibleLines } from './visible.ts';

export type Stream = 'stdout' | 'stderr';

/** Laid out in lines; without a line break at its end. */
export function writeLines(stream: Stream, text: string): void {
  process[stream].write(`${visibleLines(text)}\n`);
}

/** A line of its own, whatever is in it. */
export function writeLine(stream: Stream, text: string): void {
  process[stream].write(`${visible(text)}\n`);
}

export function writeJson(text: string): void {
  process.stdout.write(`${visibleJson(text)}\n`);
}

/** Byte for byte into a file or a pipe; a terminal gets visible lines. */
export function writeBytes(text: string): void {
  process.stdout.write(process.stdout.isTTY ? visibleLines(text) : text);
}

/** Lines after the first are set in, so that none of them looks like one of its own. */
export function writeError(who: string, message: string): void {
  writeLines('stderr', `${who}: ${message.replaceAll(/\r?\n(?=\S)/g, '\n  ')}`);
}

/** What `commander` says, which ends its lines itself. */
export function writeHelp(stream: Stream, text: string): void {
  process[stream].write(visibleLines(text));
}

export function clearScreen(): void {
  if (process.stdout.isTTY) process.stdout.write('\u001B[2J\u001B[H');
}

/** Over the line before; nothing where there is no terminal. True when it was shown. */
export function writeOver(text: string): boolean {
  if (!process.stderr.isTTY) return false;
  process.stderr.write(`\r${visible(text)}\u001B[K`);
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
