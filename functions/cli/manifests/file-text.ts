/** Reads the text of a file in pieces, because a pipe has no known size and may not end. */
import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { TextProblem } from '../../../shared/operations/manifests/collect.ts';
import type { ManifestSource } from './sources.ts';

/** Bytes; the objects of a large cluster take a tenth of it. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/**
 * Text with `\n` line endings. Throws TextProblem if it is not text, and other errors if it cannot
 * be read.
 */
export function readFileText({ path, name }: ManifestSource): string {
  const bytes = bytesOf({ path, name });
  const text = decoded(bytes);
  return text.includes('\r') ? text.replaceAll(/\r\n?/g, '\n') : text;
}

/** Throws an error with the name that the user gave. */
function bytesOf({ path, name }: Pick<ManifestSource, 'path' | 'name'>): Buffer {
  try {
    const input = path === '-' ? 0 : openSync(path, constants.O_RDONLY);
    try {
      return bytesIn(input, name);
    } finally {
      if (path !== '-') closeSync(input);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`cannot read ${name}: ${code === 'ENOENT' ? 'no such file' : message}`, {
      cause: error,
    });
  }
}

/**
 * Reads up to the end. The size is only a hint: it is 0 for pipes, and a file may grow while it is
 * read.
 */
function bytesIn(input: number, name: string): Buffer {
  const { size } = fstatSync(input);
  const pieces: Buffer[] = [];
  for (let all = 0; ;) {
    const piece = Buffer.allocUnsafe(Math.min(Math.max(size - all + 1, 64 * 1024), MAX_FILE_BYTES));
    const count = readSync(input, piece);
    if (count === 0) return Buffer.concat(pieces);
    pieces.push(piece.subarray(0, count));
    all += count;
    if (all > MAX_FILE_BYTES)
      throw new Error(`it is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB; split ${name}`);
  }
}

/** Without a byte order mark. */
function decoded(bytes: Buffer): string {
  if (isUtf16(bytes)) throw new TextProblem('is UTF-16 text; save it as UTF-8', 1);
  if (!isUtf8(bytes))
    throw new TextProblem(
      'has bytes that are not UTF-8 text; save it as UTF-8',
      firstBadLine(bytes),
    );
  return new TextDecoder().decode(bytes);
}

/** A byte order mark, or a zero in every second byte, as in UTF-16 Latin text. */
function isUtf16(bytes: Buffer): boolean {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return true;
  const zeros = [...bytes.subarray(0, 4)].map((byte) => byte === 0).join();
  return zeros === 'true,false,true,false' || zeros === 'false,true,false,true';
}

/**
 * In UTF-8, no other character contains the byte of a line feed, so each line can be checked
 * separately.
 */
function firstBadLine(bytes: Buffer): number {
  for (let [line, start] = [1, 0]; ; line += 1) {
    const end = bytes.indexOf(0x0a, start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}
