import { isDeepStrictEqual } from 'node:util';
import type { Member, Pool } from '../ltm/model.ts';

/** AS3 does not compare these, so a manual change survives every declare. */
const NOT_COMPARED: Readonly<Record<string, readonly string[]>> = {
  virtualAddresses: ['enabled'],
};

export function same(kind: string, a: unknown, b: unknown): boolean {
  const ignored = NOT_COMPARED[kind] ?? [];
  const strip = (record: unknown): unknown =>
    Object.fromEntries(Object.entries(record ?? {}).filter(([key]) => !ignored.includes(key)));
  return isDeepStrictEqual(strip(a), strip(b));
}

/** All properties of a pool except its members. */
export function samePool(a: Pool, b: Pool): boolean {
  return isDeepStrictEqual({ ...a, members: [] }, { ...b, members: [] });
}

export interface MemberDifference {
  /** A change that AS3 can only make by deleting and re-adding the member. */
  readonly attributes: boolean;
  readonly remark: 'same' | 'added' | 'removed' | 'edited';
  /** A changed metadata value: AS3 sends a line without effect each time. */
  readonly metadataValue: boolean;
}

export function memberDifference(current: Member, wanted: Member): MemberDifference {
  const bare = (member: Member): unknown => ({
    ...member,
    birth: 0,
    description: undefined,
    metadata: [],
  });
  const names = (member: Member): readonly string[] =>
    member.metadata.map((entry) => entry.name).sort();
  const sameNames = isDeepStrictEqual(names(current), names(wanted));
  return {
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
