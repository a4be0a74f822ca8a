/**
 * The table of all codes. A code is never renamed or given another meaning, because stored
 * failures, alerts and scripts of users refer to it.
 */
import { DEVICE_CODES } from './device.ts';
import { DEVICE_PATH_CODES } from './device-paths.ts';
import type { CodeEntry } from './entry.ts';
import { INPUT_CODES } from './input.ts';
import { MAPPING_CODES } from './mapping.ts';
import { NETWORK_CODES } from './network.ts';
import { OWNERSHIP_CODES } from './ownership.ts';
import { PATH_CODES } from './paths.ts';
import { QUEUE_CODES } from './queue.ts';
import { REPLAY_CODES } from './replay.ts';
import { SETTING_CODES } from './settings.ts';

/** Every code in messages, Events and dead letters, with its cause and remedy. */
export const CODES: Readonly<Record<string, CodeEntry>> = {
  ...INPUT_CODES,
  ...SETTING_CODES,
  ...PATH_CODES,
  ...MAPPING_CODES,
  ...OWNERSHIP_CODES,
  ...DEVICE_CODES,
  ...DEVICE_PATH_CODES,
  ...NETWORK_CODES,
  ...QUEUE_CODES,
  ...REPLAY_CODES,
};

/**
 * Whether `code` reports a fault of the device rather than of the requested configuration.
 * Such faults pass by themselves, so they never become dead letters.
 */
export function isDeviceFault(code: string): boolean {
  return code.startsWith('BIP5');
}

/** For labels of metrics, which must be bounded: `other` stands for what this version does not know. */
export function codeLabel(code: string): string {
  return Object.hasOwn(CODES, code) ? code : 'other';
}
