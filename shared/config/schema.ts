/** The one configuration file, `sluice.yaml`. Strict: unknown keys are refused (see `load.ts`). */
import * as z from 'zod';
import { IngressEntry, Name, Partition } from '../domain/exposure/sources/ingress-entry.ts';
import { AddressPool } from '../domain/addresses/pool.ts';
import { parseCidr } from '../domain/net/ip.ts';
import { PolicyConfig } from '../domain/exposure/settings/policy.ts';
import { SettingsInput } from '../domain/exposure/settings/settings.ts';
import { Spread } from '../domain/exposure/spread.ts';
import { MeshOptions } from '../domain/istio/mesh.ts';

const SecretReference = z
  .string()
  .regex(
    /^(env|file|secretsmanager|ssm):.+/,
    'must be a reference: env:NAME, file:PATH, secretsmanager:ID or ssm:NAME',
  );

export const DeviceConfig = z.strictObject({
  name: Name.describe('Its name here, in messages and queues.'),
  url: z.url().describe('Management URL, `https://…`.'),
  peer: z
    .url({ protocol: /^https?$/ })
    .refine(
      (url) => new URL(url).username === '' && new URL(url).password === '',
      'must not hold a user or password; use username and password',
    )
    .optional()
    .describe('Management URL of the other unit of an HA pair; the active one is found by asking.'),
  username: z
    .string()
    .min(1)
    .describe('User with the role administrator on all partitions: AS3 wants it.'),
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
        .describe("SHA-256 of the device's certificate, hex, colons allowed."),
    })
    .prefault({})
    .describe('How the device proves who it is.'),
  partitions: z
    .array(Partition)
    .min(1)
    .describe("Partitions (AS3 tenants) that are Sluice's own on this device."),
  spread: Spread.default('none').describe(
    'How exposures whose partition nobody names are spread over `partitions`: `none`, all in the first one; `address`, by virtual address. All devices of an ingress must then have the same partitions.',
  ),
  adoptPartitions: z
    .boolean()
    .default(false)
    .describe('Take over a partition that exists on the device without an AS3 declaration.'),
  save: z.boolean().default(true).describe("Save the device's configuration after a change."),
  syncTo: z
    .string()
    .regex(/^[A-Za-z0-9_./-]+$/, 'must be the name of a device group')
    .optional()
    .describe(
      'Device group to which the configuration is synchronised after a change; absent where the group does that by itself.',
    ),
  requestTimeout: z
    .number()
    .min(1)
    .max(180)
    .default(30)
    .describe(
      'Seconds for one request and its answer; longer for as long as data flows at 256 KiB/s or more.',
    ),
});
export type DeviceConfig = z.infer<typeof DeviceConfig>;

const Network = z
  .string()
  .refine(
    (text) => parseCidr(text) !== undefined,
    'must be a network such as 10.244.0.0/16 or fd00:10:244::/56',
  );

export const ClusterConfig = z.strictObject({
  id: Name.describe('Id of the cluster; never guessed.'),
  senders: z
    .array(z.string())
    .default([])
    .describe(
      'Role ids (the part of SQS SenderId before the colon) that may speak for this cluster.',
    ),
  verifyKeys: z
    .array(SecretReference)
    .default([])
    .describe(
      'Public keys (PEM, Ed25519), by reference, one of which must have signed every event of this cluster; several while one is replaced. For queues that know no senders.',
    ),
  signKey: SecretReference.optional().describe(
    'Private key (PEM, Ed25519), by reference, with which the watcher signs; only the watcher reads it, so leave it out elsewhere.',
  ),
  silentAfter: z
    .int()
    .min(360)
    .max(86_400)
    .default(900)
    .describe(
      'Seconds without a newer word of its watcher after which audit reports the cluster as silent. Its watcher speaks every 300, so less than 360 would call every healthy cluster silent.',
    ),
  whenSilent: z
    .enum(['report', 'drain'])
    .default('report')
    .describe(
      'What becomes of a silent cluster: only reported, or drained as well until it speaks again, if other clusters serve everything that it serves.',
    ),
  podNetworks: z
    .array(Network)
    .default([])
    .describe(
      'Networks of its pods. Members elsewhere are left out, so that no cluster can point BIG-IP at the hosts of another; empty: anywhere.',
    ),
  nodeNetworks: z
    .array(Network)
    .default([])
    .describe(
      "Networks of its nodes, for ingresses with `members: nodes` and for gateway pods on the host's network; empty: anywhere, or none beside `podNetworks`.",
    ),
  routeDomain: z
    .int()
    .min(0)
    .max(65_534)
    .default(0)
    .describe(
      'Route domain of the devices in which its members are (`10.0.0.5%2`); clusters whose networks overlap need different ones, or different devices.',
    ),
  mesh: MeshOptions.prefault({}).describe(
    "Mesh options that change the port mapping, with Istio's defaults.",
  ),
});
export type ClusterConfig = z.infer<typeof ClusterConfig>;

