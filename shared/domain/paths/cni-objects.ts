/** Objects of CNIs that name the networks of a node's pods, beside the Node. */
import type { BlockAffinity, CiliumNode } from '../snapshot/node-network.ts';
import type { KubernetesObjects, Node } from '../snapshot/objects.ts';
import { cniObjectsOf, type CniSource, type PathOptions } from './network-config.ts';

/** A Node with the objects of its CNI. They are absent if the configuration does not ask for them. */
export interface NetworkNode extends Node {
  readonly ciliumNode?: CiliumNode;
  readonly blocks?: readonly BlockAffinity[];
}

/** The nodes, and whether the objects of the CNI that is asked for are missing. */
export interface NetworkNodes {
  readonly nodes: readonly NetworkNode[];
  /** They were not read: the right is missing, or the cluster does not serve the kind. */
  readonly unread?: CniSource;
}

type Objects = Pick<KubernetesObjects, 'nodes' | 'optionalKinds'>;

/** Without the list, or without an object for the node, the Node is as it is. */
const JOIN: Readonly<Record<CniSource, (objects: Objects) => NetworkNodes>> = {
  cilium: ({ nodes, optionalKinds: { ciliumNodes } = {} }) => {
    if (ciliumNodes === undefined) return { nodes, unread: 'cilium' };
    const byName = new Map(ciliumNodes.map((one) => [one.name, one]));
    return {
      nodes: nodes.map((node) => {
        const ciliumNode = byName.get(node.meta.name);
        return ciliumNode === undefined ? node : { ...node, ciliumNode };
      }),
    };
  },
  calico: ({ nodes, optionalKinds: { blockAffinities } = {} }) => {
    if (blockAffinities === undefined) return { nodes, unread: 'calico' };
    const byNode = Map.groupBy(blockAffinities, ({ node }) => node);
    return {
      nodes: nodes.map((node) => ({ ...node, blocks: byNode.get(node.meta.name) ?? [] })),
    };
  },
};

/** Joins the Nodes with the objects that `clusters[].network` asks for, and with no others. */
export function networkNodes(objects: Objects, options: PathOptions): NetworkNodes {
  const source = cniObjectsOf(options);
  return source === undefined ? { nodes: objects.nodes } : JOIN[source](objects);
}
