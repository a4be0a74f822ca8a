/** Applies the requirements of the policy to a server whose place is known. */
import { type AddressRange, cidrRange } from '../address-pools/range.ts';
import { readAddressPool } from '../address-pools/pool.ts';
import { poolOfAutoAddress } from '../address-pools/auto-address.ts';
import { type Candidate, serverInWords } from './sources/candidates.ts';
import type { ExposureContext } from './context.ts';
import type { Placement, Protocol } from './place.ts';
import {
  addRequired,
  type Requirement,
  requirementRefusal,
  requirementsFor,
  unmetInFleet,
  unmetOverUdp,
  unmetRequirements,
} from './settings/requirements.ts';
import type { Withheld } from './withheld.ts';

/** A server with the settings that the policy adds. */
export interface CompleteServer {
  readonly candidate: Candidate;
  readonly requirements: readonly Requirement[];
  /** The reason why it is not newly exposed; what is declared stays with its settings. */
  readonly lacking?: Withheld | undefined;
}

/** The addresses that the exposure may get, or keep: also one that was reserved afterwards. */
function addressesOf(
  { addressPools = [] }: ExposureContext,
  address: string,
): readonly AddressRange[] {
  const name = poolOfAutoAddress(address);
  const pool = addressPools.find((one) => one.name === name);
  return pool === undefined
    ? [cidrRange(address) ?? []].flat()
    : readAddressPool(pool.name, pool).ranges;
}

/** Adds required settings; `protocol` is that of its first virtual server. */
export function completeServer(
  context: ExposureContext,
  candidate: Candidate,
  { place, protocol }: { readonly place: Placement; readonly protocol: Protocol },
): CompleteServer {
  const { requirements: rules = [], serviceBundles = [], fleet } = context;
  if (rules.length === 0) return { candidate, requirements: [] };
  const { port, partition, envoyPort: listener } = place;
  const requirements = requirementsFor(rules, serviceBundles, {
    matter: { namespace: candidate.namespace, port, listener, partition },
    addresses: addressesOf(context, place.address),
  });
  const merged = addRequired(candidate.layers, candidate.merged, requirements);
  const unmet = unmetRequirements(merged, requirements);
  const refusal = requirementRefusal(serverInWords(candidate), [
    ...unmet,
    ...(protocol === 'udp' ? unmetOverUdp(requirements) : []),
    ...(unmet.length === 0 && fleet ? unmetInFleet(merged, requirements, fleet) : []),
  ]);
  return {
    candidate: { ...candidate, merged },
    requirements,
    lacking: refusal && { refusal, onlyAnew: true },
  };
}
