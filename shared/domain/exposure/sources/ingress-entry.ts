/** An entry of `ingresses` in `sluice.yaml`. */
import * as z from 'zod';
import { isAuto } from '../../address-pools/auto-address.ts';
import { DnsLabel } from '../../text/bounded.ts';
import { parseIp } from '../../net/ip.ts';
import { SettingsInput } from '../settings/settings.ts';

/**
 * AS3 allows 195 characters for the path of an object. The longest that Sluice declares has 64
 * besides the partition: `//gw-<IPv6 address>-65535-tcp/monitor99`.
 */
const MAX_PARTITION_CHARACTERS = 131;

/** Names that AS3 takes for properties of the declaration (as3.md §3.1). */
const RESERVED_PARTITIONS: readonly string[] = [
  'class',
  'constants',
  'controls',
  'id',
  'label',
  'remark',
  'schemaVersion',
  'scratch',
  'target',
  'updateMode',
];

/** The name of a partition on BIG-IP that Sluice may write (as3.md §3.1). */
export const Partition = z
  .string()
  .regex(
    /^[A-Za-z][0-9A-Za-z_.-]*$/,
    'must start with a letter and contain only letters, digits, _ . -',
  )
  .max(
    MAX_PARTITION_CHARACTERS,
    `must have at most ${MAX_PARTITION_CHARACTERS} characters: AS3 refuses paths over 195`,
  )
  .refine((p) => p !== 'Common', 'must not be Common: Sluice never writes there')
  .refine(
    (p) => !RESERVED_PARTITIONS.includes(p),
    'must not be a property of AS3 declarations; choose another name for the partition',
  );
/** `namespace/name` of a Kubernetes object. */
export const NamespacedName = z.string().regex(/^[^/\s]+\/[^/\s]+$/, 'must be namespace/name');

/**
 * One ingress of `sluice.yaml`: the settings of an ingress gateway Service that its gateways do not
 * override.
 */
export const IngressEntry = z.strictObject({
  cluster: DnsLabel.describe('Id of the cluster that contains this ingress.'),
  service: NamespacedName.describe('The ingress gateway Service, `namespace/name`.'),
  devices: z
    .array(DnsLabel)
    .min(1)
    .describe('Devices that expose it, independently of each other.'),
  virtualAddress: z
    .string()
    .refine(
      (text) => isAuto(text) || parseIp(text) !== undefined,
      'must be an IPv4 or IPv6 address, auto, or auto:<pool>',
    )
    .optional()
    .describe(
      'Virtual address if no gateway, ConfigMap or Service sets one. ' +
        '`auto` requests a free one from the first of `addressPools`, ' +
        '`auto:<pool>` one from that pool.',
    ),
  partition: Partition.optional().describe(
    'Partition. Default: the first partition of the first device, or as `devices[].spread` distributes them.',
  ),
  members: z
    .enum(['pods', 'nodes'])
    .default('pods')
    .describe('`pods`: pod address and target port; `nodes`: node address and node port.'),
  nodeSelector: z
    .record(z.string(), z.string())
    .default({})
    .describe('Only nodes with these labels become members.'),
  nodeAddressType: z
    .enum(['InternalIP', 'ExternalIP'])
    .default('InternalIP')
    .describe('Which addresses of a node are members.'),
  servicePorts: z
    .enum(['manage', 'observe'])
    .default('manage')
    .describe('`manage`: the watcher adds missing Service ports; `observe`: it only reports them.'),
  withdraw: z
    .boolean()
    .default(true)
    .describe(
      'Remove a Service port that Sluice added, 5 minutes after BIG-IP stopped using it; ' +
        '`false` keeps it. No effect with `servicePorts: observe`.',
    ),
  drainSeconds: z
    .int()
    .min(0)
    .max(3_600)
    .default(30)
    .describe(
      'Seconds that a removed gateway pod stays a draining member, ' +
        'so that its connections can end; 0 disables draining. ' +
        'No effect on a device with several partitions, which cannot drain.',
    ),
  expose: z
    .enum(['all', 'annotated'])
    .optional()
    .describe(
      '`all` (the default) exposes every server that listens, except on internal ports; ' +
        '`annotated` exposes only servers with the annotation `sluice.io/expose`. ' +
        'What is already declared stays.',
    ),
  probe: z
    .boolean()
    .default(false)
    .describe(
      'The watcher connects to the pod address and listener port of a new exposure ' +
        'and records the Event `Listening` or `NotListening`. ' +
        'It needs network access to the pods. The check neither delays nor removes anything.',
    ),
  writeStatus: z
    .boolean()
    .default(false)
    .describe(
      'Write `status.loadBalancer` even if the loadBalancerClass of the Service is not `sluice.io/bigip`.',
    ),
  serviceBundle: DnsLabel.optional().describe(
    'Service bundle of every exposure of this ingress that requests no other.',
  ),
  settings: SettingsInput.prefault({}).describe(
    'Settings of every exposure of this ingress that no source with higher precedence sets.',
  ),
});
export type IngressEntry = z.infer<typeof IngressEntry>;
