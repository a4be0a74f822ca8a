/** Compares priority group, ratio and state of live members with the declaration. */
import type { DeclaredExposure, DeclaredState } from '../../domain/declared/declared.ts';
import type { PlacedMember, Pool } from '../rest/answers.ts';
import type { RenderOptions } from '../as3/render.ts';
import { memberAttributes } from '../as3/render.ts';

type Surroundings = Pick<DeclaredState, 'shareNodes' | 'drains'>;

/** One message per difference of declared members. Missing fields count as equal. */
export function memberDifferences(
  pool: Pick<Pool, 'minActiveMembers' | 'membersReference'>,
  e: DeclaredExposure,
  { shareNodes = false, drains }: Surroundings,
): readonly string[] {
  const live = new Map(
    (pool.membersReference?.items ?? []).map((item) => [lastPart(item.fullPath), item]),
  );
  const minimum = pool.minActiveMembers ?? e.minimumActive;
  const activation =
    e.minimumActive !== undefined && minimum !== e.minimumActive
      ? [`requires ${minimum} active members instead of ${e.minimumActive}`]
      : [];
  return [
    ...activation,
    ...[...wantedMembers(e, { shareNodes, ...(drains && { drains }) })].flatMap(([name, wanted]) =>
      ofMember(name, live.get(name), wanted),
    ),
  ];
}

/** If two owners have the same address and port, the last one applies, as in AS3. */
function wantedMembers(e: DeclaredExposure, options: RenderOptions): ReadonlyMap<string, Wanted> {
  return new Map(
    e.contributions.flatMap((c) => {
      const { priorityGroup = 0, ratio = 1, adminState } = memberAttributes(c, options);
      return c.members.map(
        ({ address, port }) =>
          [endpoint(address, port), { priorityGroup, ratio, adminState }] as const,
      );
    }),
  );
}

/** What a member should be like on the device. */
interface Wanted {
  /** 0: the pool has no groups. */
  readonly priorityGroup: number;
  /** Of the member itself, not of its node. */
  readonly ratio: number;
  /** Undefined: enabled. As AS3 writes it, see as3.md §9.2.2. */
  readonly adminState: 'disable' | 'offline' | undefined;
}

/** Differences of a member in priority group and ratio. */
function ofMember(name: string, item: PlacedMember | undefined, wanted: Wanted): readonly string[] {
  if (item === undefined) return [];
  const { priorityGroup = wanted.priorityGroup, ratio = wanted.ratio } = item;
  const [live, declared] = [stateOf(item), wanted.adminState ?? 'enable'];
  return [
    ...(priorityGroup === wanted.priorityGroup
      ? []
      : [
          `has member ${name} in priority group ${priorityGroup} instead of ${wanted.priorityGroup}`,
        ]),
    ...(ratio === wanted.ratio
      ? []
      : [`has member ${name} with ratio ${ratio} instead of ${wanted.ratio}`]),
    ...(live === declared
      ? []
      : [
          declared === 'enable'
            ? `has member ${name} disabled`
            : `has member ${name} in state ${live} instead of ${declared}`,
        ]),
  ];
}

/** As AS3 interprets it (as3.md §9.2.2). */
function stateOf({ session, state }: PlacedMember): 'enable' | 'disable' | 'offline' {
  if (state === 'user-down') return 'offline';
  return session === 'user-disabled' ? 'disable' : 'enable';
}

/** In the device's format: IPv6 with a dot before the port. */
export function endpoint(address: string, port: number): string {
  return address.includes(':') ? `${address}.${port}` : `${address}:${port}`;
}

/** `/Common/10.0.0.1:80` → `10.0.0.1:80` */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
