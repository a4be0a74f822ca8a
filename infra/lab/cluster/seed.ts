/** The objects that the cluster has at the start. */
import type { RawObject } from './raw.ts';

function object(
  apiVersion: string,
  kind: string,
  metadata: RawObject['metadata'],
  rest: object = {},
): RawObject {
  return { apiVersion, kind, metadata, ...rest };
}

/** Workers, by their InternalIP. */
export function nodes(addresses: readonly string[]): readonly RawObject[] {
  return addresses.map((address, index) => {
    const name = `worker-${index + 1}`;
    const status = {
      addresses: [
        { type: 'InternalIP', address },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'kubelet is posting ready status',
        },
      ],
      nodeInfo: { kubeletVersion: 'v1.34.0', operatingSystem: 'linux', architecture: 'amd64' },
    };
    return object(
      'v1',
      'Node',
      { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
      { spec: {}, status },
    );
  });
}

/** Name, port, target port and node port of a stock ingress gateway Service. */
const INGRESS_PORTS = [
  ['status-port', 15_020, 15_020, 31_702],
  ['http2', 80, 8080, 31_547],
  ['https', 443, 8443, 31_956],
  ['tcp', 31_400, 31_400, 30_775],
  ['tls', 15_443, 15_443, 30_536],
] as const;

/** As the Helm chart of Istio makes it, with the class of Sluice. */
export function ingressService(): RawObject {
  const labels = { app: 'istio-ingressgateway', istio: 'ingressgateway' };
  const spec = {
    type: 'LoadBalancer',
    loadBalancerClass: 'sluice.io/bigip',
    selector: labels,
    ports: INGRESS_PORTS.map(([name, port, targetPort, nodePort]) => ({
      name,
      port,
      protocol: 'TCP',
      targetPort,
      nodePort,
    })),
  };
  return object(
    'v1',
    'Service',
    { name: 'istio-ingressgateway', namespace: 'istio-system', labels },
    { spec },
  );
}

/** The backend of the demo, on two ports. */
export function echoService(): RawObject {
  const ports = [9000, 9001].map((port) => ({
    name: port === 9000 ? 'tcp' : 'tcp-other',
    port,
    targetPort: port,
    protocol: 'TCP',
  }));
  return object(
    'v1',
    'Service',
    { name: 'tcp-echo', namespace: 'default', labels: { app: 'tcp-echo' } },
    { spec: { type: 'ClusterIP', selector: { app: 'tcp-echo' }, ports } },
  );
}
