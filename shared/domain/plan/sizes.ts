/** Compares declarations with the recommended limits. */
import type { DeclaredState } from '../declared/declared.ts';
import type { LimitExceeded } from './limits.ts';
import { deviceLimitsExceeded, partitionLimitsExceeded } from './limits.ts';

/** An exceeded limit of a partition or of the whole device. */
export interface SizeFinding extends LimitExceeded {
  /** Absent for findings about the whole device. */
  readonly partition?: string;
}

/**
 * For all partitions of one device. `bytesOf` renders them, so do not call it for every declare.
 */
export function sizeFindings(
  states: ReadonlyMap<string, DeclaredState>,
  bytesOf: (state: DeclaredState) => number,
): readonly SizeFinding[] {
  const partitions = [...states].flatMap(([partition, state]) =>
    partitionLimitsExceeded(state, bytesOf(state)).map((excess): SizeFinding => ({
      ...excess,
      partition,
    })),
  );
  return [...partitions, ...deviceLimitsExceeded([...states.values()])];
}
