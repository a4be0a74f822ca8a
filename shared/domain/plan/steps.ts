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
  const edited = Object.values(exposures).map((e): DeclaredExposure => ({ ...e, contributions: e.contributions.map((c) => editedAs(c, counterpart(after, e, c), after)) }));
  const hasMembers = edited.some((e) => e.contributions.some((c) => c.members.length > 0));
  if (!hasMembers) return declaredState(owners, edited, rest);
  const { drains, ...others } = rest;
  return declaredState(owners, edited, { ...others, ...drainsOf(after.shareNodes === true ? after.drains : drains), ...(after.shareNodes === undefined ? {} : { shareNodes: after.shareNodes }) });
}

/** Drains stand at the members where nodes are shared, and at the nodes elsewhere. */
function drainsOf(drains: DeclaredState['drains']): Pick<DeclaredState, 'drains'> {
  return drains === undefined ? {} : { drains };
}

function counterpart(state: DeclaredState, e: DeclaredExposure, c: Contribution): Contribution | undefined {
  return state.exposures[exposureKey(e)]?.contributions.find((other) => other.owner === c.owner);
}

/** Whatever says more of members than which they are and whether they drain (which happens at the node) is an attribute; a wish is only remembered. */
function editedAs(before: Contribution, after: Contribution | undefined, { shareNodes }: DeclaredState): Contribution {
  if (!after) return before;
  const { owner, gateways, since, members } = before;
  const wanted = new Map(after.members.map((m) => [endpoint(m), m]));
  const remembered = { ...pick(before, 'wish'), ...(shareNodes === true ? pick(after, 'weight') : pick(before, 'weight')) };
  const { wish: _wish, weight: _weight, ...attributes } = after;
  return { ...attributes, ...remembered, owner, gateways, since, members: members.map((m) => ({ ...(wanted.get(endpoint(m)) ?? m), availability: m.availability })) };
}

/** The weight of a cluster stands at its members where nodes are shared, else at the nodes. */
function pick<K extends 'wish' | 'weight'>(c: Contribution, key: K): Pick<Contribution, K> {
  return (c[key] === undefined ? {} : { [key]: c[key] }) as Pick<Contribution, K>;
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
