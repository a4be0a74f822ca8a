/**
 * Detects addresses and ports held by other objects on the device before posting, because BIG-IP
 * would refuse them.
 */
import type { Exposure } from '../exposure/exposure.ts';

/** A virtual server or virtual address outside the planned partition. */
export interface AddressHolder {
  /** Full path of the object, for messages. */
  readonly path: string;
  /** An address outside /Common belongs to one partition (as3.md §3.4). */
  readonly partition: string;
  readonly address: string;
  /**
   * For a virtual server, 0 means all ports; undefined for a virtual address, which holds no port.
   */
  readonly port?: number;
  /** `tcp`, `udp`, `any` …; undefined means any. */
  readonly protocol?: string;
}

/** The reason why BIG-IP would refuse the address or port. */
export interface AddressConflict {
  readonly code: string;
  readonly reason: string;
}

/**
 * A virtual address in /Common can be used from all partitions, so there only address and port
 * together conflict; in any other partition the address is exclusive (mcpd 0107176c, as3.md §3.4).
 * A wildcard port yields to an exact one.
 */
export function conflictWithForeign(
  wanted: Pick<Exposure, 'address' | 'port' | 'protocol'>,
  holders: readonly AddressHolder[],
): AddressConflict | undefined {
  const there = holders.filter((holder) => plain(holder.address) === wanted.address);
  const virtual = there.find(
    (holder) =>
      holder.port === wanted.port && [undefined, 'any', wanted.protocol].includes(holder.protocol),
  );
  if (virtual) {
    return {
      code: 'BIP422',
      reason:
        `virtual server ${virtual.path} on the device already uses ` +
        `${wanted.address}:${wanted.port}; remove it, or choose another port or address`,
    };
  }
  const other = there.find((holder) => holder.partition !== 'Common');
  if (!other) return undefined;
  return {
    code: 'BIP423',
    reason:
      `${other.path} holds ${wanted.address} for partition ${other.partition}; ` +
      'use that partition, or choose another address',
  };
}

/** An index, because scanning thousands of holders per exposure is too slow. */
export function byPlainAddress(
  holders: readonly AddressHolder[],
): ReadonlyMap<string, readonly AddressHolder[]> {
  return Map.groupBy(holders, ({ address }) => plain(address));
}

/** Whether anything holds one of the addresses. */
export function areHeld(
  holders: readonly AddressHolder[],
  addresses: ReadonlySet<string>,
): boolean {
  return holders.some(({ address }) => addresses.has(plain(address)));
}

/** Without route domain and mask. */
function plain(address: string): string {
  return address.replace(/[%/].*$/, '');
}
