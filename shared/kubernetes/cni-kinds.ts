/** Custom resources in which CNIs keep the networks of the pods of each node. */
import type { CniSource } from '../domain/paths/network-config.ts';
import type { OptionalKinds } from '../domain/snapshot/objects.ts';
import type { StreamKind } from './stream.ts';

/** A kind of the whole cluster, and the list of a snapshot that its objects are in. */
export interface CniKind extends StreamKind {
  readonly namespaced: false;
  readonly optional: keyof OptionalKinds;
}

/** By `clusters[].network.from`. They are read only if the configuration asks for them. */
export const CNI_KINDS = {
  calico: {
    // Where it is served, it is what Calico uses: its API server shows the older group there, and
    // without it the objects are stored there, and a migration leaves the older ones as they were.
    group: 'projectcalico.org',
    versions: ['v3'],
    kind: 'BlockAffinity',
    plural: 'blockaffinities',
    otherGroup: { group: 'crd.projectcalico.org', versions: ['v1'] },
    namespaced: false,
    optional: 'blockAffinities',
  },
  cilium: {
    group: 'cilium.io',
    versions: ['v2'],
    kind: 'CiliumNode',
    plural: 'ciliumnodes',
    namespaced: false,
    optional: 'ciliumNodes',
  },
} as const satisfies Readonly<Record<CniSource, CniKind>>;
