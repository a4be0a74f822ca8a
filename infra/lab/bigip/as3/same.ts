import { isDeepStrictEqual } from 'node:util';
import type { Member, Pool } from '../ltm/model.ts';

/** AS3 does not look at these, so a change by hand survives every declare. */
const NOT_COMPARED: Readonly<Record<string, readonly string[]>> = {
  virtualAddresses: ['enabled'],
};

export function same(kind: string, a: unknown, b: unknown): boolean {
  const ignored = NOT_COMPARED[kind] ?? [];
  const strip = (record: unknown): unknown =>
    Object.fromEntries(Object.entries(record ?? {}).filter(([key]) => !ignored.includes(key)));
  return isDeepStrictEqual(strip(a), strip(b));
}

/** Everything of a pool but its members. */
export function samePool(a: Pool, b: Pool): boolean {
  return isDeepStrictEqual({ ...a, members: [] }, { ...b, members: [] });
}

export interface MemberDifference {
  /** Edited in anything that AS3 can only do by deleting the member and adding it again. */
  readonly attributes: boolean;
  readonly remark: 'same' | 'added' | 'removed' | 'edited';
  /** A changed value of metadata: AS3 sends a line that does nothing, each time. */
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
