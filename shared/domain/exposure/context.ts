import type { MeshOptions } from '../istio/mesh.ts';
import type { AddressPool } from '../address-pools/pool.ts';
import type { IngressEntry } from './sources/ingress-entry.ts';
import type { ClusterNetworks } from '../net/cluster-networks.ts';
import type { PolicyConfig } from './settings/policy.ts';
import type { Spread } from './spread.ts';

/** What the configuration says about one ingress. */
export interface ExposureContext {
  readonly ingress: IngressEntry;
  readonly policy: PolicyConfig;
  readonly mesh: MeshOptions;
  /** Where an exposure goes whose partition nobody names, unless its address decides. */
  readonly defaultPartition: string;
  /** Absent: none. */
  readonly spread?: Spread;
  /** Partitions that are Sluice's own on every device of this ingress. */
  readonly partitions: readonly string[];
  /** In the order of sluice.yaml. */
  readonly addressPools?: readonly AddressPool[];
  /** Where the search for a free address begins depends on it: the same for clusters that share. */
  readonly addressSeed?: string;
  /** `namespace/name` of the cluster's other ingresses: what is for them is theirs to speak of. */
  readonly otherIngresses?: readonly string[];
  /** Absent: members may be anywhere, in route domain 0. */
  readonly networks?: ClusterNetworks | undefined;
}
