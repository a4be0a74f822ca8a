/** What each kind of call to a device may take: in time, and in bytes of the answer. */
import type { ExchangeLimits } from '../runtime/meter.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

interface CallLimit {
  readonly bytes: number;
  /** Milliseconds, where less than devices[].requestTimeout. */
  readonly longest?: number;
}

/** 5,000 exposures with 10 members each are 4.8 MB declared and 24 MB as a list of pools (docs/operations/limits.md). */
const CALLS = {
  login: { bytes: 256 * KIB },
  /** A device that is away must not hold up a process that ends. */
  logout: { bytes: 256 * KIB, longest: 2_000 },
  /** One small thing: a role, a version, an object by its name. */
  read: { bytes: MIB },
  /** One object, such as a node. */
  write: { bytes: MIB },
  /** What a partition declares. */
  declared: { bytes: 64 * MIB },
  /** Objects of the device: for the audit, and to verify a declare. */
  list: { bytes: 128 * MIB },
  /** Answered with a task; a device that declares at once answers with the declaration. */
  declare: { bytes: 64 * MIB },
  /** Holds the declaration when it is done. */
  task: { bytes: 64 * MIB },
  /** At most 25 that are done. */
  tasks: { bytes: 160 * MIB },
} as const satisfies Readonly<Record<string, CallLimit>>;

export type CallKind = keyof typeof CALLS;

export interface CallSettings {
  /** devices[].requestTimeout, in milliseconds. */
  readonly timeout: number;
  /** Bytes, where answers have to be smaller than usual. */
  readonly largest?: number | undefined;
  readonly leastRate?: number | undefined;
}

export function limitsOf(
  kind: CallKind,
  { timeout, largest = Number.POSITIVE_INFINITY, leastRate }: CallSettings,
): ExchangeLimits {
  const { bytes, longest = timeout }: CallLimit = CALLS[kind];
  return { total: Math.min(timeout, longest), bytes: Math.min(bytes, largest), leastRate };
}
