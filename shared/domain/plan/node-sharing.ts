/**
 * Where the partitions of a device keep the nodes of their members. A move to /Common deletes and
 * re-adds every member of a partition (as3.md §3.2), so it happens only if an address is needed in
 * two partitions, and after an approval. Pure.
 */
import type { Exposure, Member, Slice } from '../exposure/exposure.ts';
import type { DeclaredState } from '../declared/declared.ts';
import type { LosingClaim } from '../declared/owner-record.ts';
import type { Approval, Order } from '../steering/steering.ts';
import { isAsShown } from '../steering/steering.ts';
import { lostClaim } from './claims.ts';
import { checkFence } from './fence.ts';
import type { SameFleet } from './fleet.ts';
import type { NodePlace, NodesElsewhere, NodesInUse } from './nodes-elsewhere.ts';
import { nodesElsewhere, nodesInUse, nodesOf, sharesNodes } from './nodes-elsewhere.ts';
import type { PlanEntry } from './plan-entry.ts';
import { changeId } from './plan-entry.ts';

/** An exposure that is held until nodes may move. */
export interface HeldByNodes extends NodesInUse {
  readonly partition: string;
  /** `cluster/namespace/service`. */
  readonly owner: string;
  /** `address:port/protocol` of the exposure that waits. */
  readonly key: string;
}

/** All exposures that are held until nodes may move, as the declarations remember them. */
export function heldByNodes(
  states: ReadonlyMap<string, DeclaredState>,
  sameFleet: SameFleet,
): readonly HeldByNodes[] {
  return [...states].flatMap(([partition, declared]) => {
    const claims = claimsIn(declared);
    if (claims.length === 0) return [];
    const elsewhere = nodesElsewhere(partition, states);
    const place = { partition, declared, shared: sharesNodes(declared) };
    return claims.flatMap(({ owner, key, claim }): readonly HeldByNodes[] => {
      if (lostClaim(declared.exposures[key], owner, sameFleet)) return [];
      const used = needsMove(claim, place, elsewhere);
      return used === undefined ? [] : [{ partition, owner, key, ...used }];
    });
  });
}

/**
 * Whether an exposure that a plan of the partition held can be declared now, because another
 * partition gave up its nodes in the same batch. `states` as declared since.
 */
export function isFreed(
  partition: string,
  entries: Iterable<PlanEntry>,
  states: ReadonlyMap<string, DeclaredState>,
  sameFleet: SameFleet,
): boolean {
  const owners = states.get(partition)?.owners ?? {};
  const waited = [...entries].filter(
    ({ owner, key, kind, code }) =>
      kind === 'held' && code === 'OWN312' && owners[owner]?.claims?.[key] !== undefined,
  );
  if (waited.length === 0) return false;
  const held = heldByNodes(states, sameFleet).filter((one) => one.partition === partition);
  const still = new Set(held.map(changeId));
  return waited.some((entry) => !still.has(changeId(entry)));
}

/** An empty partition shares its nodes without a move if the others do. */
function needsMove(
  claim: LosingClaim,
  place: NodePlace,
  elsewhere: NodesElsewhere,
): NodesInUse | undefined {
  const used = nodesInUse(claim.members, place, elsewhere);
  return used === undefined || used.moving.length === 0 ? undefined : used;
}

function claimsIn({
  owners,
}: DeclaredState): readonly { owner: string; key: string; claim: LosingClaim }[] {
  return Object.entries(owners).flatMap(([owner, { claims = {} }]) =>
    Object.entries(claims).map(([key, claim]) => ({ owner, key, claim })),
  );
}

/** What is known of a device before a batch is planned. */
export interface NodeQuestion {
  /** The readable partitions. */
  readonly states: ReadonlyMap<string, DeclaredState>;
  /** The newest slice of each owner. */
  readonly slices: readonly Slice[];
  readonly orders?: readonly Order[];
  readonly sameFleet: SameFleet;
  /** Partitions without exposures share their nodes, because others keep them in /Common. */
  readonly shareNodes?: boolean | undefined;
}

/** The places of all nodes of a device. */
export interface NodeDecision {
  /** By partition: whether its nodes are in /Common. */
  readonly shared: ReadonlyMap<string, boolean>;
  /** Partitions whose nodes move to /Common now, before anything that needs it. */
  readonly moving: readonly string[];
  /** Held exposures that an approval released. */
  readonly granted: readonly HeldByNodes[];
}

/**
 * Declared nodes stay where they are, unless an approval moves them. A partition without exposures
 * shares its nodes if it needs an address that another one shares, or is about to declare with it,
 * or if the device is configured so.
 */
export function decideNodes(question: NodeQuestion): NodeDecision {
  const { states } = question;
  const granted = grantedMoves(question);
  const moving = [
    ...new Set(granted.flatMap((held) => held.moving.map(({ partition }) => partition))),
  ];
  const wanted = new Map([...states.keys()].map((one) => [one, wantedNodes(one, question)]));
  const isEmpty = (partition: string): boolean =>
    Object.keys(states.get(partition)?.exposures ?? {}).length === 0;
  const settled = (partition: string, state: DeclaredState): boolean =>
    moving.includes(partition) || sharesNodes(state);
  const shared = [...states].map(([partition, state]) => {
    const wants = wanted.get(partition) ?? new Set();
    if (!isEmpty(partition)) return [partition, settled(partition, state)] as const;
    if (question.shareNodes === true) return [partition, true] as const;
    if (wants.size === 0) return [partition, state.shareNodes ?? false] as const;
    const overlaps = [...states].some(
      ([other, there]) =>
        other !== partition &&
        (isEmpty(other) || settled(other, there)) &&
        [nodesOf(there), wanted.get(other)].some((nodes) =>
          [...wants].some((address) => nodes?.has(address) === true),
        ),
    );
    return [partition, overlaps] as const;
  });
  return { shared: new Map(shared), moving, granted };
}

/** An approval covers a move only if every partition of it was shown. */
function grantedMoves({ states, orders = [], sameFleet }: NodeQuestion): readonly HeldByNodes[] {
  const approvals = orders.filter(
    (order): order is Order & { readonly steering: Approval } =>
      order.steering.action === 'approve' && order.steering.shareNodes !== undefined,
  );
  if (approvals.length === 0) return [];
  return heldByNodes(states, sameFleet).filter(({ partition, owner, key, moving }) =>
    approvals.some(({ steering, at }) => {
      const { keys = [], shareNodes = [] } = steering;
      return (
        steering.owner === owner &&
        keys.includes(key) &&
        moving.every((one) => shareNodes.includes(one.partition)) &&
        isAsShown(states.get(partition)?.owners[owner], { steering, at })
      );
    }),
  );
}

/** Addresses of members that are to be declared in a partition. */
function wantedNodes(partition: string, { states, slices }: NodeQuestion): ReadonlySet<string> {
  const state = states.get(partition);
  if (state === undefined) return new Set();
  const asked = slices
    .filter((slice) => checkFence(state, slice).kind === 'open')
    .flatMap(({ exposures }) => exposures)
    .filter((e) => e.partition === partition && e.refusedIfNew === undefined);
  const said = new Set(slices.map(({ owner }) => owner));
  const claims = claimsIn(state).filter(({ owner }) => !said.has(owner));
  return new Set(
    [...asked, ...claims.map(({ claim }) => claim)].flatMap((e) =>
      declaredMembers(e).map(({ address }) => address),
    ),
  );
}

function declaredMembers({ members }: Pick<Exposure, 'members'>): readonly Member[] {
  return members.filter(({ availability }) => availability !== 'out');
}
