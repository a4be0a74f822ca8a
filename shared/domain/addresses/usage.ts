/** Usage of a pool on a device, and the holders of its addresses. Pure. */
import { compareAddresses, formatIp, parseIp } from '../net/ip.ts';
import type { DeclaredState } from '../declared/declared.ts';
import type { AddressHolder } from '../plan/foreign.ts';
import { portKey } from './allocation-table.ts';
import { type AddressPool, containsAddress, readAddressPool } from '../address-pools/pool.ts';
import { countAddresses } from '../address-pools/range.ts';

/** The holders of one address. */
export interface AddressUse {
  readonly address: string;
  readonly by: readonly {
    /** An owner, or the path of a foreign object on the device. */
    readonly who: string;
    /** `port/protocol`; empty for a foreign virtual address. */
    readonly exposures: readonly string[];
  }[];
}

/** The figures of a pool. They are `bigint`, because an IPv6 range exceeds a number. */
export interface PoolUsage {
  readonly name: string;
  /** As in sluice.yaml. */
  readonly ranges: readonly string[];
  /** Number of reserved addresses. */
  readonly reserved: bigint;
  /** Number of assignable addresses: `used` plus `free`. */
  readonly size: bigint;
  readonly used: bigint;
  readonly free: bigint;
  /** In order; includes reserved ones that are used. */
  readonly addresses: readonly AddressUse[];
}

/** Share of used addresses above which a pool counts as nearly full. */
const NEARLY_FULL_SHARE = 0.9;

/** Whether more than 90 % of the assignable addresses are in use. */
export function isNearlyFull({ used, size }: Pick<PoolUsage, 'used' | 'size'>): boolean {
  return Number(used) > NEARLY_FULL_SHARE * Number(size);
}

/** One use of an address, by an owner of Sluice or by another client. */
interface Use {
  readonly address: string;
  readonly who: string;
  readonly exposure?: string;
}

/** Counts addresses of declared exposures and foreign holders. */
export function poolUsage(
  pool: AddressPool,
  seen: {
    readonly states: ReadonlyMap<string, DeclaredState>;
    readonly holders: readonly AddressHolder[];
  },
): PoolUsage {
  const { ranges, free: grantable } = readAddressPool(pool.name, pool);
  const uses = [
    ...[...seen.states.values()].flatMap(declaredUses),
    ...seen.holders.flatMap(foreignUses),
  ].filter(({ address }) => containsAddress(ranges, address));
  const addresses = [...Map.groupBy(uses, ({ address }) => address)]
    .map(([address, list]) => ({ address, by: byWhom(list) }))
    .toSorted((a, b) => compareAddresses(a.address, b.address));
  const size = countAddresses(grantable);
  const used = BigInt(
    addresses.filter(({ address }) => containsAddress(grantable, address)).length,
  );
  return {
    name: pool.name,
    ranges: pool.ranges,
    reserved: countAddresses(ranges) - size,
    size,
    used,
    free: size - used,
    addresses,
  };
}

function declaredUses({ exposures }: DeclaredState): readonly Use[] {
  return Object.values(exposures).flatMap((e) =>
    e.contributions.map(({ owner }) => ({ address: e.address, who: owner, exposure: portKey(e) })),
  );
}

/** The use of an address by an object that Sluice does not manage. */
function foreignUses({ address, path, port, protocol = 'any' }: AddressHolder): readonly Use[] {
  const ip = parseIp(address.replace(/[%/].*$/, ''));
  return ip === undefined
    ? []
    : [
        {
          address: formatIp(ip),
          who: path,
          ...(port === undefined ? {} : { exposure: `${port}/${protocol}` }),
        },
      ];
}

/** The uses of one address by user, sorted, each with its exposures. */
function byWhom(uses: readonly Use[]): AddressUse['by'] {
  return [...Map.groupBy(uses, ({ who }) => who)]
    .map(([who, list]) => ({
      who,
      exposures: list.flatMap(({ exposure }) => exposure ?? []).toSorted(),
    }))
    .toSorted((a, b) => (a.who < b.who ? -1 : 1));
}
