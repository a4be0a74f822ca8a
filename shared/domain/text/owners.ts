/** The parts of an owner `cluster/namespace/service`, without what else a snapshot has. Pure. */

/** The cluster in which its ingress is. */
export function clusterOfOwner(owner: string): string {
  return owner.split('/')[0] ?? '';
}
