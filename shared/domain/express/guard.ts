/** The member guard: readiness, cordon or absence never take out the last member nor more than half of a pool. */
import type { ExpressReason } from './event.ts';

/** A terminating pod goes anyway; everything else is only the word of Kubernetes, and monitors may know better. */
export function isGuarded(because: ExpressReason): boolean {
  return because === 'unready' || because === 'cordoned' || because === 'node-not-ready';
}
