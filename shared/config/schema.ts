/** The one configuration file, `sluice.yaml`. Strict: unknown keys are refused (see `load.ts`). */
import * as z from 'zod';
import { IngressEntry, Name, Partition } from '../domain/exposure/ingress-entry.ts';
import { PolicyConfig } from '../domain/exposure/policy.ts';
import { MeshOptions } from '../domain/ingress/mesh.ts';

const SecretReference = z.string().regex(/^(env|file|secretsmanager|ssm):.+/, 'must be a reference: env:NAME, file:PATH, secretsmanager:ID or ssm:NAME');

export const DeviceConfig = z.strictObject({
  name: Name,
  /** Management URL; with two, an HA pair. */
  url: z.url(),
  username: z.string().min(1),
  password: SecretReference,
  loginProvider: z.string().default('tmos'),
  tls: z
    .strictObject({
      /** PEM bundle of a private CA, by reference. */
      ca: SecretReference.optional(),
      /** SHA-256 of the device's certificate, hex, colons allowed. */
      fingerprint: z.string().optional(),
    })
    .prefault({}),
  /** Partitions (AS3 tenants) that are Sluice's own on this device. */
  partitions: z.array(Partition).min(1),
  /** Take over a partition that exists on the device without an AS3 declaration. */
  adoptPartitions: z.boolean().default(false),
  /** Save the device's configuration after a change. */
  save: z.boolean().default(true),
  /** Seconds. */
  requestTimeout: z.number().min(1).max(180).default(30),
});
export type DeviceConfig = z.infer<typeof DeviceConfig>;

export const ClusterConfig = z.strictObject({
  id: Name,
  /** Role ids (the part of SQS SenderId before the colon) that may speak for this cluster. */
  senders: z.array(z.string()).default([]),
  mesh: MeshOptions.prefault({}),
});
export type ClusterConfig = z.infer<typeof ClusterConfig>;

export const FleetConfig = z.strictObject({ name: Name, clusters: z.array(Name).min(2), mode: z.enum(['active-active', 'ratio', 'active-standby']).default('active-active') });
export type FleetConfig = z.infer<typeof FleetConfig>;

/** The domain's own type: what one ingress asks for. */
export const IngressConfig = IngressEntry;
export type IngressConfig = IngressEntry;

export const QueueConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sqlite'), path: z.string().default('.sluice/queue.sqlite') }),
  z.strictObject({
    kind: z.literal('sqs'),
    region: z.string(),
    /** For an SQS-compatible server; absent for AWS. */
    endpoint: z.url().optional(),
    /** Prefix of the queue names: `<prefix>-snapshots.fifo` …; the URL is looked up by name. */
    prefix: z.string().default('sluice'),
  }),
]);
export type QueueConfig = z.infer<typeof QueueConfig>;

export const SluiceConfig = z.strictObject({
  /** Orders configurations; absent means the time the file was last changed (see `load.ts`). */
  generation: z.int().nonnegative(),
  devices: z.array(DeviceConfig).min(1),
  clusters: z.array(ClusterConfig).min(1),
  fleets: z.array(FleetConfig).default([]),
  ingresses: z.array(IngressConfig).min(1),
  policy: PolicyConfig.prefault({}),
  queue: QueueConfig.prefault({ kind: 'sqlite' }),
});
export type SluiceConfig = z.infer<typeof SluiceConfig>;
