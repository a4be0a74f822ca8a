/**
 * How many random histories each promise is tested with: in CI all of them take less than a minute;
 * `SLUICE_SEEDS=200000` is for a night.
 */
export const SEEDS = Number(process.env['SLUICE_SEEDS'] ?? 300);
