/** Syntax for automatic addresses, and the data in a slice that assignment needs. */
import * as z from 'zod';

/** `auto` or `auto:<pool>`, as in annotations and sluice.yaml. */
const AUTO = /^auto(?::([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?))?$/;

/** Whether an address in settings is automatic: `auto` or `auto:<pool>`. */
export function isAuto(text: string): boolean {
  return AUTO.test(text);
}

/** The pool that `auto:<pool>` names. */
export function poolNamedBy(text: string): string | undefined {
  return AUTO.exec(text)?.[1];
}

/** Placeholder for an unassigned address; not a valid address. */
export function autoAddressOf(pool: string): string {
  return `auto(${pool})`;
}

/** The pool of an unassigned address; undefined for a real address. */
export function poolOfAutoAddress(address: string): string | undefined {
  return /^auto\((.+)\)$/.exec(address)?.[1];
}

/** Ranges as in sluice.yaml: CIDR, single address, or from-to. */
export const PoolRanges = z.strictObject({
  ranges: z.array(z.string()),
  reserved: z.array(z.string()),
});
export type PoolRanges = z.infer<typeof PoolRanges>;

/**
 * Input for address assignment; each slice contains it, so that nothing but the slice and the
 * device is needed.
 */
export const AutoAddresses = z.strictObject({
  /** By name; each pool has one address family. */
  pools: z.record(z.string(), PoolRanges),
  /** Addresses that Sluice wrote to the status of the ingress Service. */
  claims: z.array(z.string()),
  /** Start of the search; equal for all owners that share. */
  seed: z.string(),
});
export type AutoAddresses = z.infer<typeof AutoAddresses>;
