/** Every setting that there is, in the order in which they are told. */
import type { SettingRow } from '../row.ts';
import { ADMISSION } from './admission.ts';
import { AVAILABILITY } from './availability.ts';
import { PLACE } from './place.ts';
import { PROFILES } from './profiles.ts';
import { TRAFFIC } from './traffic.ts';

/** The catalogue: everything that has to know a setting reads its row. Types are derived from it, too. */
export const CATALOGUE = {
  ...PLACE,
  ...TRAFFIC,
  ...PROFILES,
  ...ADMISSION,
  ...AVAILABILITY,
} as const;
export type Catalogue = typeof CATALOGUE;

/** Everything that a source can say about one exposure, each by its own name. */
export type SettingName = keyof Catalogue;

/** In the order in which they are told. */
export const SETTING_NAMES = Object.keys(CATALOGUE) as readonly SettingName[];

export const SETTING_ROWS = Object.entries(CATALOGUE) as readonly (readonly [
  SettingName,
  SettingRow,
])[];

export function rowOf(name: SettingName): SettingRow {
  return CATALOGUE[name];
}
