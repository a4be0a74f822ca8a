/** Decides the next step of a job. Pure; the driver carries it out. */

/** The state of a job, counted in units: events that are sent together in order. */
export interface JobProgress {
  /** Units. */
  readonly waiting: number;
  /** Units that are sent and not decided yet. */
  readonly inFlight: number;
  /** Sent so far. */
  readonly sent: number;
  /** Sent and failed. */
  readonly bad: number;
  /** Time at which the last event was due; undefined before the first. */
  readonly due: number | undefined;
  /** When results were last looked for; undefined before the first time. */
  readonly looked: number | undefined;
}

/** How fast a job sends. */
export interface SendingPace {
  /** Units that must succeed before the others are sent. */
  readonly canary: number;
  readonly canaryPassed: boolean;
  /** Events per second. */
  readonly rate: number;
}

/** The next step. Times are milliseconds since 1970. */
export type JobStep =
  | { readonly kind: 'send'; readonly due: number }
  /** Check the results of sent units. */
  | { readonly kind: 'look' }
  | { readonly kind: 'wait'; readonly until: number }
  | { readonly kind: 'pass-canary' }
  | { readonly kind: 'pause'; readonly code: 'RPL707'; readonly reason: string }
  | { readonly kind: 'finish' };

/** Milliseconds between two checks. */
export const CHECK_INTERVAL_MS = 1_000;

/** Pure. `now` in milliseconds since 1970. */
export function nextJobStep(pace: SendingPace, progress: JobProgress, now: number): JobStep {
  const { waiting, inFlight, sent, bad } = progress;
  if (waiting === 0 && inFlight === 0) return { kind: 'finish' };
  const judging = !pace.canaryPassed && sent >= pace.canary;
  if (judging && inFlight === 0) {
    if (bad === 0) return { kind: 'pass-canary' };
    return {
      kind: 'pause',
      code: 'RPL707',
      reason: `${bad} of the first ${sent} events failed; ${waiting} are not sent yet`,
    };
  }
  const due = judging ? Infinity : nextDue(pace, progress, now);
  if (now >= due) return { kind: 'send', due };
  const look = inFlight > 0 ? (progress.looked ?? -Infinity) + CHECK_INTERVAL_MS : Infinity;
  return now >= look ? { kind: 'look' } : { kind: 'wait', until: Math.min(due, look) };
}

/**
 * Follows the schedule, so that small delays do not add up; after a long delay it restarts instead
 * of sending a burst.
 */
function nextDue({ rate }: SendingPace, { waiting, due }: JobProgress, now: number): number {
  if (waiting === 0) return Infinity;
  if (due === undefined) return now;
  const interval = 1_000 / rate;
  const next = due + interval;
  return now - next > interval ? now : next;
}
