/** The objects of a cluster, as people and controllers write them. */
import type { KubernetesObject } from '../../../infra/lab/kubernetes/types.ts';

/** The ingress of each cluster. */
export const SERVICE = { namespace: 'istio-system', name: 'istio-ingressgateway' } as const;
/** The namespace of the Gateways. */
export const APPS = 'apps';

export type PodState = 'ready' | 'unready' | 'ending' | 'gone';

export function namespaceOf(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export function serviceOf(): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...SERVICE },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'sluice.io/bigip',
      selector: { istio: 'ingressgateway' },
      ports: [{ name: 'status-port', port: 15020, protocol: 'TCP', targetPort: 15020 }],
    },
  };
}

export function podOf(
  n: number,
  {
    address,
    node,
    state,
    now,
  }: {
    readonly address: string;
    readonly node: number;
    readonly state: PodState;
    readonly now: number;
  },
): KubernetesObject {
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: SERVICE.namespace,
      name: `pod-${n}`,
      labels: { istio: 'ingressgateway' },
      ...(state === 'ending' && { deletionTimestamp: time, deletionGracePeriodSeconds: 30 }),
    },
    spec: {
      nodeName: `worker-${node}`,
      containers: [{ name: 'istio-proxy', image: 'proxyv2', args: ['proxy', 'router'] }],
    },
    status: {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: [{ type: 'Ready', status: state === 'ready' ? 'True' : 'False' }],
    },
  };
}
