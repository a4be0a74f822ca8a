/** Milliseconds: AWS refuses signatures at five minutes, and a watcher's epoch is refused there as well. */
export const CLOCK_SKEW_LIMIT_MS = 60_000;

/** `ahead` in milliseconds, of the other clock before ours. */
export function describeClockSkew(ahead: number, remedy: string): string {
  const seconds = Math.round(Math.abs(ahead) / 1_000);
  if (seconds <= 1) return 'the same as here';
  const side = `${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} this host`;
  return Math.abs(ahead) <= CLOCK_SKEW_LIMIT_MS ? side : `${side}; ${remedy}`;
}
