/** What may name a blob. Whoever calls it, an adapter lets nothing else through: a key never leads out of the store. */
import { ReplayError } from './error.ts';

const LONGEST = 512;
/** No segment begins with a dot: neither `..` nor a hidden name, which no listing shows. */
const SEGMENT = '[A-Za-z0-9_-][A-Za-z0-9_.:-]*';
const KEY = new RegExp(`^${SEGMENT}(?:/${SEGMENT})*$`);
/** The beginning of a key. */
const PREFIX = new RegExp(`^(?:${SEGMENT}/)*(?:${SEGMENT})?$`);

export function isKey(text: string): boolean {
  return text.length <= LONGEST && KEY.test(text);
}

/** Gives back what it gets. */
export function checkedKey(key: string, where: string): string {
  if (isKey(key)) return key;
  throw refused(key, where);
}

export function checkedPrefix(prefix: string, where: string): string {
  if (prefix.length <= LONGEST && PREFIX.test(prefix)) return prefix;
  throw refused(prefix, where);
}

function refused(key: string, where: string): ReplayError {
  return new ReplayError(
    'RPL716',
    `${JSON.stringify(key.slice(0, 100))} is not a valid name in the failure store ${where}: names consist of letters, digits and _ . : - in parts separated by slashes. Nothing was read or written; find out where the name comes from.`,
  );
}
