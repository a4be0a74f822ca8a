import type { KubernetesClient, RawObject, Resource } from '../../shared/kubernetes/index.ts';

const LEASES: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true };
const ANNOTATION = 'sluice.io/epoch';

export interface LeasePlace {
  readonly namespace: string;
  readonly name: string;
  readonly holder: string;
}

/** One Lease for each watched cluster: it remembers the epoch when a process is killed or a clock runs backwards. */
export function leasePlace(namespace: string, clusterId: string, holder: string): LeasePlace {
  return { namespace, name: `sluice-watch-${clusterId}`, holder };
}

/**
 * A new epoch, above every one before it, kept on the Lease before anybody uses it. Two claimants cannot get the same one: the write
 * carries the version that was read, and the loser's fails with a conflict.
 */
export async function claimEpoch(client: KubernetesClient, place: LeasePlace, now: number, above = 0): Promise<number> {
  const lease = await client.get(LEASES, place.name, place.namespace);
  const kept = Number(lease?.metadata.annotations?.[ANNOTATION] ?? 0);
  const epoch = Math.max(now, (Number.isSafeInteger(kept) ? kept : 0) + 1, above + 1);
  if (lease === undefined) await client.create(LEASES, leaseObject(place, now, epoch));
  else await client.replace(LEASES, { ...lease, ...leaseObject(place, now, epoch), metadata: { ...lease.metadata, annotations: { ...lease.metadata.annotations, [ANNOTATION]: String(epoch) } } });
  return epoch;
}

function leaseObject(place: LeasePlace, now: number, epoch: number): RawObject {
  const time = new Date(now).toISOString().replace('Z', '000Z');
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: place.namespace, name: place.name, annotations: { [ANNOTATION]: String(epoch) } },
    spec: { holderIdentity: place.holder, acquireTime: time, renewTime: time },
  };
}
