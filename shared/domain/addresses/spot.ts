/** Where a server wants to be offered: at an address that it names, or at one of a pool. */
import type { ExposureContext } from '../exposure/context.ts';
import { parseIp } from '../exposure/ip.ts';
import { nearest } from '../exposure/nearest.ts';
import { judgePolicy, type PolicyMatter } from '../exposure/policy.ts';
import type { Refusal } from '../exposure/source.ts';
import { judgePool } from './policy.ts';
import { type AddressPool, readPool } from './pool.ts';
import { isAuto, namedPool, wishFor } from './wish.ts';

export interface Spot {
  /** `auto(<pool>)` where it is yet to be chosen. */
  readonly address: string;
  readonly family: 4 | 6;
  /** Why the policy refuses it. */
  readonly judge: (matter: PolicyMatter) => Refusal | undefined;
}

export function spotOf(context: ExposureContext, address: string): Spot | Refusal {
  const { policy, addressPools = [] } = context;
  if (!isAuto(address))
    return {
      address,
      family: parseIp(address)?.family ?? 4,
      judge: (matter) => judgePolicy(policy, { ...matter, address }),
    };
  const pool = poolFor(addressPools, namedPool(address));
  if ('code' in pool) return pool;
  return {
    address: wishFor(pool.name),
    family: readPool(pool.name, pool).family,
    judge: (matter) => judgePool(policy, matter, pool),
  };
}

/** `auto` alone is the first pool. */
function poolFor(pools: readonly AddressPool[], name: string | undefined): AddressPool | Refusal {
  const pool = name === undefined ? pools[0] : pools.find((one) => one.name === name);
  if (pool !== undefined) return pool;
  if (name === undefined)
    return {
      code: 'GW155',
      message:
        'it asks for an automatic address, and sluice.yaml has no addressPools; add one, or name an address',
    };
  const names = pools.map((one) => one.name);
  const meant = nearest(name, names);
  return {
    code: 'GW155',
    message: `there is no address pool ${name} in sluice.yaml; ${meant === undefined ? `addressPools has ${names.join(', ') || 'none'}` : `did you mean ${meant}?`}`,
  };
}
