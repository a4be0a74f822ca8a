/** What a device answers when the declaration of a partition is read. */
import type { DeclaredState } from '../domain/declared/declared.ts';

/**
 * A declaration of another client, of a newer format, or with foreign changes, or a partition that
 * Sluice did not create; it must never be overwritten.
 */
export interface RefusedPartition {
  readonly kind: 'refused';
  /** Why Sluice must not write there, see docs/reference/codes.md. */
  readonly code: 'OWN303' | 'OWN304' | 'OWN305';
  /** For people, with the remedy. */
  readonly reason: string;
}

/**
 * The declared state of a partition and the key for the next post; `lockKey` is absent while the
 * tenant does not exist.
 */
export interface DeclaredPartition {
  readonly state: DeclaredState;
  readonly lockKey?: string;
}

/** The declared state, or why the partition may not be written. */
export type PartitionReading =
  { readonly kind: 'ours'; readonly declared: DeclaredPartition } | RefusedPartition;
