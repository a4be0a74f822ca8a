/** Hashes of declared exposures, by which refused changes are recognised. */
import type { Settings } from '../exposure/settings/settings.ts';
import { canonicalJson } from '../declared/declared.ts';

/**
 * Two 32-bit FNV-1a hashes. Not for secrets; in a collision, a corrected exposure only waits for
 * the next try.
 */
export function fingerprint(text: string): string {
  let [first, second] = [0x811c_9dc5, 0x1b87_3593];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    first = Math.imul(first ^ unit, 0x0100_0193);
    second = Math.imul(second ^ unit, 0x0100_0193);
  }
  return inHex(first) + inHex(second);
}

function inHex(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** Fingerprint of an exposure's configuration without its members, which change often. */
export function structureFingerprint(settings: Settings): string {
  return fingerprint(canonicalJson(settings));
}

/** Fingerprint of a removal. */
export const ABSENT_FINGERPRINT = fingerprint('absent');
