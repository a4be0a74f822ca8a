/** The Nodes of a cluster with what its CNI notes there, and the paths that lead to them. */
import type { KubernetesObject } from '../../../infra/lab/kubernetes/types.ts';
import type { LiveEntries } from '../../../shared/domain/paths/live.ts';
import type { RigApi } from './kubernetes.ts';

/** `moves`: it has another address and another MAC from now on. */
export type NodeChange = 'joins' | 'moves' | 'leaves';

export interface RigNodes {
  change(node: number, what: NodeChange): void;
  /** All are there. */
  restore(): void;
  /** The network of the pods of a node. */
  network(node: number): string;
  /**
   * Whether these entries lead to the pod; `ever`: also where its node was before, because who
   * writes may not have heard of the new address.
   */
  areReached(entries: LiveEntries, pod: string, when: 'now' | 'ever'): boolean;
}

/** Where a node is in the network below the pods. */
interface Seat {
  readonly via: string;
  readonly mac: string;
}

/** Nodes 1 and 2 are there from the beginning. */
const NODES = [1, 2, 3] as const;
const FIRST = [1, 2] as const;

/** Without `network`, the cluster has no Nodes, because nothing depends on them. */
export function createNodes(
  { id, index, api }: { readonly id: string; readonly index: number; readonly api: RigApi },
  network: 'routes' | 'vxlan' | undefined,
): RigNodes {
  /** Every seat of a node, the present one last. */
  const seats = new Map<number, Seat[]>();
  const networkOf = (node: number): string => `10.${index + 1}.${node}.0/24`;
  const tunnel = `/Common/${id}`;
  const move = (node: number): void => {
    const known = seats.get(node) ?? [];
    const turn = known.length % 10;
    const via = `192.0.2.${100 * index + 10 * node + turn}`;
    seats.set(node, [...known, { via, mac: `0a:00:00:0${index}:0${node}:0${turn}` }]);
  };
  const join = (node: number): void => {
    if (!seats.has(node)) move(node);
    api.store.apply(nodeObject(node, networkOf(node), seats.get(node)!.at(-1)!));
  };
  const isThere = (node: number): boolean =>
    api.store.get('v1', 'Node', '', `worker-${node}`) !== undefined;
  if (network !== undefined) for (const node of FIRST) join(node);
  const seatsOf = (pod: string): readonly Seat[] => seats.get(Number(pod.split('.')[2])) ?? [];
  return {
    network: networkOf,
    change: (node, what) => {
      if (what === 'joins') join(node);
      else if (!isThere(node)) return;
      else if (what === 'leaves') api.store.delete('v1', 'Node', '', `worker-${node}`);
      else {
        move(node);
        join(node);
      }
    },
    restore: () => {
      if (network !== undefined) for (const node of NODES) join(node);
    },
    areReached: (entries, pod, when) => {
      const usable = seatsOf(pod).slice(when === 'now' ? -1 : 0);
      const vias = usable.map(({ via }) => via);
      const leads = (key: string): boolean => vias.includes(entries.get(key)?.to ?? '');
      if (network === 'routes') return leads(`route ${networkOf(Number(pod.split('.')[2]))}`);
      const mac = entries.get(`arp ${pod}`)?.to ?? '';
      return usable.some((one) => one.mac === mac) && leads(`fdb ${tunnel} ${mac}`);
    },
  };
}

function nodeObject(node: number, network: string, { via, mac }: Seat): KubernetesObject {
  const name = `worker-${node}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: {
        'flannel.alpha.coreos.com/backend-data': JSON.stringify({ VNI: 1, VtepMAC: mac }),
        'flannel.alpha.coreos.com/backend-type': 'vxlan',
        'flannel.alpha.coreos.com/kube-subnet-manager': 'true',
        'flannel.alpha.coreos.com/public-ip': via,
      },
    },
    spec: { podCIDR: network, podCIDRs: [network] },
    status: {
      addresses: [
        { type: 'InternalIP', address: via },
        { type: 'Hostname', address: name },
      ],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}
