/** What building exposures needs besides the objects of the cluster. */
import type { MeshOptions } from '../istio/mesh.ts';
import type { AddressPool } from '../address-pools/pool.ts';
import type { IngressEntry } from './sources/ingress-entry.ts';
import type { ClusterNetworks } from '../net/cluster-networks.ts';
import type { PathOptions } from '../paths/network-config.ts';
import type { PolicyConfig } from './settings/policy.ts';
import type { FleetOverride, PolicyRequirement } from './settings/requirements.ts';
import type { ServiceBundle } from './settings/service-bundles.ts';
import type { Spread } from './spread.ts';

/** The configuration of one ingress. */
export interface ExposureContext {
  /** The entry of sluice.yaml. */
  readonly ingress: IngressEntry;
  /** What may be exposed, and which objects may be referred to. */
  readonly policy: PolicyConfig;
  /** Settings without which nothing is published; default: none. */
  readonly requirements?: readonly PolicyRequirement[];
  /** Bundles that may be requested; default: none. */
  readonly serviceBundles?: readonly ServiceBundle[];
  /** The fleet of its cluster; default: none. */
  readonly fleet?: FleetOverride | undefined;
  /** Options that change which ports Envoy opens. */
  readonly mesh: MeshOptions;
  /** Partition of exposures that do not request one, unless spreading applies. */
  readonly defaultPartition: string;
  /** Default: none. */
  readonly spread?: Spread;
  /** Partitions that every device of this ingress lists. */
  readonly partitions: readonly string[];
  /** In the order of sluice.yaml. */
  readonly addressPools?: readonly AddressPool[];
  /** Start of the search for a free address; equal for clusters that share. */
  readonly addressSeed?: string;
  /** `namespace/name` of the cluster's other ingresses, which report their own objects. */
  readonly otherIngresses?: readonly string[];
  /** Absent: members may have any address, in route domain 0. */
  readonly networks?: ClusterNetworks | undefined;
  /** Absent: Sluice keeps no paths to pods. */
  readonly paths?: PathOptions | undefined;
}
