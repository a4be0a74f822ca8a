/**
 * Exposures that move between partitions of a device: an address can be in one only, so the removal
 * comes first.
 */
import type { Slice } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import type { DeclaredState } from '../declared/declared.ts';
import { changeId } from './plan-entry.ts';

/** One exposure that changes its partition. */
export interface Move {
  /** `changeId` of both the removal and the creation. */
  readonly change: string;
  readonly from: string;
  readonly to: string;
}

/** Moves between the partitions of one device. */
export function movesBetween(
  partitions: ReadonlyMap<string, DeclaredState>,
  slices: readonly Slice[],
): readonly Move[] {
  return [...partitions].flatMap(([from, state]) =>
    slices.flatMap((slice) =>
      slice.exposures.flatMap((exposure): readonly Move[] => {
        const key = exposureKey(exposure);
        const mine =
          state.exposures[key]?.contributions.some((c) => c.owner === slice.owner) ?? false;
        return mine && exposure.partition !== from
          ? [{ change: changeId({ owner: slice.owner, key }), from, to: exposure.partition }]
          : [];
      }),
    ),
  );
}
