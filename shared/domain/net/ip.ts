/** IP addresses as numbers: comparison, canonical form and CIDR membership. */
export interface Ip {
  readonly family: 4 | 6;
  readonly value: bigint;
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    // Leading zeros are octal in some programs and decimal in others, so neither is accepted.
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256n + BigInt(part);
  }
  return value;
}

function groupsOf(text: string): readonly bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  for (const part of text.split(':')) {
    if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
    groups.push(BigInt(`0x${part}`));
  }
  return groups;
}

/** Rewrites the IPv4 part of addresses such as `::ffff:192.0.2.1` as two groups. */
function withoutDots(text: string): string | undefined {
  if (!text.includes('.')) return text;
  const cut = text.lastIndexOf(':');
  const v4 = parseV4(text.slice(cut + 1));
  return v4 === undefined
    ? undefined
    : `${text.slice(0, cut + 1)}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
}

function parseV6(text: string): bigint | undefined {
  const plain = withoutDots(text);
  const halves = plain?.split('::') ?? [];
  if (halves.length < 1 || halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '');
  const tail = groupsOf(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  const gap = 8 - head.length - tail.length;
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined;
  return [...head, ...Array<bigint>(gap).fill(0n), ...tail].reduce(
    (sum, group) => (sum << 16n) | group,
    0n,
  );
}

/**
 * Strict: four-part decimal IPv4 without leading zeros, or IPv6 without a zone; undefined
 * otherwise.
 */
export function parseIp(text: string): Ip | undefined {
  const family = text.includes(':') ? 6 : 4;
  const value = family === 6 ? parseV6(text) : parseV4(text);
  return value === undefined ? undefined : { family, value };
}

function formatV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  const zeros = [...groups.join(':').matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].sort(
    (a, b) => b[0].length - a[0].length || a.index - b.index,
  )[0];
  if (zeros === undefined) return groups.join(':');
  const text = groups.join(':');
  return `${text.slice(0, zeros.index).replace(/:$/, '')}::${text.slice(zeros.index + zeros[0].length).replace(/^:/, '')}`;
}

/** The canonical form of an address (RFC 5952), so that equal addresses are equal strings. */
export function formatIp(ip: Ip): string {
  if (ip.family === 6) return formatV6(ip.value);
  return [24n, 16n, 8n, 0n].map((shift) => String((ip.value >> shift) & 255n)).join('.');
}

/** By value; text that is no address counts as the lowest one. */
export function compareAddresses(a: string, b: string): number {
  const [x = 0n, y = 0n] = [parseIp(a)?.value, parseIp(b)?.value];
  if (x === y) return 0;
  return x < y ? -1 : 1;
}

/** A network; `ip` may have host bits set. */
export interface Cidr {
  readonly ip: Ip;
  readonly bits: number;
}

/** `10.0.0.0/8`, or a single address. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length, ...rest] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || rest.length > 0) return undefined;
  const width = ip.family === 4 ? 32 : 128;
  if (length === undefined) return { ip, bits: width };
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : -1;
  return bits >= 0 && bits <= width ? { ip, bits } : undefined;
}

/** Whether the network contains the address. Families never match each other. */
export function inCidr(ip: Ip, cidr: Cidr): boolean {
  if (ip.family !== cidr.ip.family) return false;
  const rest = BigInt((ip.family === 4 ? 32 : 128) - cidr.bits);
  return ip.value >> rest === cidr.ip.value >> rest;
}

/** Whether one contains the other, or they are equal. */
export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return a.bits <= b.bits ? inCidr(b.ip, a) : inCidr(a.ip, b);
}

/** Unspecified, link-local, multicast, reserved or broadcast, as CIDR. */
export const UNUSABLE_ADDRESSES = ['0.0.0.0/8', '224.0.0.0/3', '::/128', 'ff00::/8', 'fe80::/10'];
const UNUSABLE = UNUSABLE_ADDRESSES.flatMap((text) => parseCidr(text) ?? []);

/**
 * Whether it can be a virtual address: not unspecified, link-local, multicast, reserved or
 * broadcast.
 */
export function isUsableVirtualAddress(ip: Ip): boolean {
  return !UNUSABLE.some((cidr) => inCidr(ip, cidr));
}
