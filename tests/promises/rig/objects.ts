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

/** A Gateway that opens a port, and the route without which Envoy does not listen there. */
export function gatewayOf(
  port: number,
  annotations: Readonly<Record<string, string>>,
): readonly KubernetesObject[] {
  const metadata = { namespace: APPS, name: `gw-${port}` };
  const apiVersion = 'networking.istio.io/v1';
  return [
    {
      apiVersion,
      kind: 'Gateway',
      metadata: { ...metadata, annotations },
      spec: {
        selector: { istio: 'ingressgateway' },
        servers: [{ port: { number: port, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }],
      },
    },
    {
      apiVersion,
      kind: 'VirtualService',
      metadata,
      spec: {
        hosts: ['*'],
        gateways: [metadata.name],
        tcp: [
          {
            match: [{ port }],
            route: [{ destination: { host: 'echo', port: { number: 9000 } } }],
          },
        ],
      },
    },
  ];
}
