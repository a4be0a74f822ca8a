/** IP addresses as numbers: comparison, canonical form and CIDR membership. */
import ipaddr from 'ipaddr.js';

/** An address without a zone, as a number of 32 or 128 bits. */
export interface Ip {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** Four decimal parts: leading zeros are octal in some programs and decimal in others. */
const DOTTED = '(?:0|[1-9]\\d{0,2})(?:\\.(?:0|[1-9]\\d{0,2})){3}';

/** ipaddr.js also reads `10.1`, `0x0a000001`, `010.0.0.1` and `fe80::1%eth0`. */
const STRICT = new RegExp(`^(?:${DOTTED}|[\\da-f:]*:(?:[\\da-f]*|${DOTTED}))$`, 'i');

/** ipaddr.js takes `::192.0.2.1` for `::ffff:192.0.2.1`, but `0::192.0.2.1` for itself. */
const DEPRECATED = /^::(?=[\d.]+$)/;

/**
 * Strict: four-part decimal IPv4 without leading zeros, or IPv6 without a zone; undefined
 * otherwise.
 */
export function parseIp(text: string): Ip | undefined {
  if (!STRICT.test(text)) return undefined;
  try {
    if (!text.includes(':')) {
      const { octets } = ipaddr.IPv4.parse(text);
      return { family: 4, value: BigInt(octets.reduce((sum, one) => sum * 256 + one, 0)) };
    }
    const { parts } = ipaddr.IPv6.parse(text.replace(DEPRECATED, '0::'));
    return { family: 6, value: parts.reduce((sum, one) => (sum << 16n) | BigInt(one), 0n) };
  } catch {
    return undefined;
  }
}

/** The canonical form of an address (RFC 5952), so that equal addresses are equal strings. */
export function formatIp({ family, value }: Ip): string {
  const bytes: number[] = [];
  for (let shift = family === 4 ? 24n : 120n; shift >= 0n; shift -= 8n)
    bytes.push(Number((value >> shift) & 0xffn));
  return ipaddr.fromByteArray(bytes).toString();
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
/** Read with the first address, because a cold start would wait for it. */
let unusable: readonly Cidr[] | undefined;

/**
 * Whether it can be a virtual address: not unspecified, link-local, multicast, reserved or
 * broadcast.
 */
export function isUsableVirtualAddress(ip: Ip): boolean {
  unusable ??= UNUSABLE_ADDRESSES.flatMap((text) => parseCidr(text) ?? []);
  return !unusable.some((cidr) => inCidr(ip, cidr));
}
