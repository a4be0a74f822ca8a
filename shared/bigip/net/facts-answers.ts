/** Schemas of iControl REST's answers about networks, limited to the fields that are used. */
import * as z from 'zod';
import { itemsOf } from '../rest/answers.ts';

/** The traffic group of addresses that stay on their unit. */
const LOCAL_ONLY = '/Common/traffic-group-local-only';

/** Addresses of a unit. */
export const SelfIps = itemsOf(
  z
    .object({
      fullPath: z.string(),
      address: z.string(),
      vlan: z.string().default(''),
      trafficGroup: z.string().default(LOCAL_ONLY),
    })
    .transform(({ fullPath, address, vlan, trafficGroup }) => ({
      path: fullPath,
      address,
      link: vlan,
      isFloating: trafficGroup !== LOCAL_ONLY,
    })),
);

/** Tunnels of all kinds. */
export const Tunnels = itemsOf(
  z.object({
    fullPath: z.string(),
    profile: z.string().default(''),
    key: z.number().default(0),
    localAddress: z.string().default('any'),
    secondaryAddress: z.string().default('any'),
    mtu: z.number().default(0),
  }),
);

/** Profiles of VXLAN tunnels. */
export const VxlanProfiles = itemsOf(
  z.object({
    fullPath: z.string(),
    port: z.number().default(4789),
    floodingType: z.string().default('multicast'),
  }),
);

/** Routes; the device calls the network of everything `default`. */
export const Routes = itemsOf(
  z
    .object({
      fullPath: z.string(),
      network: z.string().default(''),
      tmInterface: z.string().optional(),
    })
    .transform(({ fullPath, network, tmInterface }) => ({
      path: fullPath,
      network,
      ...(tmInterface !== undefined && { link: tmInterface }),
    })),
);

/** Objects of which only the path counts. */
export const Paths = itemsOf(
  z.object({ fullPath: z.string() }).transform(({ fullPath }) => fullPath),
);

/** VLANs with their MTU. */
export const Vlans = itemsOf(z.object({ fullPath: z.string(), mtu: z.number().default(1500) }));

/** A partition. */
export const AuthPartition = z.object({ defaultRouteDomain: z.number().default(0) });

/** The folder of a partition; `none` if its objects are not synced. */
export const Folder = z.object({ deviceGroup: z.string().default('none') });

/** A local account, with a role for each partition or for all. */
export const User = z
  .object({ partitionAccess: z.array(z.object({ role: z.string() })).default([]) })
  .transform(({ partitionAccess }) => partitionAccess.map(({ role }) => role));
