/** How a plan is cut into declares. */
import { exposureKey } from '../exposure/exposure.ts';
import type { Member } from '../exposure/exposure.ts';
import type { Contribution, DeclaredExposure, DeclaredState } from './declared.ts';
import { declaredState, sameContent } from './declared.ts';

/** Changed exposures in one declare: AS3's script must be done within 30 s. */
export const MAX_CHANGES = 100;

/** Removals first, so that no later part waits for an address. */
export function parts<T extends { readonly kind: string }>(changes: readonly T[]): readonly (readonly T[])[] {
  const sorted = changes.toSorted((a, b) => Number(b.kind === 'delete') - Number(a.kind === 'delete'));
  return Array.from({ length: Math.ceil(sorted.length / MAX_CHANGES) }, (_, i) => sorted.slice(i * MAX_CHANGES, (i + 1) * MAX_CHANGES));
}

/**
 * What to declare first: AS3 3.56 leaves out added members when any member's attributes change in the same declare, and still
 * answers success (as3.md §9.3). So such edits come first, on the members that are there.
 */
export function firstStep(before: DeclaredState, after: DeclaredState): DeclaredState {
  const edited = withEdits(before, after);
  return !sameContent(edited, before) && addsMembers(before, after) ? edited : after;
}

function withEdits(before: DeclaredState, after: DeclaredState): DeclaredState {
  const { owners, exposures, ...rest } = before;
  const edited = Object.values(exposures).map((e): DeclaredExposure => ({ ...e, contributions: e.contributions.map((c) => editedAs(c, counterpart(after, e, c))) }));
  const hasMembers = edited.some((e) => e.contributions.some((c) => c.members.length > 0));
  const nodes = hasMembers && after.shareNodes !== undefined ? { shareNodes: after.shareNodes } : {};
  return declaredState(owners, edited, { ...rest, ...nodes });
}

function counterpart(state: DeclaredState, e: DeclaredExposure, c: Contribution): Contribution | undefined {
  return state.exposures[exposureKey(e)]?.contributions.find((other) => other.owner === c.owner);
}

/** Whatever says more of members than which they are and whether they drain (which happens at the node) is an attribute. */
function editedAs(before: Contribution, after: Contribution | undefined): Contribution {
  if (!after) return before;
  const { owner, gateways, since, members } = before;
  const wanted = new Map(after.members.map((m) => [endpoint(m), m]));
  return { ...after, owner, gateways, since, members: members.map((m) => ({ ...(wanted.get(endpoint(m)) ?? m), availability: m.availability })) };
}

function addsMembers(before: DeclaredState, after: DeclaredState): boolean {
  const there = new Set(Object.values(before.exposures).flatMap(endpoints));
  return Object.values(after.exposures).some((e) => endpoints(e).some((one) => !there.has(one)));
}

function endpoints(e: DeclaredExposure): readonly string[] {
  return e.contributions.flatMap((c) => c.members.map((m) => `${exposureKey(e)} ${endpoint(m)}`));
}

function endpoint({ address, port }: Member): string {
  return `${address} ${port}`;
}
