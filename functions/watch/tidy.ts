import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Collects all garbage and gives free pages back; this process stands still meanwhile. The first lists leave garbage and half-empty pages
 * behind, and V8 is in no hurry with either while the limit is far. An ordinary full collection gives no page back, only this flavour does.
 */
export function tidy(): void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('globalThis.gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof gc === 'function') (gc as NodeJS.GCFunction)({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
