/** Addresses and ports that others on the device hold: BIG-IP would refuse them, so they are found before posting. */
import type { Exposure } from '../exposure/exposure.ts';

/** A virtual server or virtual address outside the partition that is planned. */
export interface AddressHolder {
  readonly path: string;
  readonly partition: string;
  readonly address: string;
  /** Of a virtual server, 0 for all; undefined for a virtual address, which as such holds no port. */
  readonly port?: number;
  /** `tcp`, `udp`, `any` …; undefined counts as any. */
  readonly protocol?: string;
}

export interface AddressConflict {
  readonly code: string;
  readonly reason: string;
}

/**
 * A virtual address in /Common can be used from everywhere, so only address and port together clash there; one in any other
 * partition is that partition's alone (mcpd 0107176c, as3.md §3.4). A wildcard port gives way to an exact one.
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
      reason: `virtual server ${virtual.path} on the device already uses ${wanted.address}:${wanted.port}; remove it, or choose another port or address`,
    };
  }
  const other = there.find((holder) => holder.partition !== 'Common');
  if (!other) return undefined;
  return {
    code: 'BIP423',
    reason: `${other.path} holds ${wanted.address} for partition ${other.partition}; use that partition, or choose another address`,
  };
}

/** With thousands of them nobody wants to look through all for each exposure. */
export function byPlainAddress(
  holders: readonly AddressHolder[],
): ReadonlyMap<string, readonly AddressHolder[]> {
  return Map.groupBy(holders, ({ address }) => plain(address));
}

/** Without route domain and mask. */
function plain(address: string): string {
  return address.replace(/[%/].*$/, '');
}
