/** Snapshots of an ingress, and inventories of a cluster. */
import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import { ObservedRevision } from '../revision.ts';
import { KubernetesObjects } from './objects.ts';

const ClusterId = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a DNS label');

/** Names the ingress gateway Service in its cluster. */
export const IngressRef = z.strictObject({ namespace: Name.min(1), service: Name.min(1) });
export type IngressRef = z.infer<typeof IngressRef>;

/** An observed change; a deletion proves the absence of everything that depended on the object. */
export const Change = z.strictObject({
  what: z.enum(['added', 'updated', 'deleted']),
  kind: Name,
  namespace: Name,
  name: Name,
  resourceVersion: Name,
});
export type Change = z.infer<typeof Change>;

/**
 * Services and ConfigMaps often have the same name as their gateway, and change for other reasons.
 */
const OPENS_PORTS: ReadonlySet<string> = new Set(['Gateway', 'ListenerSet']);

/** What hung on the object and is not there any more was taken away by its author. */
export function provesRemoval({ what, kind }: Pick<Change, 'what' | 'kind'>): boolean {
  return what !== 'added' && OPENS_PORTS.has(kind);
}

/**
 * The complete input of one ingress at one revision, from which its exposures are derived without
 * any other information.
 */
export const Snapshot = z.strictObject({
  cluster: ClusterId,
  /**
   * UID of the `kube-system` namespace: distinguishes a rebuilt cluster from the previous one with
   * this id.
   */
  clusterUid: Name.min(1),
  ingress: IngressRef,
  revision: ObservedRevision,
  /**
   * Every snapshot of this ingress after this revision and before `revision` was settled as applied
   * or unchanged on every device. Absent: not known. Only then the fence may wait (decision 62).
   */
  settledSince: ObservedRevision.optional(),
  changes: z.array(Change),
  /** The watcher observed the deletion of the ingress Service, so all its exposures are removed. */
  removed: z.boolean(),
  objects: KubernetesObjects,
});
export type Snapshot = z.infer<typeof Snapshot>;

/** The complete list of a cluster's ingresses at a revision. */
export const Inventory = z.strictObject({
  cluster: ClusterId,
  clusterUid: Name.min(1),
  revision: ObservedRevision,
  /** Ingresses whose Service exists. */
  ingresses: z.array(IngressRef),
  /** Ingresses that the watcher looks for. Absent: all configured ones. */
  watched: z.array(IngressRef).optional(),
});
export type Inventory = z.infer<typeof Inventory>;

/** `cluster/namespace/service`: the owner of the ingress's exposures. */
export type OwnerKey = string;

/** `cluster/namespace/service`. */
export function ownerKey(cluster: string, ingress: IngressRef): OwnerKey {
  return `${cluster}/${ingress.namespace}/${ingress.service}`;
}

/** The inverse of {@link ownerKey}; missing parts are empty. */
export function parseOwner(owner: OwnerKey): { cluster: string; ingress: IngressRef } {
  const [cluster = '', namespace = '', service = ''] = owner.split('/');
  return { cluster, ingress: { namespace, service } };
}
