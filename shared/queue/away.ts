/** Distinguishes errors of unavailable services from errors caused by the message itself. */
import { errorCode, errorName } from '../telemetry/errors.ts';

/** Compared by name, because on one host errors come from several bundles with separate classes. */
const OURS: ReadonlySet<string> = new Set([
  'DeviceError',
  'QueueError',
  'ConfigError',
  'ReplayError',
  'KubernetesError',
  'Fenced',
  'LeaseLost',
  'AbortError',
  'TimeoutError',
]);
/**
 * System error numbers such as ECONNRESET and ENOSPC, and those of the HTTP client. Node's own
 * argument errors begin with `ERR_` and do not match.
 */
const SYSTEM = /^(E[A-Z0-9]+|UND_ERR_[A-Z_]+)$/;

/**
 * Whether a device, queue, store, secret or the network is unavailable. A retry may succeed, and
 * the message is not at fault.
 */
export function isOutage(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  // A message that is too large stays too large.
  if (code === 'Q604') return false;
  return OURS.has(errorName(error)) || SYSTEM.test(code) || isAnswer(error);
}

/** The AWS SDK sets these fields on errors of a server, including timeouts. */
function isAnswer(error: unknown): boolean {
  return typeof error === 'object' && error !== null && '$metadata' in error;
}
