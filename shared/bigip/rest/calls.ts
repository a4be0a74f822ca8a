/** Time and size limits for each kind of call to a device. */
import type { ExchangeLimits } from '../../runtime/meter.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Limits of one kind of call (docs/operations/limits.md has the table). */
interface CallLimit {
  readonly bytes: number;
  /** Milliseconds, if less than devices[].requestTimeout. */
  readonly longestMs?: number;
}

/**
 * 5,000 exposures with 10 members each have a declaration of 4.8 MB and a pool list of 24 MB
 * (docs/operations/limits.md).
 */
const CALLS = {
  login: { bytes: 256 * KIB },
  /** An unreachable device must not delay the end of the process. */
  logout: { bytes: 256 * KIB, longestMs: 2_000 },
  /** One small object: a role, a version, an object by name. */
  read: { bytes: MIB },
  /** One object, such as a node. */
  write: { bytes: MIB },
  /** The declaration of a partition. */
  declared: { bytes: 64 * MIB },
  /** Lists of objects, for audits and verification. */
  list: { bytes: 128 * MIB },
  /** The journal of paths: 20,000 records of at most a few hundred bytes. */
  journal: { bytes: 16 * MIB },
  /** Usually answered with a task; a synchronous declare returns the declaration. */
  declare: { bytes: 64 * MIB },
  /** Contains the declaration when finished. */
  task: { bytes: 64 * MIB },
  /** Includes at most 25 finished tasks. */
  tasks: { bytes: 160 * MIB },
} as const satisfies Readonly<Record<string, CallLimit>>;

/** The kind of a call, which decides its limits. */
export type CallKind = keyof typeof CALLS;

/** Limits of one device, which override those of the kind of call. */
export interface CallSettings {
  /** devices[].requestTimeout, in milliseconds. */
  readonly timeoutMs: number;
  /** Bytes, if answers must be smaller than usual. */
  readonly largest?: number | undefined;
  /** Bytes per second; a slower answer is given up. */
  readonly leastRate?: number | undefined;
}

/** Limits of one call, combined with the settings of the device. */
export function limitsOf(
  kind: CallKind,
  { timeoutMs, largest = Number.POSITIVE_INFINITY, leastRate }: CallSettings,
): ExchangeLimits {
  const { bytes, longestMs = timeoutMs }: CallLimit = CALLS[kind];
  return { total: Math.min(timeoutMs, longestMs), bytes: Math.min(bytes, largest), leastRate };
}
