/**
 * Exposures that may stay but not be created: a later rule refuses them, and they keep running
 * where they are declared.
 */
import type { Exposure } from '../exposure/exposure.ts';
import type { DeclaredState } from '../declared/declared.ts';

/**
 * Whether the refusal applies, because the owner does not have the port: neither at that address,
 * nor at another one for the same gateway. So a declared exposure may move to another address.
 */
export function isRefusedAnew(
  { refusedIfNew, address, port, protocol, gateways }: Exposure,
  owner: string,
  states: readonly DeclaredState[],
): boolean {
  if (refusedIfNew === undefined) return false;
  const declared = states.flatMap(({ exposures }) => Object.values(exposures));
  return !declared.some(
    (there) =>
      there.port === port &&
      there.protocol === protocol &&
      there.contributions.some(
        (one) =>
          one.owner === owner &&
          (there.address === address || one.gateways.some((name) => gateways.includes(name))),
      ),
  );
}
