/**
 * Full jitter: a random time up to the doubled bound, so that many clients do not retry at the same
 * time.
 */
export function fullJitter(
  attempt: number,
  limits: { readonly base: number; readonly max: number },
  random: () => number,
): number {
  return Math.floor(random() * Math.min(limits.max, limits.base * 2 ** Math.min(attempt, 30)));
}
