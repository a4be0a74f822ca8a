/** Marks a store that "sluice store move" has moved, so that nobody goes on with it by accident. */
import { closeSync, openSync, readSync } from 'node:fs';
import { errorCode } from '../telemetry/errors.ts';
import { visible } from '../telemetry/visible.ts';
import { writePrivate } from './private-files.ts';

/** Bytes of a mark that are read. */
const MAX_BYTES = 400;

/** Writes the mark; `to` is where the content is now. */
export function markMoved(mark: string, to: string): void {
  writePrivate(mark, `${to}\n`);
}

/** The first line of a mark, or undefined if there is none. */
function readMark(mark: string): string | undefined {
  let file: number;
  try {
    file = openSync(mark, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  try {
    const text = Buffer.alloc(MAX_BYTES);
    const [line = ''] = text.toString('utf8', 0, readSync(file, text)).split('\n');
    return visible(line) || 'another place';
  } finally {
    closeSync(file);
  }
}

/** Why the store may not be used, with the remedy; undefined if it may. */
export function whyMoved(store: string, mark: string): string | undefined {
  const to = readMark(mark);
  if (to === undefined) return undefined;
  return (
    `${store} was moved to ${to} by "sluice store move" and is not used any more. ` +
    'Use the configuration that names that place. To go back to the old one, delete ' +
    `${mark}; what happened in the new place since then is not in it.`
  );
}
