/**
 * The member guard: readiness, cordons or absence never remove the last member nor more than half
 * of a pool.
 */

/**
 * Number of members of a pool that would leave on a report of Kubernetes, and number that would
 * stay. More than half, or the last one, is too many.
 */
export function takesTooMany(leaving: number, staying: number): boolean {
  return leaving > staying;
}
