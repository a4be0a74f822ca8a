/**
 * How many random histories each promise is tried with: what CI has time for. `SLUICE_SEEDS=200000`
 * is for a night. Schedules of the whole chain take long, so it has a part of it.
 */
export const SEEDS = Number(process.env['SLUICE_SEEDS'] ?? 2_000);

/** Milliseconds after which a test of that many histories counts as hung. */
export const PATIENCE_MS = Math.max(60_000, SEEDS * 400);
