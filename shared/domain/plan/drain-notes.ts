/**
 * Members that begin to drain (decision 72). Where nodes are not shared, a drain changes only the
 * metadata of a declaration, because the node itself is drained ahead of it. Once the node is out,
 * the note waits for the next change, usually the removal of the member.
 */
import type { Contribution, DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import { isSameContent } from '../declared/declared.ts';
import type { MemberChange } from '../express/event.ts';
import type { LiveNode } from '../express/node.ts';
import { membersThatStay } from '../express/pool-guard.ts';
import { clusterOfOwner } from '../text/owners.ts';
import { isNewerStamp } from '../express/stamp.ts';
import type { OwnerKey } from '../snapshot/snapshot.ts';
import type { PlanDraft } from './draft.ts';
import { sharedNodes } from './draft.ts';

/** Members that drain in the plan, and nothing else differs from the declared exposures. */
export interface DrainNotes {
  /** Keys of the exposures with such members. */
  readonly keys: ReadonlySet<string>;
  /** Addresses of these members, by owner. */
  readonly addresses: ReadonlyMap<OwnerKey, ReadonlySet<string>>;
}

const NONE: DrainNotes = { keys: new Set(), addresses: new Map() };

/**
 * Undefined if the plan changes anything else, or if a member that drains still gets persistent
 * connections.
 */
export function drainNotes(draft: PlanDraft): DrainNotes | undefined {
  const { declared, exposures, rules } = draft;
  const changed = [...exposures].filter(([key, e]) => !isSameContent(e, declared.exposures[key]));
  if (exposures.size !== Object.keys(declared.exposures).length) return undefined;
  if (changed.length === 0) return NONE;
  if (rules.only !== undefined || sharedNodes(draft) !== false) return undefined;
  // With several partitions, nothing drains their nodes ahead.
  if (rules.nodes !== undefined) return undefined;
  const addresses = new Map<OwnerKey, Set<string>>();
  for (const [key, next] of changed) {
    const before = declared.exposures[key];
    if (before === undefined || mayPersist(draft, key, before)) return undefined;
    const without = next.contributions.map((part) => undrained(part, before, addresses));
    if (!isSameContent({ ...next, contributions: without }, before)) return undefined;
  }
  return { keys: new Set(changed.map(([key]) => key)), addresses };
}

/** A kept manual change may have added persistence. */
function mayPersist({ declared }: PlanDraft, key: string, { settings }: DeclaredExposure): boolean {
  return settings.persistence.length > 0 || declared.overrides?.[key] !== undefined;
}

/** With the members as declared, and notes their addresses. */
function undrained(
  part: Contribution,
  before: DeclaredExposure,
  addresses: Map<OwnerKey, Set<string>>,
): Contribution {
  const known = before.contributions.find(({ owner }) => owner === part.owner)?.members ?? [];
  const ready = new Set(
    known.flatMap((m) => (m.availability === 'ready' ? [`${m.address} ${m.port}`] : [])),
  );
  const members = part.members.map((member) => {
    if (member.availability !== 'draining' || !ready.has(`${member.address} ${member.port}`))
      return member;
    const all = addresses.get(part.owner) ?? new Set();
    addresses.set(part.owner, all.add(member.address));
    return { ...member, availability: 'ready' as const };
  });
  return { ...part, members };
}

/** Whether every one of these members is out, since the declared version of its owner. */
export function areDrained(
  { addresses }: DrainNotes,
  { owners }: Pick<DeclaredState, 'owners'>,
  nodes: readonly LiveNode[],
): boolean {
  const live = new Map(nodes.map((node) => [node.address, node]));
  return [...addresses].every(([owner, list]) =>
    [...list].every((address) => {
      const node = live.get(address);
      return node !== undefined && node.availability !== 'ready' && isWritten(owner, owners, node);
    }),
  );
}

/**
 * Whether express leaves one of them to the declare, because no other member of its pool takes
 * connections yet: nothing is gained by waiting for it.
 */
export function areLeft(
  { addresses }: DrainNotes,
  declared: DeclaredState,
  nodes: readonly LiveNode[],
): boolean {
  const events = [...addresses].map(([owner, list]) => ({
    owner,
    wishes: [...list].map((address): MemberChange => {
      return { address, availability: 'draining', because: 'terminating', wholeNode: false };
    }),
  }));
  const up = new Set(nodes.flatMap((n) => (n.availability === 'ready' ? [n.address] : [])));
  const due = events.flatMap(({ wishes }) => wishes.filter(({ address }) => up.has(address)));
  return membersThatStay({ events, declared, nodes }, due).size > 0;
}

/**
 * Owners with a member whose node was written since their declared version: a drain of it may be
 * noted nowhere else.
 */
export function ownersAhead(
  { owners, exposures }: Pick<DeclaredState, 'owners' | 'exposures'>,
  nodes: readonly LiveNode[],
): ReadonlySet<OwnerKey> {
  const live = new Map(nodes.flatMap((node) => (node.stamp ? [[node.address, node]] : [])));
  const ahead = new Set<OwnerKey>();
  for (const { contributions } of Object.values(exposures))
    for (const { owner, members } of contributions)
      if (
        !ahead.has(owner) &&
        members.some(({ address }) => {
          const node = live.get(address);
          return node !== undefined && isWritten(owner, owners, node);
        })
      )
        ahead.add(owner);
  return ahead;
}

/** Whether a newer revision of the owner's cluster has written the node already. */
function isWritten(owner: OwnerKey, owners: DeclaredState['owners'], { stamp }: LiveNode): boolean {
  const version = owners[owner]?.version;
  return version !== undefined && isNewerStamp(stamp, clusterOfOwner(owner), version);
}
