/** Whether an error says that something which is needed is away, or that the message in hand is at fault. */
import { errorCode, errorName } from '../telemetry/errors.ts';

/** By name: on one host the errors come from several bundles, whose classes differ. */
const OURS: ReadonlySet<string> = new Set([
  'DeviceError',
  'QueueError',
  'ConfigError',
  'ReplayError',
  'KubernetesError',
  'Fenced',
  'AbortError',
  'TimeoutError',
]);
/** The error numbers of the system, such as ECONNRESET and ENOSPC, and those of the HTTP client. What Node itself says of a wrong argument begins with `ERR_`. */
const SYSTEM = /^(E[A-Z0-9]+|UND_ERR_[A-Z_]+)$/;

/** A device, a queue, the store, a secret or the network: the next try may find it again, and no message is to blame. */
export function isAway(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  // What does not fit into a message fits no better the next time.
  if (code === 'Q604') return false;
  return OURS.has(errorName(error)) || SYSTEM.test(code) || isAnswer(error);
}

/** The AWS SDK marks so what a server answered, or did not. */
function isAnswer(error: unknown): boolean {
  return typeof error === 'object' && error !== null && '$metadata' in error;
}
