/** A pool of virtual addresses: its schema in `sluice.yaml`, and its addresses. */
import * as z from 'zod';
import { DnsLabel } from '../text/bounded.ts';
import { parseIp } from '../net/ip.ts';
import { inRange, parseRange, type AddressRange, usableRange, subtractRanges } from './range.ts';
import type { PoolRanges } from './auto-address.ts';

const RangeText = z
  .string()
  .refine(
    (text) => parseRange(text) !== undefined,
    'must be a CIDR such as 10.0.0.0/24, an address, or from-to such as 10.0.0.10-10.0.0.20',
  );

/** A pool in sluice.yaml. */
export const AddressPool = z.strictObject({
  name: DnsLabel.describe(
    'Name of the pool; `auto:<name>` requests an address of this pool, `auto` one of the first pool.',
  ),
  ranges: z
    .array(RangeText)
    .min(1)
    .describe(
      'CIDR or from-to, all IPv4 or all IPv6. ' +
        'The first and last address of an IPv4 CIDR ' +
        'and the first of an IPv6 CIDR are not assigned; from-to ranges are used completely.',
    ),
  reserved: z
    .array(RangeText)
    .default([])
    .describe('Addresses that are never assigned, in the same form. Existing assignments stay.'),
});
export type AddressPool = z.infer<typeof AddressPool>;

/** A pool with parsed ranges. */
export interface AddressRanges {
  readonly name: string;
  readonly family: 4 | 6;
  /** All addresses of the pool. */
  readonly ranges: readonly AddressRange[];
  /** Assignable addresses, in order. */
  readonly free: readonly AddressRange[];
}

/** Parses the ranges of a valid pool. */
export function readAddressPool(
  name: string,
  { ranges: texts, reserved }: PoolRanges,
): AddressRanges {
  const ranges = texts.flatMap((text) => usableRange(text) ?? []);
  return {
    name,
    family: ranges[0]?.family ?? 4,
    ranges,
    free: subtractRanges(
      ranges,
      reserved.flatMap((text) => parseRange(text) ?? []),
    ),
  };
}

/** Whether one of the ranges contains the address; false for text that is no address. */
export function containsAddress(ranges: readonly AddressRange[], address: string): boolean {
  const ip = parseIp(address);
  return ip !== undefined && ranges.some((range) => inRange(ip, range));
}
