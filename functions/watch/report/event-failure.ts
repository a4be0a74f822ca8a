import { Fenced, KubernetesError } from '../../../shared/kubernetes/index.ts';

/** What a failed write of an Event means for others, and when to try again, in milliseconds. */
export type EventFailure =
  /** The same words will be refused again; where a right is missing, it may have been granted later. */
  | { readonly kind: 'final'; readonly again?: number }
  /** This object has to wait. */
  | { readonly kind: 'object' }
  /** Everybody has to wait. */
  | { readonly kind: 'api'; readonly after?: number | undefined };

const FORBIDDEN_AGAIN_MS = 5 * 60_000;
/** No answer, no valid token, too many requests, overloaded. */
const OF_THE_API = new Set([0, 401, 429, 503, 504]);
/** Refusals of a moment. */
const PASSING = new Set([408, 409]);

export function failureOf(error: unknown): EventFailure {
  if (error instanceof Fenced) return { kind: 'api' };
  if (!(error instanceof KubernetesError)) return { kind: 'object' };
  const { status, retryAfter } = error;
  if (OF_THE_API.has(status)) return { kind: 'api', after: retryAfter };
  if (isMissingRight(error)) return { kind: 'final', again: FORBIDDEN_AGAIN_MS };
  return status < 400 || status >= 500 || PASSING.has(status)
    ? { kind: 'object' }
    : { kind: 'final' };
}

/** Unlike a namespace that terminates and an admission policy, which say 403 as well. */
function isMissingRight({ status, message }: KubernetesError): boolean {
  return status === 403 && / cannot \w+ resource /.test(message);
}
