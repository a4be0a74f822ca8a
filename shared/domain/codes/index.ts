import { DEVICE_CODES } from './device.ts';
import type { CodeEntry } from './entry.ts';
import { INPUT_CODES } from './input.ts';
import { MAPPING_CODES } from './mapping.ts';
import { OWNERSHIP_CODES } from './ownership.ts';
import { QUEUE_CODES } from './queue.ts';
import { REPLAY_CODES } from './replay.ts';

/** Every code that Sluice ever says, with cause and remedy. */
export const CODES: Readonly<Record<string, CodeEntry>> = {
  ...INPUT_CODES,
  ...MAPPING_CODES,
  ...OWNERSHIP_CODES,
  ...DEVICE_CODES,
  ...QUEUE_CODES,
  ...REPLAY_CODES,
};

/** The device is at fault and not what was asked of it: it passes by itself, so it is never a dead letter. */
export function isDeviceFault(code: string): boolean {
  return code.startsWith('BIP5');
}
