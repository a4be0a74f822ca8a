/**
 * Plans slices for a whole device, partition by partition, as apply would if BIG-IP accepts
 * everything. Pure; nothing is declared.
 */
import type { Slice } from '../exposure/exposure.ts';
import type { DeclaredExposure, DeclaredState } from '../declared/declared.ts';
import { changeId } from './plan-entry.ts';
import type { AddressHolder } from './foreign.ts';
import type { Move } from './moves.ts';
import { movesBetween } from './moves.ts';
import type { Plan, PlanRules } from './plan.ts';
import { planPartition } from './plan.ts';

/** The rules of a partition's plan that are the same for all partitions of the device. */
export interface DevicePlanRules extends Omit<PlanRules, 'only' | 'movedFrom' | 'shareNodes'> {
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
  partitions: readonly string[],
  slices: readonly Slice[],
  { states, pathOf, asked = (slice) => slice, ...rules }: DevicePlanRules,
): ReadonlyMap<string, Plan> {
  const { closed = new Map() } = rules;
  const moves = movesBetween(states, slices).filter(({ to }) => !closed.has(to));
  const now = new Map(states);
  const planned = (
    partition: string,
    declared: DeclaredState,
    more: Pick<PlanRules, 'only' | 'movedFrom'>,
  ): Plan => {
    const holders = rules.holders && [...rules.holders, ...heldBySiblings(partition, now, pathOf)];
    const shared = {
      ...rules,
      ...(holders && { holders }),
      shareNodes: partitions.length > 1,
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
  return new Map(
    [...states.keys()].map((partition) => {
      const plan = planned(partition, now.get(partition) ?? states.get(partition)!, {
        movedFrom: arrivals(moves, partition),
      });
      return [partition, merged(first.get(partition), plan)] as const;
    }),
  );
}

/** The exposures that move into a partition, with the partition they come from. */
export function arrivals(moves: readonly Move[], partition: string): ReadonlyMap<string, string> {
  return new Map(
    moves.filter((move) => move.to === partition).map((move) => [move.change, move.from]),
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

function merged(first: Plan | undefined, second: Plan): Plan {
  if (!first) return second;
  const entries = new Map(
    [...first.entries, ...second.entries].map((entry) => [changeId(entry), entry]),
  );
  return { ...second, entries: [...entries.values()], changed: first.changed || second.changed };
}
