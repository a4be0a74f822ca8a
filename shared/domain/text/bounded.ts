import * as z from 'zod';

/**
 * The name of something, as other messages, records and the log repeat it: an owner has 190 characters at most, `namespace/name` of an object
 * of Kubernetes 317.
 */
export const Name = z.string().max(512);

/** Ids that people choose in sluice.yaml: of clusters, devices, fleets, pools. */
export const DnsLabel = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a DNS label (a-z, 0-9, -)');

/** For people: says that something is missing, and how much there was. */
export function shorten(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length} characters)`;
}
