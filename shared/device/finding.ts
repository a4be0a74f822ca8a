/** What an audit finds. */
import type { OverrideAdoption } from '../domain/declared/override.ts';
import type { Steering } from '../domain/steering/steering.ts';
import type { DifferenceKind, RepairMethod } from './difference.ts';

/** One result of an audit. */
export interface AuditFinding {
  readonly device: string;
  /** Several names, or `*`, if it concerns the device as a whole. */
  readonly partition: string;
  /**
   * `kept`: a manual change that is declared since. `abandoned`: declared by Sluice and no longer
   * configured. `size`: no difference, but above the recommended limits.
   */
  readonly kind: DifferenceKind | 'abandoned' | 'foreign' | 'kept' | 'silent' | 'size';
  /** See docs/reference/codes.md. */
  readonly code: string;
  /** Full path of an object, an owner, or a cluster. */
  readonly object: string;
  /** A predicate about the object. */
  readonly message: string;
  /** Whether a repair removes the difference. */
  readonly repairable: boolean;
  /**
   * How a repair removes it; `path`: apply writes or removes a path to pods; `told`: not at all,
   * because Sluice does not write there.
   */
  readonly heal?: RepairMethod | 'path';
  /** The order that the policy sends. */
  readonly order?: Extract<Steering, { action: 'drain' | 'enable' }>;
  /** The manual change that could be kept. */
  readonly adopt?: OverrideAdoption;
}
