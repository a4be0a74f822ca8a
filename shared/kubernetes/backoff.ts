/** Full jitter: anywhere between nothing and the doubled bound, so that many clients never come back together. */
export function fullJitter(
  attempt: number,
  limits: { readonly base: number; readonly max: number },
  random: () => number,
): number {
  return Math.floor(random() * Math.min(limits.max, limits.base * 2 ** Math.min(attempt, 30)));
}