export const FleetConfig = z.strictObject({
  name: Name.describe('Name of the fleet.'),
  clusters: z
    .array(Name)
    .min(2)
    .max(1_000)
    .describe(
      'Clusters that may share virtual servers. In mode active-standby in their order of preference; add new ones at the end, because any other change of the order cuts connections.',
    ),
  mode: z
    .enum(['active-active', 'ratio', 'active-standby'])
    .default('active-active')
    .describe(
      'How the clusters share a virtual server: as equals, by `ratio`, or one after the other.',
    ),
  ratio: z
    .record(Name, z.int().min(1).max(100))
    .optional()
    .describe(
      "Mode ratio: by cluster, its share of the connections against the others', 1 to 100, whatever number of pods it has; 1 where absent. On a device with several partitions it counts for each member instead.",
    ),
  minimumActive: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe(
      'Mode active-standby: with fewer members that are up, the next cluster joins. Default 1.',
    ),
  settings: SettingsInput.prefault({}).describe(
    'Decide over what the clusters wish, on every virtual server that at least two of them share.',
  ),
});
export type FleetConfig = z.infer<typeof FleetConfig>;

/** The domain's own type: what one ingress asks for. */
export const IngressConfig = IngressEntry;
export type IngressConfig = IngressEntry;

export const QueueConfig = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('sqlite').describe('In this process, durable.'),
    path: z.string().default('.sluice/queue.sqlite').describe('File of the queue.'),
  }),
  z.strictObject({
    kind: z.literal('sqs').describe('Amazon SQS, or a server that speaks its protocol.'),
    region: z.string().describe('AWS region.'),
    endpoint: z.url().optional().describe('For an SQS-compatible server; absent for AWS.'),
    prefix: z
      .string()
      .default('sluice')
      .describe(
        'Prefix of the queue names: `<prefix>-snapshots.fifo` …; the URL is looked up by name.',
      ),
  }),
]);
export type QueueConfig = z.infer<typeof QueueConfig>;

export const ReplayPolicy = z.strictObject({
  name: Name.describe('Its name, in jobs and in the audit log.'),
  codes: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Only failures with these codes; each must be one that may pass by itself.'),
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
    .describe(
      'Minutes from one turn to the next; twice as many after each turn that did not end well, a day at most.',
    ),
  olderThanMinutes: z
    .int()
    .min(0)
    .max(10_080)
    .default(10)
    .describe(
      'Only failures that were not seen again for so many minutes: what still comes again is being tried anyway.',
    ),
  canary: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('So many events are sent first, and the rest only if all of them went well.'),
  rate: z.number().min(0.01).max(50).default(1).describe('Events in a second.'),
  atMost: z
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('Turns in which a failure may fail again before it is quarantined.'),
});
export type ReplayPolicy = z.infer<typeof ReplayPolicy>;

const FAILURES_COMMON = {
  retentionDays: z
    .int()
    .min(1)
    .max(3_650)
    .default(90)
    .describe(
      'Days after which archived, healed and replayed failures are forgotten; open ones stay.',
    ),
  replayers: z
    .array(z.string())
    .default([])
    .describe(
      'Role ids (the part of SQS SenderId before the colon) that may send verified events again.',
    ),
  replay: z
    .array(ReplayPolicy)
    .default([])
    .describe(
      'Failures that are sent again by themselves, in turns. Only what may pass by itself (see the codes), never what is quarantined.',
    ),
};

export const FailuresConfig = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('fs').describe('A directory of this host.'),
    path: z.string().default('.sluice/failures').describe('The directory.'),
    ...FAILURES_COMMON,
  }),
  z.strictObject({
    kind: z
      .literal('s3')
      .describe('An S3 bucket, or a server that speaks its protocol and knows conditional writes.'),
    bucket: z.string().min(3).describe('Name of the bucket.'),
    prefix: z.string().default('sluice').describe('Everything is stored below `<prefix>/`.'),
    region: z.string().describe('AWS region.'),
    endpoint: z.url().optional().describe('For an S3-compatible server; absent for AWS.'),
    ...FAILURES_COMMON,
  }),
]);
export type FailuresConfig = z.infer<typeof FailuresConfig>;

export const SluiceConfig = z.strictObject({
  generation: z
    .int()
    .nonnegative()
    .describe(
      'Orders configurations: a higher one is newer. Absent means SLUICE_GENERATION, else the time the file was last changed.',
    ),
  devices: z.array(DeviceConfig).min(1).describe('BIG-IPs.'),
  clusters: z.array(ClusterConfig).min(1).describe('Kubernetes clusters.'),
  fleets: z
    .array(FleetConfig)
    .default([])
    .describe('Clusters that may share virtual servers; a cluster is in one fleet at most.'),
  addressPools: z
    .array(AddressPool)
    .default([])
    .describe('Virtual addresses that Sluice gives out where `auto` is asked for.'),
  ingresses: z
    .array(IngressConfig)
    .min(1)
    .describe('Ingress gateway Services and what becomes of them.'),
  policy: PolicyConfig.extend({
    drift: z
      .enum(['repair', 'adopt', 'report'])
      .default('repair')
      .describe(
        'What becomes of changes made on the device by hand: declared again; kept, where it is the balancing of a pool, or the connection limit or the switch of a virtual server, and else declared again; or only told.',
      ),
  })
    .prefault({})
    .describe('Who may open what, and refer to what.'),
  queue: QueueConfig.prefault({ kind: 'sqlite' }).describe('Where events wait.'),
  failures: FailuresConfig.prefault({ kind: 'fs' }).describe(
    'Where parked failures are kept, with their reasons.',
  ),
});
export type SluiceConfig = z.infer<typeof SluiceConfig>;
