/**
 * Plans slices for a whole device, partition by partition, as apply would if BIG-IP accepts
 * everything. Pure; nothing is declared.
 */
import type { Slice } from '../exposure/exposure.ts';
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import { joinEntries } from './plan-entry.ts';
import type { AddressHolder } from './foreign.ts';
import type { Move } from './moves.ts';
import { planMoves, withArriving } from './moves.ts';
import { decideNodes, isFreed } from './node-sharing.ts';
import { nodesElsewhere } from './nodes-elsewhere.ts';
import type { Plan, PlanRules } from './plan.ts';
import { planPartition } from './plan.ts';

/** The rules of a partition's plan that are the same for all partitions of the device. */
export interface DevicePlanRules extends Omit<
  PlanRules,
  'only' | 'movedFrom' | 'shareNodes' | 'nodes' | 'waiting'
> {
  /** As in the configuration of the device. */
  readonly shareNodes?: boolean | undefined;
  /** The readable partitions. */
  readonly states: ReadonlyMap<string, DeclaredState>;
  /** `asked`: adapts a slice to a partition; default: unchanged. */
  readonly asked?: (slice: Slice, state: DeclaredState) => Slice;
  /** For messages: the full path of a virtual server. */
  readonly pathOf: PathOf;
}

/** The full path of the virtual server of an exposure on the device. */
export type PathOf = (
  partition: string,
  where: Pick<DeclaredExposure, 'address' | 'port' | 'protocol'>,
) => string;

/**
 * By partition. An address is in one partition only, so a moved exposure is removed before it is
 * created.
 */
export function planDevice(
  slices: readonly Slice[],
  { states, pathOf, shareNodes, asked = (slice) => slice, ...rules }: DevicePlanRules,
): ReadonlyMap<string, Plan> {
  const { closed = new Map() } = rules;
  const decided = (known: typeof states): ReadonlyMap<string, boolean> =>
    decideNodes({ states: known, slices, sameFleet: rules.sameFleet, shareNodes }).shared;
  const { moves: all, waiting, arriving } = planMoves(states, slices, decided(states));
  const moves = all.filter(({ to }) => !closed.has(to));
  const now = new Map(states);
  const planned = (
    partition: string,
    declared: DeclaredState,
    more: Pick<PlanRules, 'only' | 'movedFrom'>,
  ): Plan => {
    const holders = rules.holders && [...rules.holders, ...heldBySiblings(partition, now, pathOf)];
    const kept = waiting.get(partition);
    const shared = {
      ...rules,
      ...(holders && { holders }),
      // A partition that is empty since can share its nodes without a move.
      shareNodes: decided(now).get(partition) ?? false,
      nodes: nodesElsewhere(partition, withArriving(now, arriving)),
      ...(kept && { waiting: kept }),
      ...more,
    };
    const plan = planPartition(
      partition,
      declared,
      slices.map((slice) => asked(slice, states.get(partition) ?? declared)),
      shared,
    );
    now.set(partition, plan.next);
    return plan;
  };
  const first = new Map(
    [...states].flatMap(([partition, state]) => {
      const leaving = moves.filter(({ from }) => from === partition).map(({ change }) => change);
      return leaving.length === 0
        ? []
        : [[partition, planned(partition, state, { only: new Set(leaving) })] as const];
    }),
  );
  const next = (before: Plan | undefined, partition: string): Plan =>
    merged(
      before,
      planned(partition, now.get(partition) ?? states.get(partition)!, {
        movedFrom: arrivals(moves, partition),
      }),
    );
  const plans = [...states.keys()].map((one) => [one, next(first.get(one), one)] as const);
  return new Map(
    plans.map(([partition, plan]) =>
      isFreed(partition, plan.entries, now, rules.sameFleet)
        ? [partition, next(plan, partition)]
        : [partition, plan],
    ),
  );
}

/** The exposures that move into a partition, with the partition they come from. */
export function arrivals(moves: readonly Move[], partition: string): ReadonlyMap<string, string> {
  return new Map(
    moves.filter((move) => move.to === partition).map((move) => [move.creation, move.from]),
  );
}

/** Exposures in other partitions conflict like foreign ones. */
export function heldBySiblings(
  partition: string,
  states: ReadonlyMap<string, DeclaredState>,
  pathOf: PathOf,
): readonly AddressHolder[] {
  return [...states].flatMap(([other, state]) =>
    other === partition
      ? []
      : Object.values(state.exposures).map((e) => ({
          path: pathOf(other, e),
          partition: other,
          address: e.address,
          port: e.port,
          protocol: e.protocol,
        })),
  );
}

/** Two plans of one partition as one; the second was made from the result of the first. */
function merged(first: Plan | undefined, second: Plan): Plan {
  if (!first) return second;
  const entries = joinEntries(first.entries, second.entries);
  return { ...second, entries: [...entries.values()], changed: first.changed || second.changed };
}
