/**
 * Validates blob names. Both adapters refuse all other names, so a key cannot lead out of the
 * store.
 */
import { ReplayError } from './error.ts';

/** S3 allows 1,024 bytes, file systems less for one name. */
const MAX_KEY_CHARACTERS = 512;
/**
 * A segment must not start with a dot: this excludes `..` and hidden names, which listings skip.
 */
const SEGMENT = '[A-Za-z0-9_-][A-Za-z0-9_.:-]*';
const KEY = new RegExp(`^${SEGMENT}(?:/${SEGMENT})*$`);
/** A valid prefix of a key. */
const PREFIX = new RegExp(`^(?:${SEGMENT}/)*(?:${SEGMENT})?$`);

/** Whether the text is a valid blob name. */
export function isKey(text: string): boolean {
  return text.length <= MAX_KEY_CHARACTERS && KEY.test(text);
}

/** Returns `key` unchanged; throws RPL716 if it is not valid. */
export function checkedKey(key: string, where: string): string {
  if (isKey(key)) return key;
  throw refused(key, where);
}

/** Returns `prefix` unchanged; throws RPL716 if it is not valid. */
export function checkedPrefix(prefix: string, where: string): string {
  if (prefix.length <= MAX_KEY_CHARACTERS && PREFIX.test(prefix)) return prefix;
  throw refused(prefix, where);
}

/** For names that could leave the store or overwrite another blob (RPL716). */
function refused(key: string, where: string): ReplayError {
  return new ReplayError(
    'RPL716',
    `${JSON.stringify(key.slice(0, 100))} is not a valid name in the failure store ` +
      `${where}: names consist of letters, digits and _ . : - in parts separated by slashes. ` +
      'Nothing was read or written; find out where the name comes from.',
  );
}
