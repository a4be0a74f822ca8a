/** When a change can be confirmed, and what a refusal means for the next click. Pure. */

/** Why the button of a change cannot be used yet; undefined if it can. */
export function missingFor(why: string, isRiskOpen: boolean): string | undefined {
  if (why !== '') return isRiskOpen ? 'Accept the risk first.' : undefined;
  return isRiskOpen ? 'Accept the risk, and give a reason.' : 'Give a reason first.';
}

/** The parts of a refusal that decide. `ended`: of the question that was followed after it. */
export interface ConfirmRefusal {
  readonly status: number;
  readonly code?: string | undefined;
  readonly preview?: object | undefined;
  readonly ended?: 'moved' | 'failed' | undefined;
}

/**
 * `moved`: nothing was done, and a new preview is confirmed. `failed`: the click ended without
 * success; the next one is another. `refused`: nothing was done. `unknown`: it may be made, so the
 * same click is repeated, with the same key and reason.
 */
export type NextClick = 'moved' | 'failed' | 'refused' | 'unknown';

/**
 * What the button does after a refusal: show the new preview, ask again what became of the change,
 * or nothing more.
 */
export function nextClick({ status, code, preview, ended }: ConfirmRefusal): NextClick {
  if (ended !== undefined) return ended;
  if (status === 409 && preview !== undefined) return 'moved';
  // Without a code, it is made already or at this moment.
  if (status === 409 && code === undefined) return 'unknown';
  return status === 0 || status >= 500 ? 'unknown' : 'refused';
}
