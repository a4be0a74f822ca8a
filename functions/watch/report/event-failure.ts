/**
 * What a failed write of an Event means for the next one: wait with this object, with all, or give
 * up.
 */
import { Fenced, KubernetesError } from '../../../shared/kubernetes/index.ts';

/** Consequence of a failed write of an Event, and the time of the next attempt in milliseconds. */
export type EventFailure =
  /** The same Event would be refused again; a missing permission may be granted later. */
  | { readonly kind: 'final'; readonly again?: number }
  /** Only this object must wait. */
  | { readonly kind: 'object' }
  /** All objects must wait. */
  | { readonly kind: 'api'; readonly after?: number | undefined };

/** A missing permission is not granted from one second to the next. */
const FORBIDDEN_AGAIN_MS = 5 * 60_000;
/** No answer, invalid token, too many requests, overload. */
const OF_THE_API = new Set([0, 401, 429, 503, 504]);
/** Temporary refusals. */
const PASSING = new Set([408, 409]);

/** Classifies errors of the Kubernetes API. */
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

/**
 * Distinguishes a missing permission from a terminating namespace and an admission policy, which
 * are also 403.
 */
function isMissingRight({ status, message }: KubernetesError): boolean {
  return status === 403 && / cannot \w+ resource /.test(message);
}
