/**
 * Recommended limits, which are reported but never enforced. `docs/operations/limits.md` has the
 * measurements.
 */
import { parseOwner } from '../snapshot/snapshot.ts';
import type { DeclaredState } from '../declared/declared.ts';

/** See docs/operations/limits.md for the measurements. */
export const RECOMMENDED_LIMITS = {
  /** Per partition. */
  exposures: 1_000,
  /** Bytes of a partition's declaration. */
  bytes: 2_000_000,
  /** Per pool. */
  members: 100,
  /** Per device. */
  clusters: 100,
} as const;

/** A recommended limit that a declaration exceeds. */
export interface LimitExceeded {
  readonly code: 'BIP460' | 'BIP461' | 'BIP462';
  readonly message: string;
}

const WHERE = 'see docs/operations/limits.md';
/** Pools in one message; the others are counted. */
const MAX_NAMED = 3;

/** Exceeded limits of one partition; `bytes` is the size of its declaration. */
export function partitionLimitsExceeded(
  state: Pick<DeclaredState, 'exposures'>,
  bytes: number,
): readonly LimitExceeded[] {
  const exposures = Object.entries(state.exposures);
  const pools = exposures
    .map(([key, e]) => ({
      key,
      members: e.contributions.reduce((sum, c) => sum + c.members.length, 0),
    }))
    .filter(({ members }) => members > RECOMMENDED_LIMITS.members);
  return [
    ...(exposures.length > RECOMMENDED_LIMITS.exposures || bytes > RECOMMENDED_LIMITS.bytes
      ? [tooMuch(exposures.length, bytes)]
      : []),
    ...(pools.length > 0 ? [tooWide(pools)] : []),
  ];
}

/** The limit of a partition as a whole (BIP460). `bytes` of its declaration. */
function tooMuch(exposures: number, bytes: number): LimitExceeded {
  const message =
    `holds ${exposures} exposures in ${bytes} bytes; ` +
    `the recommended maximum is ${RECOMMENDED_LIMITS.exposures} ` +
    `and ${RECOMMENDED_LIMITS.bytes}, because every change reads, ` +
    'posts and compares the whole partition. ' +
    `Spread them over several partitions (devices[].spread), ${WHERE}`;
  return { code: 'BIP460', message };
}

/** The limit of single pools (BIP461); the largest ones are named. */
function tooWide(
  pools: readonly { readonly key: string; readonly members: number }[],
): LimitExceeded {
  const widest = pools.toSorted((a, b) => b.members - a.members);
  const named = widest.slice(0, MAX_NAMED).map(({ key, members }) => `${key} (${members})`);
  const more = widest.length > MAX_NAMED ? ` and ${widest.length - MAX_NAMED} more` : '';
  return {
    code: 'BIP461',
    message:
      `has pools of more than ${RECOMMENDED_LIMITS.members} members: ` +
      `${named.join(', ')}${more}; ` +
      `use members: nodes, a nodeSelector or fewer gateway pods, ${WHERE}`,
  };
}

/** Exceeded limits of one device, over all its partitions. */
export function deviceLimitsExceeded(
  states: readonly Pick<DeclaredState, 'exposures'>[],
): readonly LimitExceeded[] {
  const owners = new Set(
    states.flatMap((state) =>
      Object.values(state.exposures).flatMap((e) => e.contributions.map((c) => c.owner)),
    ),
  );
  const clusters = new Set([...owners].map((owner) => parseOwner(owner).cluster));
  if (clusters.size <= RECOMMENDED_LIMITS.clusters) return [];
  return [
    {
      code: 'BIP462',
      message:
        `serves ${clusters.size} clusters; ` +
        `the recommended maximum is ${RECOMMENDED_LIMITS.clusters}, ` +
        `because all of them wait for one AS3 lock. Move some to another device, ${WHERE}`,
    },
  ];
}
