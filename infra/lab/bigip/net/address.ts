/** Addresses and networks in route domains: `10.0.0.1%2`, `10.0.0.0%2/24`. */
import { type Cidr, formatIp, type Ip, parseIp } from '../../../../shared/domain/net/ip.ts';
import { formatCidr } from '../../../../shared/domain/net/cidr-list.ts';

/** An address in a route domain. */
export interface Placed {
  readonly ip: Ip;
  readonly domain: number;
}

/** A network in a route domain. */
export interface Block {
  readonly cidr: Cidr;
  readonly domain: number;
}

const PLACED = /^([^%/]+)(?:%(\d{1,5}))?$/;
const BLOCK = /^([^%/]+)(?:%(\d{1,5}))?\/(\d{1,3})$/;

/** Route domain 0 if the text names none; undefined for what is no address. */
export function parseAddress(text: string): Placed | undefined {
  const [, address = '', domain = '0'] = PLACED.exec(text) ?? [];
  const ip = parseIp(address);
  return ip === undefined ? undefined : { ip, domain: Number(domain) };
}

/** The address may have host bits, as those of self IPs have. */
export function parseBlock(text: string): Block | undefined {
  const [, address = '', domain = '0', length = ''] = BLOCK.exec(text) ?? [];
  const ip = parseIp(address);
  const bits = Number(length);
  if (ip === undefined || bits > widthOf(ip)) return undefined;
  return { cidr: { ip, bits }, domain: Number(domain) };
}

function widthOf({ family }: Ip): number {
  return family === 4 ? 32 : 128;
}

/** Route domain 0 is not named. */
export function domainText(domain: number): string {
  return domain === 0 ? '' : `%${domain}`;
}

/** `%0` is not written. */
export function formatAddress({ ip, domain }: Placed): string {
  return `${formatIp(ip)}${domainText(domain)}`;
}

/** With its host bits. */
export function formatBlock({ cidr, domain }: Block): string {
  return `${formatIp(cidr.ip)}${domainText(domain)}/${cidr.bits}`;
}

/** Without host bits. */
export function networkOf({ cidr, domain }: Block): string {
  const [address = '', bits = ''] = formatCidr(cidr).split('/');
  return `${address}${domainText(domain)}/${bits}`;
}

/** Network and mask, as mcpd names them in messages. */
export function maskedOf({ cidr, domain }: Block): readonly [string, string] {
  const width = BigInt(widthOf(cidr.ip));
  const value = ((1n << BigInt(cidr.bits)) - 1n) << (width - BigInt(cidr.bits));
  const address = networkOf({ cidr, domain }).replace(/\/\d+$/, '');
  return [address, formatIp({ ...cidr.ip, value })];
}
