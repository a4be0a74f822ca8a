import type { MeshOptions } from '../ingress/mesh.ts';
import type { IngressEntry } from './ingress-entry.ts';
import type { ClusterNetworks } from './networks.ts';
import type { PolicyConfig } from './policy.ts';

/** What the configuration says about one ingress. */
export interface ExposureContext {
  readonly ingress: IngressEntry;
  readonly policy: PolicyConfig;
  readonly mesh: MeshOptions;
  readonly defaultPartition: string;
  /** Partitions that are Sluice's own on every device of this ingress. */
  readonly partitions: readonly string[];
  /** `namespace/name` of the cluster's other ingresses: what is for them is theirs to speak of. */
  readonly otherIngresses?: readonly string[];
  /** Absent: members may be anywhere, in route domain 0. */
  readonly networks?: ClusterNetworks | undefined;
}
