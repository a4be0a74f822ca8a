/** The requested address of a server: a literal address, or one of a pool. */
import type { ExposureContext } from './context.ts';
import { parseIp } from '../net/ip.ts';
import { nearest } from '../text/nearest.ts';
import { checkPolicy, type PolicyMatter } from './settings/policy.ts';
import type { ExposureRefusal } from './settings/layers.ts';
import { checkPoolPolicy } from './settings/pool-policy.ts';
import { type AddressPool, readAddressPool } from '../address-pools/pool.ts';
import { isAuto, poolNamedBy, autoAddressOf } from '../address-pools/auto-address.ts';

/** An address with the check of the policy for the settings that are used with it. */
export interface AddressRequest {
  /** `auto(<pool>)` until an address is assigned. */
  readonly address: string;
  readonly family: 4 | 6;
  /** The refusal by policy. */
  readonly judge: (matter: PolicyMatter) => ExposureRefusal | undefined;
}

/** A refusal (GW155) if the pool does not exist. */
export function addressRequest(
  context: ExposureContext,
  address: string,
): AddressRequest | ExposureRefusal {
  const { policy, addressPools = [] } = context;
  if (!isAuto(address))
    return {
      address,
      family: parseIp(address)?.family ?? 4,
      judge: (matter) => checkPolicy(policy, { ...matter, address }),
    };
  const pool = poolFor(addressPools, poolNamedBy(address));
  if ('code' in pool) return pool;
  return {
    address: autoAddressOf(pool.name),
    family: readAddressPool(pool.name, pool).family,
    judge: (matter) => checkPoolPolicy(policy, matter, pool),
  };
}

/** `auto` without a name means the first pool. */
function poolFor(
  pools: readonly AddressPool[],
  name: string | undefined,
): AddressPool | ExposureRefusal {
  const pool = name === undefined ? pools[0] : pools.find((one) => one.name === name);
  if (pool !== undefined) return pool;
  if (name === undefined)
    return {
      code: 'GW155',
      message:
        'it requests an automatic address, but sluice.yaml has no addressPools; add one, or set an address',
    };
  const names = pools.map((one) => one.name);
  const meant = nearest(name, names);
  return {
    code: 'GW155',
    message:
      `sluice.yaml has no address pool ${name}; ` +
      (meant === undefined
        ? `addressPools has ${names.join(', ') || 'none'}`
        : `did you mean ${meant}?`),
  };
}
