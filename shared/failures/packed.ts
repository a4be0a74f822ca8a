/** JSON in blobs that may be large: compressed, and bounded when it is read. */
import { gunzipSync, gzipSync } from 'node:zlib';

/** Bytes of JSON; 5,000 exposures with 10 members each have 5 MB. */
const MAX_BYTES = 16 * 1_048_576;
/** Characters of a packed text. */
export const MAX_PACKED = 8 * 1_048_576;

/** Undefined if it is larger than what {@link unpacked} accepts. */
export function packed(value: unknown): string | undefined {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > MAX_BYTES) return undefined;
  const small = gzipSync(text).toString('base64');
  return small.length > MAX_PACKED ? undefined : small;
}

/** Undefined if the text is nothing that {@link packed} wrote. */
export function unpacked(text: string): unknown {
  if (text.length > MAX_PACKED) return undefined;
  try {
    const bytes = gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: MAX_BYTES });
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
