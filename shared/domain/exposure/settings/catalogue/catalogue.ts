/** All settings, in the order in which they are reported. */
import type { SettingRow } from '../row.ts';
import { ADDRESS } from './address.ts';
import { ADMISSION } from './admission.ts';
import { AVAILABILITY } from './availability.ts';
import { CONNECTIONS } from './connections.ts';
import { HTTP_SERVICES } from './http-services.ts';
import { PLACE } from './place.ts';
import { PROFILES } from './profiles.ts';
import { SECURITY } from './security.ts';
import { TLS } from './tls.ts';
import { TRAFFIC } from './traffic.ts';

/**
 * The catalogue of settings. All code that handles a setting uses its row, and types are derived
 * from it.
 */
export const CATALOGUE = {
  ...PLACE,
  ...TRAFFIC,
  ...PROFILES,
  ...ADMISSION,
  ...AVAILABILITY,
  ...TLS,
  ...SECURITY,
  ...HTTP_SERVICES,
  ...CONNECTIONS,
  ...ADDRESS,
} as const;
/** The rows with their literal types, from which the types of settings are derived. */
export type Catalogue = typeof CATALOGUE;

/** Names of all settings that a source can set for an exposure. */
export type SettingName = keyof Catalogue;

/** In the order in which they are reported. */
export const SETTING_NAMES = Object.keys(CATALOGUE) as readonly SettingName[];

/** Pairs of name and row, in the order of the catalogue. */
export const SETTING_ROWS = Object.entries(CATALOGUE) as readonly (readonly [
  SettingName,
  SettingRow,
])[];

/** The row of a setting, without its literal type. */
export function settingRow(name: SettingName): SettingRow {
  return CATALOGUE[name];
}
