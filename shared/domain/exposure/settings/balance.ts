/** Which methods of balancing a fleet can give a ratio. */
import type { Settings } from './settings.ts';

type Balance = Settings['balance'];

/** Methods that prefer members with few connections; with a ratio, relative to the ratio. */
const BY_LOAD: ReadonlySet<Balance> = new Set<Balance>([
  'least-connections-member',
  'least-connections-node',
  'weighted-least-connections-member',
  'weighted-least-connections-node',
  'ratio-least-connections-member',
  'ratio-least-connections-node',
  'least-sessions',
]);
/** Methods that mode ratio replaces by one that counts connections by ratio. */
const BY_RATIO: ReadonlySet<Balance> = new Set<Balance>([
  'ratio-member',
  'ratio-node',
  'round-robin',
]);

/**
 * Whether mode ratio can replace this method; the others weigh members by measurements of the
 * device.
 */
export function supportsRatio(balance: Balance): boolean {
  return BY_LOAD.has(balance) || BY_RATIO.has(balance);
}

/**
 * The method that respects the ratio. It uses the ratio of nodes, which AS3 never changes; for
 * shared nodes in /Common, which Sluice does not write, the ratio of members.
 */
export function ratioBalance(wished: Balance, shareNodes: boolean): Balance {
  if (BY_LOAD.has(wished))
    return shareNodes ? 'ratio-least-connections-member' : 'ratio-least-connections-node';
  return shareNodes ? 'ratio-member' : 'ratio-node';
}
