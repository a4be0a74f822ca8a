/** Compares declarations with the recommended limits. */
import type { DeclaredState } from '../../domain/declared/declared.ts';
import type { LimitExceeded } from '../../domain/plan/limits.ts';
import { deviceLimitsExceeded, partitionLimitsExceeded } from '../../domain/plan/limits.ts';
import { renderTenant } from './render.ts';

/** An exceeded limit of a partition or of the whole device. */
export interface SizeFinding extends LimitExceeded {
  /** Absent for findings about the whole device. */
  readonly partition?: string;
}

/** For all partitions of one device. Renders them, so do not call it for every declare. */
export function sizeFindings(states: ReadonlyMap<string, DeclaredState>): readonly SizeFinding[] {
  const partitions = [...states].flatMap(([partition, state]) =>
    partitionLimitsExceeded(state, declarationBytes(state)).map((excess): SizeFinding => ({
      ...excess,
      partition,
    })),
  );
  return [...partitions, ...deviceLimitsExceeded([...states.values()])];
}

function declarationBytes(state: DeclaredState): number {
  return Buffer.byteLength(JSON.stringify(renderTenant(state, { shareNodes: false })));
}
