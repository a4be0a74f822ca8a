/** What `/readyz` answers, from the states of the streams. */
import type { StreamReport } from '../cache/cluster-cache.ts';

/** Every watch is renewed within 75 seconds, even without events. */
const OLDEST_MS = 180_000;

/** The state from which `/readyz` is answered. */
export interface ReadinessInput {
  readonly states: readonly StreamReport[];
  /** Every kind was listed once. */
  readonly prepared: boolean;
  readonly leading: boolean;
  /** The Lease was renewed in time; false for a leader that may write nothing at the moment. */
  readonly proven: boolean;
  /** What keeps this process from leading, in words; undefined if nothing does. */
  readonly refusal?: string | undefined;
  /** By the monotonic clock. */
  readonly now: number;
}

/** Whether the replica is ready, and why not. */
export interface Readiness {
  readonly ready: boolean;
  readonly lines: readonly string[];
}

/** A standby replica can be as ready as the leader, because it could take over at once. */
export function readiness(input: ReadinessInput): Readiness {
  const { states, prepared, leading, proven, refusal, now } = input;
  const faults = [
    ...states.flatMap((stream) => fault(stream, now) ?? []),
    ...(leading && !proven ? ['the Lease cannot be renewed, so nothing is written'] : []),
    ...(!leading && refusal !== undefined ? [refusal] : []),
  ];
  const ready = prepared && faults.length === 0;
  const role = leading ? 'leading' : 'standing by';
  return {
    ready,
    lines: ready ? [role] : [...(prepared ? [] : ['the first lists are not complete']), ...faults],
  };
}

/** Why the stream makes the watcher unready; undefined if it does not. */
function fault(
  { kind, group, namespace, state, figures }: StreamReport,
  now: number,
): string | undefined {
  const name = `${kind}${group === '' ? '' : `.${group}`}${namespace === undefined ? '' : ` in ${namespace}`}`;
  if (state === 'starting') return `${name}: not listed yet`;
  const silent = now - figures.heard;
  return silent < OLDEST_MS
    ? undefined
    : `${name}: no response from the Kubernetes API for ${Math.round(silent / 1_000)} s`;
}
