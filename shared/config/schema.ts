/** The schema of `sluice.yaml`. Strict: unknown keys are refused (see `load.ts`). */
import * as z from 'zod';
import { IngressEntry, Partition } from '../domain/exposure/sources/ingress-entry.ts';
import { DnsLabel } from '../domain/text/bounded.ts';
import { AddressPool } from '../domain/address-pools/pool.ts';
import { parseCidr } from '../domain/net/ip.ts';
import { PolicyConfig } from '../domain/exposure/settings/policy.ts';
import { PolicyRequirement } from '../domain/exposure/settings/requirements.ts';
import { ServiceBundle } from '../domain/exposure/settings/service-bundles.ts';
import { SettingsInput } from '../domain/exposure/settings/settings.ts';
import { Spread } from '../domain/exposure/spread.ts';
import { MeshOptions } from '../domain/istio/mesh.ts';
import { NetworkConfig } from '../domain/paths/network-config.ts';
import { ConsoleConfig } from './console.ts';
import { DeviceNetworks } from './device-networks.ts';
import { Endpoint } from './endpoint.ts';
import { POSTGRES_KEYS } from './postgres.ts';
import { QueueConfig } from './queue.ts';
import { SecretReference } from './secret-reference.ts';
import { hasCredentials } from './url-credentials.ts';

/** One BIG-IP, or an HA pair. */
export const DeviceConfig = z.strictObject({
  name: DnsLabel.describe('Name of the device, used in messages and queues.'),
  url: z.url().describe('Management URL, `https://…`.'),
  peer: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => !hasCredentials(url),
      'must not contain a user or password; use username and password',
    )
    .optional()
    .describe(
      'Management URL of the other unit of an HA pair; Sluice asks both units which one is active.',
    ),
  username: z
    .string()
    .min(1)
    .describe('User with the administrator role on all partitions, which AS3 requires.'),
  password: SecretReference.describe('Reference to the password.'),
  loginProvider: z.string().default('tmos').describe('Login provider for tokens.'),
  tls: z
    .strictObject({
      ca: SecretReference.optional().describe('PEM bundle of a private CA, by reference.'),
      fingerprint: z
        .string()
        .regex(
          /^[0-9a-fA-F]{2}(:?[0-9a-fA-F]{2}){31}$/,
          'must be a SHA-256 fingerprint: 64 hex digits, colons allowed',
        )
        .optional()
        .describe("SHA-256 fingerprint of the device's certificate, in hex; colons are allowed."),
    })
    .prefault({})
    .describe('How Sluice verifies the identity of the device.'),
  partitions: z
    .array(Partition)
    .min(1)
    .describe('Partitions (AS3 tenants) on this device that only Sluice manages.'),
  spread: Spread.default('none').describe(
    'How exposures that do not request a partition are distributed over `partitions`: ' +
      '`none` puts all in the first one; `address` distributes them by virtual address, ' +
      'and requires that all devices of an ingress have the same partitions.',
  ),
  adoptPartitions: z
    .boolean()
    .default(false)
    .describe('Take over a partition that exists on the device without an AS3 declaration.'),
  shareNodes: z
    .boolean()
    .optional()
    .describe(
      'Keep nodes in /Common in partitions that have no virtual server yet, because others, ' +
        'such as F5 CIS, have the same members in theirs. Default: only if two partitions here need it.',
    ),
  networks: DeviceNetworks.prefault({}).describe('Where the paths to pods are kept.'),
  save: z.boolean().default(true).describe('Save the configuration of the device after a change.'),
  syncTo: z
    .string()
    .regex(/^[A-Za-z0-9_./-]+$/, 'must be the name of a device group')
    .optional()
    .describe(
      'Device group to synchronise after a change; omit it if the group synchronises automatically.',
    ),
  requestTimeout: z
    .number()
    .min(1)
    .max(180)
    .default(30)
    .describe(
      'Timeout of one request and its answer, in seconds; it is extended while data flows at 256 KiB/s or more.',
    ),
});
/** A device after parsing, with all defaults; secrets are still references. */
export type DeviceConfig = z.infer<typeof DeviceConfig>;

/** Host bits may be set: `10.1.2.3/8` is read as the network that contains it. */
const Network = z
  .string()
  .refine(
    (text) => parseCidr(text) !== undefined,
    'must be a network such as 10.244.0.0/16 or fd00:10:244::/56',
  );

