/**
 * Exposures that move between partitions of a device: an address can be in one only, so the removal
 * comes first.
 */
import type { Exposure, Slice } from '../exposure/exposure.ts';
import { exposureKey } from '../exposure/exposure.ts';
import type { DeclaredState } from '../declared/declared.ts';
import { declaredState } from '../declared/declared.ts';
import { checkFence } from './fence.ts';
import { moveTarget } from './guards.ts';
import type { NodesElsewhere, NodesInUse } from './nodes-elsewhere.ts';
import { heldInWords, nodesElsewhere, nodesInUse } from './nodes-elsewhere.ts';
import type { HeldRemoval } from './plan-entry.ts';
import { changeId } from './plan-entry.ts';

/** One exposure that changes its partition. */
export interface Move {
  /** `changeId` of the removal. */
  readonly change: string;
  /** `changeId` of the creation; another one if the address changes too. */
  readonly creation: string;
  /** Partition that has it now. */
  readonly from: string;
  /** Partition that it is wanted in. */
  readonly to: string;
}

/** Moves between the partitions of one device. */
export function movesBetween(
  partitions: ReadonlyMap<string, DeclaredState>,
  slices: readonly Slice[],
): readonly Move[] {
  return [...partitions].flatMap(([from, state]) =>
    slices.flatMap((slice) =>
      slice.exposures.flatMap((exposure): readonly Move[] => {
        const key = exposureKey(exposure);
        const mine =
          state.exposures[key]?.contributions.some((c) => c.owner === slice.owner) ?? false;
        const change = changeId({ owner: slice.owner, key });
        return mine && exposure.partition !== from
          ? [{ change, creation: change, from, to: exposure.partition }]
          : [];
      }),
    ),
  );
}

/** The moves of a batch on a device where partitions may have the same node addresses. */
export interface PlannedMoves {
  /** Moves whose removal must be declared before the creation. */
  readonly moves: readonly Move[];
  /**
   * By partition and `changeId`: removals that wait, because other exposures of a partition keep a
   * node address that the new place needs.
   */
  readonly waiting: ReadonlyMap<string, ReadonlyMap<string, HeldRemoval>>;
  /** What gets to its new place, which nothing else may prevent. */
  readonly arriving: readonly Relocation[];
}

/** `shared`: by partition, whether its nodes are in /Common in this batch. */
export function planMoves(
  known: ReadonlyMap<string, DeclaredState>,
  slices: readonly Slice[],
  shared: ReadonlyMap<string, boolean>,
): PlannedMoves {
  const moves = movesBetween(known, slices);
  if (known.size < 2) return { moves, waiting: new Map(), arriving: [] };
  const states = new Map(
    [...known].map(([name, state]) => [
      name,
      { ...state, shareNodes: shared.get(name) ?? state.shareNodes ?? false },
    ]),
  );
  const leaving = relocations(states, slices);
  const stuck = stuckRelocations(states, leaving);
  const isStuck = ({ change, from }: Move): boolean =>
    stuck.some(({ move }) => move.change === change && move.from === from);
  const usedBy = nodesUsedBy(states, states);
  const arriving = leaving.filter((one) => !isStuck(one));
  const inTheWay = arriving.filter(
    (one) => one.change !== one.creation && one.from !== one.to && usedBy(one) !== undefined,
  );
  return {
    moves: [...moves.filter((move) => !isStuck(move)), ...inTheWay],
    waiting: new Map(
      [...Map.groupBy(stuck, ({ move }) => move.from)].map(([from, list]) => [
        from,
        new Map(list.map(({ move, used }) => [move.change, keptInWords(move, used)])),
      ]),
    ),
    arriving,
  };
}

/** The states with exposures that are about to arrive, so that no other partition takes their nodes. */
export function withArriving(
  states: ReadonlyMap<string, DeclaredState>,
  arriving: readonly Relocation[],
): ReadonlyMap<string, DeclaredState> {
  if (arriving.length === 0) return states;
  return new Map(
    [...states].map(([name, { owners, exposures, ...rest }]) => {
      const here = arriving.filter(({ to }) => to === name);
      if (here.length === 0) return [name, { owners, exposures, ...rest }];
      const all = new Map(Object.entries(exposures));
      for (const { owner, exposure } of here) {
        const key = exposureKey(exposure);
        const { gateways, since, members } = exposure;
        const others = all.get(key)?.contributions ?? [];
        const contributions = [...others, { owner, gateways, since, members }];
        all.set(key, { ...exposure, ...all.get(key), contributions });
      }
      return [name, declaredState(owners, [...all.values()], rest)];
    }),
  );
}

