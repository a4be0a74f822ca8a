/** How BIG-IP reaches the pods of a cluster: `clusters[].network`. */
import * as z from 'zod';
import type { Cidr } from '../net/ip.ts';
import { NetworkSource } from '../snapshot/node-network.ts';

/** The part of `sluice.yaml`. */
export const NetworkConfig = z.strictObject({
  mode: z
    .enum(['none', 'routes', 'vxlan'])
    .default('none')
    .describe(
      'How BIG-IP reaches pods: `none`, the network does it (BGP, routable pods, routes made by ' +
        'others); `routes`, a route through the node of each pod; `vxlan`, a tunnel to that node. ' +
        'With the last two, Sluice writes the paths to the device.',
    ),
  from: z
    .enum(['auto', ...NetworkSource.options])
    .default('auto')
    .describe(
      'Where the networks of the pods are named. `auto`: the first source of ' +
        '[this table](../operations/networks.md) whose network contains the pod, else `host`. ' +
        '`host`: a route for each pod, which needs no right and is exact with every CNI. ' +
        '`calico` and `cilium` read objects of the CNI, for which components in infra/kubernetes ' +
        'have the right. ' +
        'Mode vxlan: auto, flannel or cilium.',
    ),
});
export type NetworkConfig = z.infer<typeof NetworkConfig>;

/** What the paths of one cluster depend on. */
export interface PathOptions {
  readonly cluster: string;
  readonly mode: 'routes' | 'vxlan';
  readonly from: NetworkConfig['from'];
  /** 0: the default route domain. */
  readonly routeDomain: number;
  /** Networks in which nodes are reached. Empty: no restriction. */
  readonly nodeNetworks: readonly Cidr[];
  /** Networks of the cluster's pods, outside of which nothing is routed. Empty: no restriction. */
  readonly podNetworks: readonly Cidr[];
}

/** The sources with networks in objects of their own, which need a right of their own. */
export type CniSource = Extract<NetworkSource, 'calico' | 'cilium'>;

/**
 * Whose objects the configuration asks for. `auto` asks for none: it needs no right, and a route
 * for each pod serves as well. Records of tunnels need the address that Cilium uses for the node.
 */
export function cniObjectsOf({
  mode,
  from,
}: {
  readonly mode: NetworkConfig['mode'];
  readonly from: NetworkConfig['from'];
}): CniSource | undefined {
  return mode !== 'none' && (from === 'calico' || from === 'cilium') ? from : undefined;
}