/** One Kubernetes cluster, with the senders or keys that prove its origin. */
export const ClusterConfig = z.strictObject({
  id: DnsLabel.describe('Id of the cluster. Sluice never derives it.'),
  senders: z
    .array(z.string())
    .default([])
    .describe(
      'Role ids (the part of SQS SenderId before the colon), or roles of PostgreSQL, ' +
        'that may send events of this cluster.',
    ),
  verifyKeys: z
    .array(SecretReference)
    .default([])
    .describe(
      'Public keys (PEM, Ed25519), by reference. ' +
        'Every event of this cluster must be signed with one of them; ' +
        'list several during a key rotation. For queues that do not report senders.',
    ),
  signKey: SecretReference.optional().describe(
    'Private key (PEM, Ed25519), by reference, with which the watcher signs its events. ' +
      'Only the watcher reads it, so omit it elsewhere.',
  ),
  silentAfter: z
    .int()
    .min(360)
    .max(86_400)
    .default(900)
    .describe(
      'Seconds without a new event of its watcher after which audit reports the cluster as ' +
        'silent. The watcher sends every 300 s, ' +
        'so a value below 360 would report healthy clusters.',
    ),
  whenSilent: z
    .enum(['report', 'drain'])
    .default('report')
    .describe(
      'What happens to a silent cluster: `report` only reports it; ' +
        '`drain` also drains it until it sends again, ' +
        'provided that other clusters serve all of its exposures.',
    ),
  podNetworks: z
    .array(Network)
    .default([])
    .describe(
      'Networks of its pods. Members outside of them are left out, ' +
        'so that a cluster cannot point BIG-IP at hosts of another one. ' +
        'Empty: no restriction.',
    ),
  nodeNetworks: z
    .array(Network)
    .default([])
    .describe(
      'Networks of its nodes, for ingresses with `members: ' +
        'nodes` and for gateway pods on the host network. ' +
        'Empty: no restriction, or no node addresses if `podNetworks` is set.',
    ),
  routeDomain: z
    .int()
    .min(0)
    .max(65_534)
    .default(0)
    .describe(
      'Route domain of the devices that contains its members (`10.0.0.5%2`). ' +
        'Clusters with overlapping networks need different route domains ' +
        'or different devices.',
    ),
  network: NetworkConfig.prefault({}).describe('How BIG-IP reaches its pods.'),
  mesh: MeshOptions.prefault({}).describe(
    "Mesh options that change the port mapping, with Istio's defaults.",
  ),
});
/** A cluster after parsing, with all defaults; keys are still references. */
export type ClusterConfig = z.infer<typeof ClusterConfig>;

/** Clusters that may share virtual servers. */
export const FleetConfig = z.strictObject({
  name: DnsLabel.describe('Name of the fleet.'),
  clusters: z
    .array(DnsLabel)
    .min(2)
    .max(1_000)
    .describe(
      'Clusters that may share virtual servers. ' +
        'In mode active-standby, in order of preference: add new clusters at the end, ' +
        'because any other change of the order cuts connections.',
    ),
  mode: z
    .enum(['active-active', 'ratio', 'active-standby'])
    .default('active-active')
    .describe(
      'How the clusters share a virtual server: equally (`active-active`), by `ratio`, ' +
        'or in order of preference (`active-standby`).',
    ),
  ratio: z
    .record(DnsLabel, z.int().min(1).max(100))
    .optional()
    .describe(
      'Mode ratio: by cluster, its share of the connections relative to the others, ' +
        '1 to 100, regardless of its number of pods; default 1. ' +
        'On a device with several partitions it applies to each member instead.',
    ),
  minimumActive: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe(
      'Mode active-standby: the next cluster joins when fewer members than this are up. Default 1.',
    ),
  settings: SettingsInput.prefault({}).describe(
    'Override the settings that the clusters request, on every virtual server that at least two of them share.',
  ),
});
export type FleetConfig = z.infer<typeof FleetConfig>;

/** The type is defined in the domain: the configuration of one ingress. */
export const IngressConfig = IngressEntry;
/** An ingress after parsing; settings that it does not set are absent, not defaults. */
export type IngressConfig = IngressEntry;

/** A policy that replays retryable failures on a schedule. */
export const ReplayPolicy = z.strictObject({
  name: DnsLabel.describe('Name of the policy, used in jobs and in the audit log.'),
  codes: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Only failures with these codes; each must be retryable.'),
  classes: z
    .array(z.enum(['input', 'mapping', 'ownership', 'device', 'queue', 'never-ran']))
    .min(1)
    .optional()
    .describe('Only failures of these classes.'),
  everyMinutes: z
    .int()
    .min(5)
    .max(1_440)
    .default(15)
    .describe('Minutes between runs; the interval doubles after each failed run, up to a day.'),
  olderThanMinutes: z
    .int()
    .min(0)
    .max(10_080)
    .default(10)
    .describe(
      'Only failures that have not occurred again for this number of minutes, ' +
        'because recurring ones are being retried already.',
    ),
  canary: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('Number of events to send first; the rest is sent only if all of them succeed.'),
  rate: z.number().min(0.01).max(50).default(1).describe('Events per second.'),
  atMost: z
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('Runs in which a failure may fail again before it is quarantined.'),
});
export type ReplayPolicy = z.infer<typeof ReplayPolicy>;

