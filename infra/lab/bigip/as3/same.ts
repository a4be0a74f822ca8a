import { isDeepStrictEqual } from 'node:util';
import type { Member, Pool } from '../ltm/model.ts';

/** AS3 does not compare these, so a manual change survives every declare. */
const NOT_COMPARED: Readonly<Record<string, readonly string[]>> = {
  virtualAddresses: ['enabled', 'connectionLimit', 'inheritedTrafficGroup'],
  monitors: ['manualResume'],
};

/**
 * Whether AS3 would see no difference. Some fields it never compares, so a change of them alone is
 * no change.
 */
export function isSameRecord(kind: string, a: unknown, b: unknown): boolean {
  // Most records are equal in everything, and a declare compares thousands.
  return isDeepStrictEqual(a, b) || isDeepStrictEqual(compared(kind, a), compared(kind, b));
}

function compared(kind: string, record: unknown): unknown {
  const { plain = {}, ...typed } = (record ?? {}) as Readonly<Record<string, unknown>>;
  const all: Readonly<Record<string, unknown>> = { ...typed, ...(plain as object) };
  // As AS3 reads it: an inherited traffic group is the default, whatever its name.
  const inherited = all['inheritedTrafficGroup'] === 'true' ? { trafficGroup: 'default' } : {};
  const left = Object.entries({ ...all, ...inherited }).filter(
    ([key]) => !(NOT_COMPARED[kind] ?? []).includes(key),
  );
  return Object.fromEntries(left);
}

/** All properties of a pool except its members. */
export function samePool(a: Pool, b: Pool): boolean {
  return isDeepStrictEqual({ ...a, members: [], plain: {} }, { ...b, members: [], plain: {} });
}

/** What differs between a member as it is and as it is declared. */
export interface MemberDifference {
  /** A changed monitor: the script changes it at a member that it has deleted before. */
  readonly monitor: boolean;
  /** A change that AS3 can only make by deleting and re-adding the member. */
  readonly attributes: boolean;
  readonly remark: 'same' | 'added' | 'removed' | 'edited';
  /** A changed metadata value: AS3 sends a line without effect each time. */
  readonly metadataValue: boolean;
}

/**
 * Decides between a changed member and one that is deleted and added, which cuts its connections.
 */
export function memberDifference(current: Member, wanted: Member): MemberDifference {
  const bare = (member: Member): unknown => ({
    ...member,
    birth: 0,
    description: undefined,
    metadata: [],
    plain: {},
  });
  const names = (member: Member): readonly string[] =>
    member.metadata.map((entry) => entry.name).sort();
  const sameNames = isDeepStrictEqual(names(current), names(wanted));
  return {
    monitor: !isDeepStrictEqual(current.monitor, wanted.monitor),
    attributes: !isDeepStrictEqual(bare(current), bare(wanted)) || !sameNames,
    remark: remarkDifference(current.description, wanted.description),
    metadataValue: sameNames && !isDeepStrictEqual(current.metadata, wanted.metadata),
  };
}

function remarkDifference(
  current: string | undefined,
  wanted: string | undefined,
): MemberDifference['remark'] {
  if (current === wanted) return 'same';
  if (current === undefined) return 'added';
  return wanted === undefined ? 'removed' : 'edited';
}
