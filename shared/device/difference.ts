/** Differences between a device and its declaration. */
import type { OverrideAdoption } from '../domain/declared/override.ts';

/**
 * `missing`: declared and not on the device; `differs`: with other values; `orphan`: on the device
 * and not declared.
 */
export type DifferenceKind = 'missing' | 'differs' | 'orphan';

/**
 * What restores the declared value: a declare, one write to the object during a repair, or nothing
 * that Sluice does.
 */
export type RepairMethod = 'declare' | 'patch' | 'told';

/** One difference between device and declaration. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** Full path of the object. */
  readonly path: string;
  readonly message: string;
  /** What restores the declared value. */
  readonly heal: RepairMethod;
  /** The manual change that could be kept. */
  readonly adopt?: OverrideAdoption;
  /** The write that restores it. Only the adapter that found the difference can read it. */
  readonly write?: object;
}