/** Keys that a failure store has wherever it is. */
const FAILURES_COMMON = {
  retentionDays: z
    .int()
    .min(1)
    .max(3_650)
    .default(90)
    .describe(
      'Days after which archived, healed and replayed failures are removed; open ones stay.',
    ),
  replayers: z
    .array(z.string())
    .default([])
    .describe(
      'Role ids (the part of SQS SenderId before the colon), or roles of PostgreSQL, ' +
        'that may replay verified events.',
    ),
  replay: z
    .array(ReplayPolicy)
    .default([])
    .describe(
      'Policies that replay failures automatically. ' +
        'Only retryable failures (see the codes) are replayed, and never quarantined ones.',
    ),
};

/** A directory, a database, or an S3 bucket. */
export const FailuresConfig = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('fs').describe('A directory of this host.'),
    path: z.string().default('.sluice/failures').describe('The directory.'),
    ...FAILURES_COMMON,
  }),
  z.strictObject({
    kind: z
      .literal('s3')
      .describe('An S3 bucket, or an S3-compatible server with conditional writes.'),
    bucket: z.string().min(3).describe('Name of the bucket.'),
    prefix: z
      .string()
      .default('sluice')
      .describe('Prefix of all object names, followed by a slash.'),
    region: z.string().describe('AWS region.'),
    endpoint: Endpoint.optional().describe('URL of an S3-compatible server; omit it for AWS.'),
    ...FAILURES_COMMON,
  }),
  z.strictObject({
    kind: z.literal('postgres').describe('A table in PostgreSQL 13 or newer.'),
    ...POSTGRES_KEYS,
    ...FAILURES_COMMON,
  }),
]);
export type FailuresConfig = z.infer<typeof FailuresConfig>;

/** The whole of `sluice.yaml`. */
export const SluiceConfig = z.strictObject({
  generation: z
    .int()
    .nonnegative()
    .describe(
      'Orders versions of the configuration: a higher number is newer. ' +
        'Default: SLUICE_GENERATION, else the modification time of the file.',
    ),
  devices: z.array(DeviceConfig).min(1).describe('BIG-IPs.'),
  clusters: z.array(ClusterConfig).min(1).describe('Kubernetes clusters.'),
  fleets: z
    .array(FleetConfig)
    .default([])
    .describe(
      'Fleets: groups of clusters that may share virtual servers. A cluster belongs to at most one fleet.',
    ),
  addressPools: z
    .array(AddressPool)
    .default([])
    .describe('Pools of virtual addresses for exposures that request `auto`.'),
  ingresses: z
    .array(IngressConfig)
    .min(1)
    .describe('Ingress gateway Services and how to expose them.'),
  serviceBundles: z
    .array(ServiceBundle)
    .default([])
    .describe(
      'Named sets of settings, which Gateways and Services request with the annotation ' +
        '`sluice.io/service-bundle`, ingresses with `serviceBundle`, ' +
        'and the policy may require.',
    ),
  policy: PolicyConfig.extend({
    requirements: z
      .array(PolicyRequirement)
      .default([])
      .describe(
        'Settings without which a matching exposure is not published. ' +
          'All requirements that match apply. What was published before a requirement stays.',
      ),
    drift: z
      .enum(['repair', 'adopt', 'report'])
      .default('repair')
      .describe(
        'How to treat manual changes on the device: `repair` declares the original again, ' +
          'and writes back what AS3 does not compare; ' +
          '`adopt` keeps a changed balancing method, ' +
          'connection limit or enabled state and repairs the rest; ' +
          '`report` only reports them.',
      ),
  })
    .prefault({})
    .describe('What may be exposed, and which objects on the device settings may refer to.'),
  queue: QueueConfig.prefault({ kind: 'sqlite' }).describe('Queue for the events.'),
  failures: FailuresConfig.prefault({ kind: 'fs' }).describe(
    'Failure store: dead letters with their reasons.',
  ),
  console: ConsoleConfig.optional().describe(
    'Who may use the console from other machines. Without it, it answers only to its own machine.',
  ),
});
/**
 * The configuration after parsing. References between its parts are checked in `checks.ts`, not by
 * the schema.
 */
export type SluiceConfig = z.infer<typeof SluiceConfig>;
