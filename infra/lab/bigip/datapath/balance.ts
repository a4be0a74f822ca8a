import type { Member, Pool } from '../ltm/model.ts';

export interface Candidate {
  readonly member: Member;
  readonly connections: number;
}

/** Remembers whose turn it is; one for each pool. */
export interface Turns {
  next: number;
  /** Smooth weighted round robin: what each member has saved up. */
  readonly credit: Map<string, number>;
}

export function newTurns(): Turns {
  return { next: 0, credit: new Map() };
}

/**
 * Chooses among members that may take a connection. The methods that measure what the lab does not have
 * (response times, sessions, history) count connections instead; those by node take the member's numbers.
 */
export function choose(pool: Pool, candidates: readonly Candidate[], turns: Turns): Member | undefined {
  const group = activeGroup(candidates, pool.minActiveMembers);
  if (group.length === 0) return undefined;
  const mode = pool.loadBalancingMode;
  if (mode === 'round-robin') return inTurn(group, turns);
  if (mode === 'ratio-least-connections-member' || mode === 'ratio-least-connections-node') return leastBy(group, turns, ({ connections, member }) => connections / weight(member));
  if (mode.startsWith('ratio-')) return byRatio(group, turns, weight);
  if (mode.startsWith('dynamic-ratio-')) return byRatio(group, turns, (member) => Math.max(1, member.dynamicRatio));
  return leastBy(group, turns, ({ connections }) => connections);
}

function weight(member: Member): number {
  return Math.max(1, member.ratio);
}

/** The highest priority groups that together have enough members. */
function activeGroup(candidates: readonly Candidate[], minimum: number): readonly Candidate[] {
  const priorities = [...new Set(candidates.map(({ member }) => member.priorityGroup))].sort((a, b) => b - a);
  let chosen: readonly Candidate[] = [];
  for (const priority of priorities) {
    chosen = candidates.filter(({ member }) => member.priorityGroup >= priority);
    if (chosen.length >= Math.max(1, minimum)) break;
  }
  return chosen;
}

function inTurn(group: readonly Candidate[], turns: Turns): Member | undefined {
  const chosen = group[turns.next % group.length]?.member;
  turns.next += 1;
  return chosen;
}

function leastBy(group: readonly Candidate[], turns: Turns, load: (candidate: Candidate) => number): Member | undefined {
  const least = Math.min(...group.map(load));
  return inTurn(group.filter((candidate) => load(candidate) === least), turns);
}

function byRatio(group: readonly Candidate[], { credit }: Turns, ratio: (member: Member) => number): Member | undefined {
  const total = group.reduce((sum, { member }) => sum + ratio(member), 0);
  for (const { member } of group) credit.set(member.path, (credit.get(member.path) ?? 0) + ratio(member));
  const richest = group.reduce((best, next) => ((credit.get(next.member.path) ?? 0) > (credit.get(best.member.path) ?? 0) ? next : best));
  credit.set(richest.member.path, (credit.get(richest.member.path) ?? 0) - total);
  return richest.member;
}
