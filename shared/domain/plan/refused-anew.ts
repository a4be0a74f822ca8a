/** Exposures that may stay where they are and not come anew: what a later rule refuses keeps running where it runs. */
import type { Exposure } from '../exposure/exposure.ts';
import type { DeclaredState } from '../declared/declared.ts';

/**
 * Whether the refusal holds, because its owner does not have the port: neither at that address, nor at another one for the same gateway.
 * So an exposure that is there may move to another address.
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
