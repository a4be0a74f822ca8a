/**
 * Who leads for an ingress, noted on its Service: there a process sees it that uses another Lease.
 */
import * as z from 'zod';

/** The fields of the annotation; others are tolerated. */
const LeaderRecord = z.object({
  /** `namespace/name` of the Lease that the leader holds. */
  lease: z.string().regex(/^[^/]{1,253}\/[^/]{1,253}$/),
  /** As in the Lease. */
  holder: z.string().min(1).max(1_000),
  /** When it was written, by the API server's clock. */
  time: z.iso.datetime(),
});
/** The content of the annotation. */
export type LeaderRecord = z.infer<typeof LeaderRecord>;

/** Field manager of the annotation. */
export const LEADER_MANAGER = 'sluice-leader';

/** Another cluster id is another Sluice, which has its own annotation. */
export function leaderAnnotation(cluster: string): string {
  return `leader.sluice.io/${cluster}`;
}

/** Undefined for a missing or malformed annotation: it names no leader. */
export function readLeaderRecord(text: string | undefined): LeaderRecord | undefined {
  if (text === undefined) return undefined;
  try {
    return LeaderRecord.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** A record that was not renewed for so many milliseconds counts for nothing. */
export const STALE_MS = 2 * 3_600_000;
/** A Lease that was not renewed for so many milliseconds has no holder, whatever the clocks. */
export const LAPSED_MS = 5 * 60_000;
/** The leader renews its record after so many milliseconds. */
export const RENEW_MS = 3_600_000;

/**
 * Whether the record names a leader that this Lease does not hold back. `now`: the API server's
 * time in milliseconds since 1970.
 */
export function namesAnother(
  record: LeaderRecord,
  { lease, now }: { readonly lease: string; readonly now: number },
): boolean {
  return record.lease !== lease && Math.abs(now - Date.parse(record.time)) < STALE_MS;
}
