/** The member guard: readiness, cordon or absence never take out the last member nor more than half of a pool. */

/** Of a pool: how many the word of Kubernetes would take out, and how many would be left. More than half, or the last, is too many. */
export function takesTooMany(leaving: number, staying: number): boolean {
  return leaving > staying;
}
