/** Bounds of names and ids that come from outside, the same in all schemas. */
import * as z from 'zod';

/**
 * A name that is copied into messages, records and the log: an owner has at most 190 characters,
 * `namespace/name` of a Kubernetes object 317.
 */
export const Name = z.string().max(512);

/** Ids in sluice.yaml: of clusters, devices, fleets, pools. */
export const DnsLabel = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a DNS label (a-z, 0-9, -)');
