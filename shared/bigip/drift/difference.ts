import type { OverrideAdoption } from '../../domain/declared/override.ts';
import type { Heal } from './rows.ts';

/**
 * `missing`: declared and not on the device; `differs`: with other values; `orphan`: on the device
 * and not declared.
 */
export type DifferenceKind = 'missing' | 'differs' | 'orphan';

/** One difference between device and declaration. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** Full path of the object. */
  readonly path: string;
  readonly message: string;
  /** What restores the declared value. */
  readonly heal: Heal;
  /** The manual change that could be kept. */
  readonly adopt?: OverrideAdoption;
  /** The request that restores it: a path of iControl REST, and properties. */
  readonly patch?: { readonly path: string; readonly body: Readonly<Record<string, unknown>> };
}
