import * as z from 'zod';
import { isAuto } from '../../addresses/auto-address.ts';
import { parseIp } from '../../net/ip.ts';
import { SettingsInput } from '../settings/settings.ts';

export const Name = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a DNS label (a-z, 0-9, -)');
export const Partition = z
  .string()
  .regex(
    /^[A-Za-z][0-9A-Za-z_.-]{0,189}$/,
    'must start with a letter and hold only letters, digits, _ . -',
  )
  .refine((p) => p !== 'Common', 'must not be Common: Sluice never writes there');
export const NamespacedName = z.string().regex(/^[^/\s]+\/[^/\s]+$/, 'must be namespace/name');

/** One ingress of `sluice.yaml`: what an ingress gateway Service becomes where its gateways say nothing else. */
export const IngressEntry = z.strictObject({
  cluster: Name.describe('Id of the cluster that has this ingress.'),
  service: NamespacedName.describe('The ingress gateway Service, `namespace/name`.'),
  devices: z.array(Name).min(1).describe('Devices that offer it, each on its own.'),
  virtualAddress: z
    .string()
    .refine(
      (text) => isAuto(text) || parseIp(text) !== undefined,
      'must be an IPv4 or IPv6 address, auto, or auto:<pool>',
    )
    .optional()
    .describe(
      'Virtual address where no gateway, ConfigMap or Service names one; `auto` takes a free one from the first of `addressPools`, `auto:<pool>` from that one.',
    ),
  partition: Partition.optional().describe(
    'Partition; absent means the first one of the first device, or what `devices[].spread` says.',
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
    .describe(
      '`manage`: the watcher adds missing Service ports; `observe`: it only says what is missing.',
    ),
  withdraw: z
    .boolean()
    .default(true)
    .describe(
      'Take a Service port that Sluice added away again, 5 minutes after BIG-IP let go of it; `false`: it stays. Not with `servicePorts: observe`.',
    ),
  drainSeconds: z
    .int()
    .min(0)
    .max(3_600)
    .default(30)
    .describe(
      'How long a gateway pod that is gone stays a draining member, so that connections may end; 0: not at all. No effect on a device with several partitions, which cannot drain.',
    ),
  expose: z
    .enum(['all', 'annotated'])
    .optional()
    .describe(
      '`all` (the default): every server that listens, but for internal ports, is offered; `annotated`: only what asks for it with the annotation `sluice.io/expose`. What is declared already stays.',
    ),
  probe: z
    .boolean()
    .default(false)
    .describe(
      'The watcher connects to pod address and listener port of a new exposure and says `Listening` or `NotListening`; it needs a way to the pods. It delays and removes nothing.',
    ),
  writeStatus: z
    .boolean()
    .default(false)
    .describe(
      "Write `status.loadBalancer` even though the Service's loadBalancerClass is not `sluice.io/bigip`.",
    ),
  settings: SettingsInput.prefault({}).describe(
    'Settings of every exposure of this ingress that nothing above it says.',
  ),
});
export type IngressEntry = z.infer<typeof IngressEntry>;
