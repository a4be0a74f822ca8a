/** Address ranges: parsing and arithmetic. */
import { formatIp, type Ip, parseCidr, parseIp } from '../net/ip.ts';

/** From `first` to `last`, inclusive. */
export interface AddressRange {
  /** Ranges of different families never overlap. */
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** All addresses of a CIDR or a single address. */
export function cidrRange(text: string): AddressRange | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) return undefined;
  const { family, value } = cidr.ip;
  const rest = BigInt((family === 4 ? 32 : 128) - cidr.bits);
  const first = (value >> rest) << rest;
  return { family, first, last: first + (1n << rest) - 1n };
}

/** `10.0.0.10-10.0.0.20`; undefined if the ends do not match. */
function fromTo(text: string): AddressRange | undefined {
  const [first, last, ...more] = text.split('-').map((part) => parseIp(part.trim()));
  if (first === undefined || last === undefined || more.length > 0) return undefined;
  return first.family === last.family && first.value <= last.value
    ? { family: first.family, first: first.value, last: last.value }
    : undefined;
}

/** Parses a CIDR, a single address, or from-to. */
export function parseRange(text: string): AddressRange | undefined {
  return text.includes('-') ? fromTo(text) : cidrRange(text);
}

/**
 * The assignable addresses of a range. Excludes the network and broadcast address of an IPv4 CIDR,
 * and the router anycast address of an IPv6 CIDR (RFC 4291 §2.6.1); from-to includes them.
 */
export function usableRange(text: string): AddressRange | undefined {
  const range = parseRange(text);
  if (range === undefined || !text.includes('/') || range.last - range.first < 2n) return range;
  return range.family === 4
    ? { ...range, first: range.first + 1n, last: range.last - 1n }
    : { ...range, first: range.first + 1n };
}

/** Whether the range contains the address. Families never match each other. */
export function inRange({ family, value }: Ip, range: AddressRange): boolean {
  return family === range.family && range.first <= value && value <= range.last;
}

/** Whether two ranges share at least one address. */
export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** A bigint, because an IPv6 range exceeds the integers of a number. */
export function countAddresses(ranges: readonly AddressRange[]): bigint {
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
}

/** The remaining ranges, in their order. */
export function subtractRanges(
  ranges: readonly AddressRange[],
  taken: readonly AddressRange[],
): readonly AddressRange[] {
  return taken.reduce<readonly AddressRange[]>(
    (left, gap) => left.flatMap((range) => cut(range, gap)),
    ranges,
  );
}

/** What remains of a range without a gap: none, one or two ranges. */
function cut(range: AddressRange, gap: AddressRange): readonly AddressRange[] {
  if (!rangesOverlap(range, gap)) return [range];
  const before = { ...range, last: gap.first - 1n };
  const after = { ...range, first: gap.last + 1n };
  return [before, after].filter(({ first, last }) => first <= last);
}

/** The address at a position, counted over all ranges. */
export function addressAt(ranges: readonly AddressRange[], position: bigint): string | undefined {
  let left = position;
  for (const { family, first, last } of ranges) {
    if (left <= last - first) return formatIp({ family, value: first + left });
    left -= last - first + 1n;
  }
  return undefined;
}

/** The shortest form: an address, or from-to. */
export function formatRange({ family, first, last }: AddressRange): string {
  const [from, to] = [formatIp({ family, value: first }), formatIp({ family, value: last })];
  return from === to ? from : `${from}-${to}`;
}
