/**
 * What is said about the networks of a node's pods, by the node itself (narrowed from its spec and
 * annotations) or by an object of its CNI. Raw annotations are never kept, because some change with
 * every heartbeat.
 */
import * as z from 'zod';

/** Where the networks of a node's pods are named. */
export const NetworkSource = z.enum([
  'podCIDR',
  'calico',
  'cilium',
  'ovn',
  'antrea',
  'flannel',
  'annotation',
  'host',
]);
export type NetworkSource = z.infer<typeof NetworkSource>;

const Texts = z.array(z.string());

/** Every text is as the node has it: addresses, networks and MACs are checked where they count. */
export const NodeNetwork = z.object({
  /** `spec.podCIDRs`, or `spec.podCIDR`. */
  podCIDRs: Texts.optional(),
  /** `sluice.io/pod-networks`, by which administrators override everything. */
  podNetworks: Texts.optional(),
  flannel: z
    .object({
      /** `vxlan`, `host-gw`, … */
      backend: z.string().optional(),
      /** Public addresses, overwritten ones first. */
      addresses: Texts,
      /** MACs of the VXLAN device by family of the pods. */
      mac4: z.string().optional(),
      mac6: z.string().optional(),
      /** VXLAN network ids by family of the pods. */
      vni4: z.number().optional(),
      vni6: z.number().optional(),
    })
    .optional(),
  /** Networks of the default network, and addresses without masks: the primary ones first. */
  ovn: z.object({ networks: Texts, addresses: Texts }).optional(),
  /** Addresses without masks. */
  calico: z.object({ addresses: Texts }).optional(),
  cilium: z.object({ networks: Texts }).optional(),
  antrea: z.object({ addresses: Texts }).optional(),
  /** Annotations that cannot be read, with the source that needs them. */
  faults: z
    .array(z.object({ source: NetworkSource, field: z.string(), fault: z.string() }))
    .optional(),
});
export type NodeNetwork = z.infer<typeof NodeNetwork>;

/** cilium.io CiliumNode, which has the name of its node. */
export const CiliumNode = z.object({
  name: z.string(),
  /** `spec.ipam.podCIDRs`, and those of `spec.ipam.pools.allocated`. */
  networks: Texts,
  /** `spec.addresses` of type InternalIP. */
  addresses: Texts,
});
export type CiliumNode = z.infer<typeof CiliumNode>;

/** BlockAffinity of Calico: which node gives pods the addresses of a block. */
export const BlockAffinity = z.object({
  name: z.string(),
  node: z.string(),
  /** Absent unless the affinity is confirmed and not deleted. */
  cidr: z.string().optional(),
});
export type BlockAffinity = z.infer<typeof BlockAffinity>;
