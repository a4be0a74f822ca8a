/** `devices[].networks`. */
import * as z from 'zod';
import { Partition } from '../domain/exposure/sources/ingress-entry.ts';
import { DnsLabel } from '../domain/text/bounded.ts';

/** A BIG-IP path such as `/Common/flannel_vxlan`. */
const TunnelName = z
  .string()
  .regex(
    /^\/[A-Za-z][\w.-]{0,254}(\/[A-Za-z][\w.-]{0,254}){1,2}$/,
    'must be the path of a tunnel, such as /Common/flannel_vxlan',
  );

/** What the paths to pods need on a device. */
export const DeviceNetworks = z.strictObject({
  partition: Partition.default('sluice-net').describe(
    'Partition for routes, ARP and NDP entries of clusters with `network.mode` routes or vxlan. ' +
      'Only Sluice may use it, and no declaration is in it. Sluice creates it.',
  ),
  tunnels: z
    .record(DnsLabel, TunnelName)
    .default({})
    .describe(
      'By cluster with `network.mode: vxlan`, its tunnel on this device. ' +
        'Each cluster needs a tunnel of its own.',
    ),
});
