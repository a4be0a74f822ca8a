/**
 * Nodes that are excluded from load balancers leave a pool as cordoned ones do: by drain, and never
 * the last members. Only the plan knows which of them are members.
 */
import { exposureKey, type Exposure, type Member, type Slice } from '../exposure/exposure.ts';
import { takesTooMany } from '../exposure/member-guard.ts';
import { EXCLUDING_LABEL } from '../snapshot/leaving-nodes.ts';
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import type { Remark } from './plan-entry.ts';

type Excluding = Pick<Slice, 'owner' | 'excludedNodes'>;

/** The exposure with those of the excluded nodes that its owner has declared there. */
export function withExcludedNodes(
  slice: Excluding,
  exposure: Exposure,
  { exposures }: Pick<DeclaredState, 'exposures'>,
): Exposure {
  const present = exposures[exposureKey(exposure)];
  if (present === undefined || slice.excludedNodes === undefined) return exposure;
  const known = new Set(exposure.members.map(placeOf));
  // After a change of the node port, nothing answers at the old one.
  const ports = new Set(exposure.members.map(({ port }) => port));
  const found = excludedMembers(slice, present).filter(
    (one) => !known.has(placeOf(one)) && (ports.size === 0 || ports.has(one.port)),
  );
  return { ...exposure, members: [...exposure.members, ...leaving(found, exposure.members)] };
}

/** Those that drain already are no matter of those that leave now. */
function leaving(found: readonly Member[], others: readonly Member[]): readonly Member[] {
  const staying = others.filter(({ availability }) => availability === 'ready').length;
  const now = found.filter(({ availability }) => availability === 'ready').length;
  const tooMany = takesTooMany(now + others.length - staying, staying);
  return found.map((member): Member => {
    const stays = staying === 0 || (tooMany && member.availability === 'ready');
    return { ...member, availability: stays ? 'ready' : 'draining' };
  });
}

/** Members of an owner on nodes that were excluded from load balancers. */
function excludedMembers(
  { owner, excludedNodes = [] }: Excluding,
  { contributions }: DeclaredExposure,
): readonly Member[] {
  const excluded = new Set(excludedNodes);
  return contributions
    .filter((one) => one.owner === owner)
    .flatMap(({ members }) => members.filter(({ address }) => excluded.has(address)));
}

/** What stays against the label. */
export function keptNodes(slice: Excluding, exposure: DeclaredExposure): readonly Remark[] {
  const kept = excludedMembers(slice, exposure).filter(
    ({ availability }) => availability === 'ready',
  );
  if (kept.length === 0) return [];
  const message =
    `${exposureKey(exposure)}: ` +
    `${kept.map(({ address }) => address).join(', ')} stay members, ` +
    `although the nodes have label ${EXCLUDING_LABEL}; ` +
    'removing them would take out the last member or more than half of the pool';
  return [{ code: 'GW140', message }];
}

function placeOf({ address, port }: Member): string {
  return `${address}:${port}`;
}
