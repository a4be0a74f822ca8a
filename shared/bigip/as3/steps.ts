/** What one declare can hold, and what AS3 needs in two. */
import { exposureKey } from '../../domain/exposure/exposure.ts';
import type { Member } from '../../domain/exposure/exposure.ts';
import type {
  Contribution,
  DeclaredExposure,
  DeclaredState,
} from '../../domain/declared/declared.ts';
import { canonicalJson, declaredState, isSameContent } from '../../domain/declared/declared.ts';

/**
 * Lines of AS3's script (as3.md §9.5): a new, removed or reconfigured exposure takes about five
 * (524 lines for 100), a pool that only gains members one (518 for 500). Removed or changed members
 * cost more, because each such pool is a separate write before the transaction, with another line
 * to undo it (§3.2).
 */
const SCRIPT_LINES = { exposure: 5, edited: 3, joined: 1 } as const;
/**
 * Conservative estimate: the cost of a line with many members is unknown, so this many count as one
 * more line.
 */
const MEMBERS_PER_LINE = 10;

/** The cost of a new exposure without its members. */
export const EXPOSURE_LINES = SCRIPT_LINES.exposure;

/** AS3 waits so long for a script (as3.md §1.3). */
export const SCRIPT_LIMIT_MS = 30_000;

/**
 * Lines of the first declares: the script must end within the limit, and F5 recommends at most a
 * hundred whole exposures (as3.md §6.2).
 */
export const MAX_SCRIPT_LINES = 500;

/**
 * Cost of a change of one exposure on the device. Zero for metadata only, and for drains, which are
 * written at the node.
 */
export function scriptLinesOf(
  before: DeclaredExposure | undefined,
  after: DeclaredExposure | undefined,
): number {
  const [had, has] = [membersOf(before), membersOf(after)];
  const joined = [...has.keys()].filter((one) => !had.has(one)).length;
  const edited = [...had].filter(([one, content]) => has.get(one) !== content).length;
  const members = Math.floor((joined + edited) / MEMBERS_PER_LINE);
  if (
    before === undefined ||
    after === undefined ||
    !isSameContent(before.settings, after.settings)
  )
    return SCRIPT_LINES.exposure + members;
  if (edited > 0) return SCRIPT_LINES.edited + members;
  return joined > 0 ? SCRIPT_LINES.joined + members : 0;
}

/** The members of an exposure by address and port, as they are rendered. */
function membersOf(e: DeclaredExposure | undefined): ReadonlyMap<string, string> {
  const all = (e?.contributions ?? []).flatMap(
    ({ members, owner: _owner, gateways: _gateways, since: _since, ...attributes }) =>
      members.map(
        ({ availability: _availability, ...member }) =>
          [endpoint(member), canonicalJson({ ...attributes, ...member })] as const,
      ),
  );
  return new Map(all);
}

/**
 * The state to declare first: AS3 3.56 ignores added members if attributes of any member change in
 * the same declare, and still reports success (as3.md §9.3). Attribute changes of existing members
 * therefore come first.
 */
export function firstStep(before: DeclaredState, after: DeclaredState): DeclaredState {
  const edited = withEdits(before, after);
  return !isSameContent(edited, before) && addsMembers(before, after) ? edited : after;
}

/** The state after changing existing members only, without additions (as3.md §9.3). */
function withEdits(before: DeclaredState, after: DeclaredState): DeclaredState {
  const { owners, exposures, ...rest } = before;
  const edited = Object.values(exposures).map((e): DeclaredExposure => ({
    ...e,
    contributions: e.contributions.map((c) => editedAs(c, counterpart(after, e, c), after)),
  }));
  const hasMembers = edited.some((e) => e.contributions.some((c) => c.members.length > 0));
  if (!hasMembers) return declaredState(owners, edited, rest);
  const { drains, ...others } = rest;
  return declaredState(owners, edited, {
    ...others,
    ...drainsOf(after.shareNodes === true ? after.drains : drains),
    ...(after.shareNodes === undefined ? {} : { shareNodes: after.shareNodes }),
  });
}

/** Drains are declared at the members with shared nodes, and at the nodes otherwise. */
function drainsOf(drains: DeclaredState['drains']): Pick<DeclaredState, 'drains'> {
  return drains === undefined ? {} : { drains };
}

/**
 * The contribution of the same owner to the same exposure in another state; undefined if it has
 * none.
 */
function counterpart(
  state: DeclaredState,
  e: DeclaredExposure,
  c: Contribution,
): Contribution | undefined {
  return state.exposures[exposureKey(e)]?.contributions.find((other) => other.owner === c.owner);
}

/**
 * Every property of members except their identity and drain state (which is set at the node) is an
 * attribute; requested settings are only metadata.
 */
function editedAs(
  before: Contribution,
  after: Contribution | undefined,
  { shareNodes }: DeclaredState,
): Contribution {
  if (!after) return before;
  const { owner, gateways, since, members } = before;
  const wanted = new Map(after.members.map((m) => [endpoint(m), m]));
  const remembered = {
    ...pick(before, 'wish'),
    ...(shareNodes === true ? pick(after, 'weight') : pick(before, 'weight')),
  };
  const { wish: _wish, weight: _weight, ...attributes } = after;
  return {
    ...attributes,
    ...remembered,
    owner,
    gateways,
    since,
    members: members.map((m) => ({
      ...(wanted.get(endpoint(m)) ?? m),
      availability: m.availability,
    })),
  };
}

/** The weight of a cluster is set at its members with shared nodes, otherwise at the nodes. */
function pick<K extends 'wish' | 'weight'>(c: Contribution, key: K): Pick<Contribution, K> {
  return (c[key] === undefined ? {} : { [key]: c[key] }) as Pick<Contribution, K>;
}

/**
 * Whether some address and port is a member that was none before: such members cost the device
 * probes.
 */
function addsMembers(before: DeclaredState, after: DeclaredState): boolean {
  const there = new Set(Object.values(before.exposures).flatMap(endpoints));
  return Object.values(after.exposures).some((e) => endpoints(e).some((one) => !there.has(one)));
}

function endpoints(e: DeclaredExposure): readonly string[] {
  return e.contributions.flatMap((c) => c.members.map((m) => `${exposureKey(e)} ${endpoint(m)}`));
}

function endpoint({ address, port }: Pick<Member, 'address' | 'port'>): string {
  return `${address} ${port}`;
}
