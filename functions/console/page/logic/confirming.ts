/** What a refused confirmation of a change means for the next click. Pure. */

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

export function nextClick({ status, code, preview, ended }: ConfirmRefusal): NextClick {
  if (ended !== undefined) return ended;
  if (status === 409 && preview !== undefined) return 'moved';
  // Without a code, it is made already or at this moment.
  if (status === 409 && code === undefined) return 'unknown';
  return status === 0 || status >= 500 ? 'unknown' : 'refused';
}
