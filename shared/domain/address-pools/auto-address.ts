/** How an address is asked for without naming one, and what a slice carries so that it can be chosen. */
import * as z from 'zod';

/** `auto`, or `auto:<pool>`: what annotations and sluice.yaml say. */
const AUTO = /^auto(?::([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?))?$/;

export function isAuto(text: string): boolean {
  return AUTO.test(text);
}

/** The pool that `auto:<pool>` names. */
export function poolNamedBy(text: string): string | undefined {
  return AUTO.exec(text)?.[1];
}

/** Stands for the address of an exposure until one is chosen; no address looks like it. */
export function autoAddressOf(pool: string): string {
  return `auto(${pool})`;
}

/** The pool that an exposure's address is to come from; undefined where it has an address. */
export function poolOfAutoAddress(address: string): string | undefined {
  return /^auto\((.+)\)$/.exec(address)?.[1];
}

/** Ranges as sluice.yaml writes them: CIDR, address, or from-to. */
export const PoolRanges = z.strictObject({
  ranges: z.array(z.string()),
  reserved: z.array(z.string()),
});
export type PoolRanges = z.infer<typeof PoolRanges>;

/** What addresses are chosen from; each slice carries it, so that choosing needs nothing but the slice and the device. */
export const AutoAddresses = z.strictObject({
  /** By name; one family each. */
  pools: z.record(z.string(), PoolRanges),
  /** Addresses that the ingress Service's status holds by Sluice's own hand. */
  claims: z.array(z.string()),
  /** Where the search begins depends on it; the same for all owners that share. */
  seed: z.string(),
});
export type AutoAddresses = z.infer<typeof AutoAddresses>;
