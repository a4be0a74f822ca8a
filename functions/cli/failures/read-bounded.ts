/** Reads a bundle within its size limit. */
import { closeSync, openSync, readSync } from 'node:fs';
import { BUNDLE_BOUNDS, bundleTooLarge } from '../../../shared/failures/bundle.ts';

/**
 * Reads a file, or `-` for standard input, which has no known size and is read in pieces. Throws if
 * it is too large.
 */
export function readBounded(file: string): string {
  const input = file === '-' ? 0 : openSync(file, 'r');
  try {
    const pieces: Buffer[] = [];
    for (let bytes = 0; ;) {
      const piece = Buffer.allocUnsafe(1024 * 1024);
      const read = readSync(input, piece);
      if (read === 0) return Buffer.concat(pieces).toString('utf8');
      bytes += read;
      if (bytes > BUNDLE_BOUNDS.bytes) throw bundleTooLarge(file);
      pieces.push(piece.subarray(0, read));
    }
  } finally {
    if (input !== 0) closeSync(input);
  }
}
