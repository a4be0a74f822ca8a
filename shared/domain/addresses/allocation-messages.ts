/** Messages about address assignments. */
import type { Note } from '../exposure/exposure.ts';
import { parseOwner } from '../snapshot/snapshot.ts';
import type { PoolRequest } from './choose.ts';
import { containsAddress } from '../address-pools/pool.ts';

/** The result of an address request. */
export type Allocation =
  | { readonly kind: 'kept'; readonly asker: PoolRequest; readonly address: string }
  /** `from`: the previous address of the same exposures. */
  | {
      readonly kind: 'new';
      readonly asker: PoolRequest;
      readonly address: string;
      readonly from: string | undefined;
    }
  /** Kept although it is not valid, because no better address is available. */
  | {
      readonly kind: 'left';
      readonly asker: PoolRequest;
      readonly address: string;
      readonly because: string;
    }
  | {
      readonly kind: 'none';
      readonly asker: PoolRequest;
      readonly code: string;
      readonly reason: string;
    };

/** Code and message of an exposure that gets no address. */
export type AllocationFailure = Pick<Extract<Allocation, { kind: 'none' }>, 'code' | 'reason'>;

/** OWN350: every address of the pool is in use or reserved. */
export function poolExhausted({ slice, pool }: PoolRequest): AllocationFailure {
  const reason =
    `pool ${pool.name} has no free address on ${slice.device}: ` +
    'each is reserved, assigned to another ingress or used elsewhere on the device ' +
    `("sluice addresses" lists them); widen addressPools[].ranges of ${pool.name}, ` +
    'or free an address. Sluice tries again with every snapshot';
  return { code: 'OWN350', reason };
}

/** OWN353: addresses in partitions that cannot be read might be in use, so none is assigned. */
export function unreadablePartitions(
  { slice, pool }: PoolRequest,
  unreadable: readonly string[],
): AllocationFailure {
  const where = `partition ${unreadable.join(', ')} of ${slice.device}`;
  return {
    code: 'OWN353',
    reason:
      `no address of pool ${pool.name} is assigned while ${where} cannot be read, ` +
      'because the addresses used there are unknown; correct that partition first',
  };
}

/**
 * OWN354: the gateways of an ingress share one address, so they cannot use one port for different
 * exposures.
 */
export function requestedTwice(key: string, gateways: readonly string[]): AllocationFailure {
  return {
    code: 'OWN354',
    reason:
      `its automatic address is named by ${gateways.join(', ')} of the same ingress, ` +
      `with the same port (${key}) but other settings or members; ` +
      'use another port or address there',
  };
}

/** Notes for users about an assignment. */
export function allocationNotes(choice: Allocation): readonly Note[] {
  const { asker } = choice;
  const { namespace, service } = parseOwner(asker.slice.owner).ingress;
  const say = (code: string, message: string): readonly Note[] => [
    { object: `Service ${namespace}/${service}`, code, message },
  ];
  if (choice.kind === 'left') {
    return say(
      'OWN351',
      `keeps ${choice.address} on ${asker.slice.device}, ` +
        `which is outside pool ${asker.pool.name}, because ${choice.because}`,
    );
  }
  if (choice.kind === 'new' && choice.from !== undefined) {
    const why = containsAddress(asker.pool.ranges, choice.from)
      ? 'is named by another Gateway of the ingress, with the same port'
      : `is outside pool ${asker.pool.name}`;
    return say(
      'OWN352',
      `moves from ${choice.from} to ${choice.address} on ${asker.slice.device}, because ${choice.from} ${why}`,
    );
  }
  return [];
}
