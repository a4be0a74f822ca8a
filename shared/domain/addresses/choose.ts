/**
 * Chooses the address of one owner in a pool: the current one, the claimed one, that of its
 * siblings, or the next free one.
 */
import type { Exposure, Slice } from '../exposure/exposure.ts';
import { compareAddresses, formatIp, parseIp } from '../net/ip.ts';
import { isSameContent } from '../declared/declared.ts';
import { fingerprint } from '../plan/fingerprint.ts';
import type { AllocationTable, Holding } from './allocation-table.ts';
import { isAddressFree, portKey } from './allocation-table.ts';
import { containsAddress, type AddressRanges } from '../address-pools/pool.ts';
import { addressAt, countAddresses } from '../address-pools/range.ts';

/** All requests of one owner for one pool, which get one address. */
export interface PoolRequest {
  /** Whose owner gets the address; it may name the one that it had. */
  readonly slice: Slice;
  /** The pool of sluice.yaml, as ranges. */
  readonly pool: AddressRanges;
  /** An address can be in one partition only. */
  readonly partition: string;
  /** Those that request an address of the pool. */
  readonly exposures: readonly Exposure[];
}

/** Number of requested exposures already at the address with the same gateways. */
function matches({ exposures }: PoolRequest, { ports }: Holding): number {
  return exposures.filter((e) =>
    (ports.get(portKey(e)) ?? []).some((gateway) => e.gateways.includes(gateway)),
  ).length;
}

/**
 * The best first: most exposures already there, in the right partition, claimed by the Service;
 * then by address.
 */
function best(asker: PoolRequest, holdings: readonly Holding[]): readonly Holding[] {
  const claims = asker.slice.auto?.claims ?? [];
  const rank = (one: Holding): readonly number[] => [
    matches(asker, one),
    Number(one.partition === asker.partition),
    Number(claims.includes(one.address)),
  ];
  const ranked = holdings.map((holding) => ({ holding, rank: rank(holding) }));
  const compare = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, i) => sum || (b[i] ?? 0) - value, 0);
  return ranked
    .toSorted(
      (a, b) => compare(a.rank, b.rank) || compareAddresses(a.holding.address, b.holding.address),
    )
    .map(({ holding }) => holding);
}

/**
 * Holdings that the slice does not request with a literal address, which must be earlier
 * assignments.
 */
function chosenHoldings({ holdings }: AllocationTable, asker: PoolRequest): readonly Holding[] {
  const { slice } = asker;
  const named = new Set(slice.exposures.map((e) => `${e.address} ${portKey(e)}`));
  const chosen = (one: Holding): boolean =>
    matches(asker, one) > 0 ||
    [...one.ports.keys()].some((port) => !named.has(`${one.address} ${port}`));
  return (holdings.get(slice.owner) ?? []).filter(chosen);
}

/** The current address of the ingress; kept while it is in the pool's ranges, reserved or not. */
export function keptAddress(book: AllocationTable, asker: PoolRequest): string | undefined {
  const usable = chosenHoldings(book, asker).filter(
    ({ address }) =>
      containsAddress(asker.pool.ranges, address) &&
      asker.exposures.some((e) => rivalAt(asker.slice, e, address) === undefined),
  );
  return best(asker, usable)[0]?.address;
}

/** A different exposure of the same slice that requests this address and port literally. */
export function rivalAt(
  { exposures }: Slice,
  wish: Exposure,
  address: string,
): Exposure | undefined {
  const twin = twinAt(exposures, wish, address);
  return twin === undefined || isSame(twin, wish) ? undefined : twin;
}

/** An exposure with the same address and port. */
export function twinAt(
  exposures: readonly Exposure[],
  { port, protocol }: Exposure,
  address: string,
): Exposure | undefined {
  return exposures.find(
    (other) => other.address === address && other.port === port && other.protocol === protocol,
  );
}

/** Whether two exposures would be the same virtual server once they have an address. */
function isSame(a: Exposure, b: Exposure): boolean {
  return (
    a.partition === b.partition && isSameContent([a.settings, a.members], [b.settings, b.members])
  );
}

/** The current address of the same exposures, which they leave by moving. */
export function addressBefore(book: AllocationTable, asker: PoolRequest): string | undefined {
  const there = chosenHoldings(book, asker).filter(
    (one) => matches(asker, one) > 0 && parseIp(one.address)?.family === asker.pool.family,
  );
  return best(asker, there)[0]?.address;
}

/** Whether no one else has the address and the owner's other gateways do not name it. */
function isOpenTo(
  book: AllocationTable,
  { slice, partition }: PoolRequest,
  address: string,
): boolean {
  return (
    isAddressFree(book, address, { owner: slice.owner, partition }) &&
    !slice.exposures.some((e) => e.address === address)
  );
}

/** The first usable address in the status of the Service. */
export function claimedAddress(book: AllocationTable, asker: PoolRequest): string | undefined {
  const claims = (asker.slice.auto?.claims ?? [])
    .flatMap((claim) => parseIp(claim) ?? [])
    .map(formatIp);
  return claims
    .toSorted(compareAddresses)
    .find((address) => containsAddress(asker.pool.free, address) && isOpenTo(book, asker, address));
}

/** The address of siblings, so that clusters of a fleet use the same one. */
export function siblingAddress(
  book: AllocationTable,
  asker: PoolRequest,
  chosen: readonly { readonly owner: string; readonly address: string }[],
): string | undefined {
  const { slice, pool, partition } = asker;
  const theirs = [...book.holdings].flatMap(([owner, holdings]) =>
    owner !== slice.owner && book.share(owner, slice.owner) ? holdings : [],
  );
  const declared = best(asker, theirs).map(({ address }) => address);
  const batch = chosen
    .filter(({ owner }) => book.share(owner, slice.owner))
    .map(({ address }) => address);
  return [...batch, ...declared].find(
    (address) =>
      containsAddress(pool.ranges, address) &&
      isAddressFree(book, address, { owner: slice.owner, partition }),
  );
}

/**
 * The next free address from the position of the seed, with wrap-around: mostly the same after a
 * wipe, whatever the order of requests.
 */
export function nextFree(book: AllocationTable, asker: PoolRequest): string | undefined {
  const { slice, pool } = asker;
  const size = countAddresses(pool.free);
  if (size === 0n) return undefined;
  const start = BigInt(`0x${fingerprint(slice.auto?.seed ?? slice.owner)}`) % size;
  // No more addresses can be taken than there are known holders.
  const known = BigInt(book.occupants.size + book.foreign.size) + 1n;
  for (let i = 0n; i < size && i < known; i++) {
    const address = addressAt(pool.free, (start + i) % size);
    if (address !== undefined && isOpenTo(book, asker, address)) return address;
  }
  return undefined;
}
