import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import { ObservedRevision } from '../revision.ts';
import { KubernetesObjects } from './objects.ts';

const ClusterId = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a DNS label');

export const IngressRef = z.strictObject({ namespace: Name.min(1), service: Name.min(1) });
export type IngressRef = z.infer<typeof IngressRef>;

/** What was seen to change; a deletion here proves the absence of what hung on that object. */
export const Change = z.strictObject({
  what: z.enum(['added', 'updated', 'deleted']),
  kind: Name,
  namespace: Name,
  name: Name,
  resourceVersion: Name,
});
export type Change = z.infer<typeof Change>;

/** Services and ConfigMaps are often called like the gateway they belong to, and change for reasons of their own. */
const OPENS_PORTS: ReadonlySet<string> = new Set(['Gateway', 'ListenerSet']);

/** What hung on the object and is not there any more was taken away by its author. */
export function provesRemoval({ what, kind }: Pick<Change, 'what' | 'kind'>): boolean {
  return what !== 'added' && OPENS_PORTS.has(kind);
}

/** The complete input of one ingress at one revision: nothing else is needed to know what BIG-IP should offer for it. */
export const Snapshot = z.strictObject({
  cluster: ClusterId,
  /** UID of the `kube-system` namespace: tells a rebuilt cluster from the one that used this id before. */
  clusterUid: Name.min(1),
  ingress: IngressRef,
  revision: ObservedRevision,
  changes: z.array(Change),
  /** The watcher saw the ingress Service itself being deleted: everything it exposed goes. */
  removed: z.boolean(),
  objects: KubernetesObjects,
});
export type Snapshot = z.infer<typeof Snapshot>;

/** The complete list of a cluster's ingresses at a revision. */
export const Inventory = z.strictObject({
  cluster: ClusterId,
  clusterUid: Name.min(1),
  revision: ObservedRevision,
  /** Those whose Service exists. */
  ingresses: z.array(IngressRef),
  /** Those that the watcher looks for: it knows nothing of others. Absent: all that are configured. */
  watched: z.array(IngressRef).optional(),
});
export type Inventory = z.infer<typeof Inventory>;

/** `cluster/namespace/service`: the owner of what the ingress exposes. */
export type OwnerKey = string;

export function ownerKey(cluster: string, ingress: IngressRef): OwnerKey {
  return `${cluster}/${ingress.namespace}/${ingress.service}`;
}

export function parseOwner(owner: OwnerKey): { cluster: string; ingress: IngressRef } {
  const [cluster = '', namespace = '', service = ''] = owner.split('/');
  return { cluster, ingress: { namespace, service } };
}
