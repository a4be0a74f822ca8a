/**
 * Whether a deadline that somebody left in a file or a declaration still holds. `longest`: the milliseconds that anybody gives; what lies
 * farther away was written before the clock was set back, and nobody waits for it.
 */
export function stillHolds(until: number, now: number, longest: number): boolean {
  return until > now && until <= now + longest;
}