/** A move with the exposure at its new place. */
export interface Relocation extends Move {
  /** `cluster/namespace/service`. */
  readonly owner: string;
  /** `exposureKey` at the present place. */
  readonly key: string;
  /** As it is wanted at the new place. */
  readonly exposure: Exposure;
}

/** Exposures that their owner wants at another address or in another partition, and not there yet. */
function relocations(
  states: ReadonlyMap<string, DeclaredState>,
  slices: readonly Slice[],
): readonly Relocation[] {
  return [...states].flatMap(([from, state]) =>
    slices
      .filter((slice) => checkFence(state, slice).kind === 'open')
      .flatMap((slice) =>
        ownedBy(state, slice.owner).flatMap((owned): readonly Relocation[] => {
          const { owner } = slice;
          const { key } = owned;
          const same = slice.exposures.filter((e) => exposureKey(e) === key);
          if (same.some((e) => e.partition === from)) return [];
          const exposure = same[0] ?? moveTarget(slice, owned);
          const to = exposure && states.get(exposure.partition);
          if (exposure === undefined || to === undefined) return [];
          const target = exposureKey(exposure);
          if (ownedBy(to, owner).some((one) => one.key === target)) return [];
          const creation = changeId({ owner, key: target });
          const change = changeId({ owner, key });
          return [{ change, creation, from, to: exposure.partition, owner, key, exposure }];
        }),
      ),
  );
}

/**
 * The exposures of the state to which the owner contributes, with the gateways that it names there.
 */
function ownedBy(
  { exposures }: DeclaredState,
  owner: string,
): readonly Parameters<typeof moveTarget>[1][] {
  return Object.entries(exposures).flatMap(([key, exposure]) => {
    const mine = exposure.contributions.find((c) => c.owner === owner);
    return mine ? [{ key, exposure, gateways: mine.gateways }] : [];
  });
}

/** A move that cannot be made without moving nodes to /Common. */
interface Stuck {
  readonly move: Relocation;
  /** Nodes that exposures which stay keep in other partitions. */
  readonly used: NodesInUse;
}

/** Those that could not be created even if all others left; what stays may stop more of them. */
function stuckRelocations(
  states: ReadonlyMap<string, DeclaredState>,
  all: readonly Relocation[],
): readonly Stuck[] {
  for (let going = all; ;) {
    const left = without(states, going);
    const usedBy = nodesUsedBy(left, withArriving(left, going));
    const free = going.filter((move) => usedBy(move) === undefined);
    if (free.length === going.length)
      return all.flatMap((move) => {
        const used = going.includes(move) ? undefined : usedBy(move);
        return used === undefined ? [] : [{ move, used }];
      });
    going = free;
  }
}

/** The nodes that stop the creation of an exposure; undefined if nothing does. */
function nodesUsedBy(
  states: ReadonlyMap<string, DeclaredState>,
  around: ReadonlyMap<string, DeclaredState>,
): (one: Relocation) => NodesInUse | undefined {
  const elsewhere = new Map<string, NodesElsewhere>();
  return ({ to, exposure }) => {
    const declared = states.get(to);
    if (declared === undefined) return undefined;
    const nodes = elsewhere.get(to) ?? nodesElsewhere(to, around);
    elsewhere.set(to, nodes);
    const members = exposure.members.filter(({ availability }) => availability !== 'out');
    const place = { partition: to, declared, shared: declared.shareNodes === true };
    const used = nodesInUse(members, place, nodes);
    return used === undefined || used.moving.length === 0 ? undefined : used;
  };
}

/** The states without the contributions of these moves. */
function without(
  states: ReadonlyMap<string, DeclaredState>,
  going: readonly Relocation[],
): ReadonlyMap<string, DeclaredState> {
  return new Map(
    [...states].map(([name, { owners, exposures, ...rest }]) => {
      const gone = new Set(going.filter(({ from }) => from === name).map(({ change }) => change));
      if (gone.size === 0) return [name, { owners, exposures, ...rest }];
      const left = Object.entries(exposures).flatMap(([key, exposure]) => {
        const contributions = exposure.contributions.filter(
          ({ owner }) => !gone.has(changeId({ owner, key })),
        );
        return contributions.length === 0 ? [] : [{ ...exposure, contributions }];
      });
      return [name, declaredState(owners, left, rest)];
    }),
  );
}

/** The removal waits with the creation, so that the service is not gone meanwhile. */
function keptInWords({ owner, exposure, to }: Relocation, used: NodesInUse): HeldRemoval {
  const target = exposureKey(exposure);
  return {
    code: 'OWN312',
    reason:
      `kept in place, because ${target} waits in partition ${to}: ` +
      heldInWords({ owner, key: target }, used),
  };
}
