/**
 * The member guard: readiness, cordons or absence never remove the last member nor more than half
 * of a pool.
 */
import type { ExpressReason } from './event.ts';

/**
 * A terminating pod leaves in any case; all other reasons are reports of Kubernetes, which monitors
 * may contradict.
 */
export function isGuarded(because: ExpressReason): boolean {
  return because === 'unready' || because === 'cordoned' || because === 'node-not-ready';
}
