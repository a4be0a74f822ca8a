import type { Member, Pool } from '../ltm/model.ts';

/** A member that may be chosen, with what methods of balancing compare. */
export interface Candidate {
  readonly member: Member;
  /** Connections of the member, or of its node in all pools if the method uses nodes. */
  readonly connections: number;
  /** Ratio of the member's node. */
  readonly nodeRatio: number;
}

/** Members that could not be reached for a connection. */
export type Tried = ReadonlySet<string>;

/** Balancing state of one pool. */
export interface BalanceState {
  next: number;
  /** Smooth weighted round robin: the credit of each member. */
  readonly credit: Map<string, number>;
}

/** Begins with the first member. */
export function newBalanceState(): BalanceState {
  return { next: 0, credit: new Map() };
}

/**
 * Methods that need unavailable measurements (response times, sessions, history) count connections
 * instead.
 */
export function choose(
  pool: Pool,
  candidates: readonly Candidate[],
  turns: BalanceState,
  tried: Tried,
): Member | undefined {
  // The monitors decide which group is active; an unreachable member does not matter.
  const group = activeGroup(candidates, pool.minActiveMembers).filter(
    ({ member }) => !tried.has(member.path),
  );
  if (group.length === 0) return undefined;
  const mode = pool.loadBalancingMode;
  const weight = mode.endsWith('-node') ? ofNode : ofMember;
  if (mode === 'round-robin') return inTurn(group, turns);
  if (mode.startsWith('ratio-least-connections-'))
    return leastBy(group, turns, (candidate) => candidate.connections / weight(candidate));
  if (mode.startsWith('ratio-')) return byRatio(group, turns, weight);
  if (mode.startsWith('dynamic-ratio-'))
    return byRatio(group, turns, ({ member }) => Math.max(1, member.dynamicRatio));
  return leastBy(group, turns, ({ connections }) => connections);
}

function ofMember({ member }: Candidate): number {
  return Math.max(1, member.ratio);
}

function ofNode({ nodeRatio }: Candidate): number {
  return Math.max(1, nodeRatio);
}

/**
 * The highest priority groups that together have enough members; a minimum of 0 disables the
 * groups.
 */
function activeGroup(candidates: readonly Candidate[], minimum: number): readonly Candidate[] {
  if (minimum === 0) return candidates;
  const priorities = [...new Set(candidates.map(({ member }) => member.priorityGroup))].sort(
    (a, b) => b - a,
  );
  let chosen: readonly Candidate[] = [];
  for (const priority of priorities) {
    chosen = candidates.filter(({ member }) => member.priorityGroup >= priority);
    if (chosen.length >= minimum) break;
  }
  return chosen;
}

function inTurn(group: readonly Candidate[], turns: BalanceState): Member | undefined {
  const chosen = group[turns.next % group.length]?.member;
  turns.next += 1;
  return chosen;
}

function leastBy(
  group: readonly Candidate[],
  turns: BalanceState,
  load: (candidate: Candidate) => number,
): Member | undefined {
  const least = Math.min(...group.map(load));
  return inTurn(
    group.filter((candidate) => load(candidate) === least),
    turns,
  );
}

function byRatio(
  group: readonly Candidate[],
  { credit }: BalanceState,
  ratio: (candidate: Candidate) => number,
): Member | undefined {
  const total = group.reduce((sum, candidate) => sum + ratio(candidate), 0);
  for (const candidate of group)
    credit.set(candidate.member.path, (credit.get(candidate.member.path) ?? 0) + ratio(candidate));
  const richest = group.reduce((best, next) =>
    (credit.get(next.member.path) ?? 0) > (credit.get(best.member.path) ?? 0) ? next : best,
  );
  credit.set(richest.member.path, (credit.get(richest.member.path) ?? 0) - total);
  return richest.member;
}
