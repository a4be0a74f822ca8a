/** One ingress with a given number of Gateways, each with its own port and a bound route. */
import type { KubernetesObjects } from '../../shared/domain/snapshot/objects.ts';
import type { IngressRef, Snapshot } from '../../shared/domain/snapshot/snapshot.ts';
import { normaliseObjects } from '../../shared/kubernetes/objects/index.ts';

const LABELS = { istio: 'ingressgateway' };

function raw(size: number): object[] {
  const meta = (namespace: string, name: string, i = 0): object => ({
    namespace,
    name,
    uid: `${namespace}-${name}`,
    creationTimestamp: new Date(1_700_000_000_000 + i * 1_000).toISOString(),
    resourceVersion: String(i),
  });
  const ports = Array.from({ length: size }, (_, i) => 1_024 + i);
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: meta('istio-system', 'istio-ingressgateway'),
    spec: {
      type: 'LoadBalancer',
      selector: LABELS,
      ports: ports.map((port) => ({
        name: `tcp-${port}`,
        port,
        targetPort: port,
        nodePort: 30_000 + (port % 2_767),
        protocol: 'TCP',
      })),
    },
  };
  const pods = [1, 2].map((n) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...meta('istio-system', `gateway-${n}`), labels: LABELS },
    spec: {
      nodeName: 'node-1',
      containers: [
        { name: 'istio-proxy', args: ['proxy', 'router'], ports: [{ containerPort: 15_021 }] },
      ],
    },
    status: {
      podIP: `10.244.1.${n}`,
      podIPs: [{ ip: `10.244.1.${n}` }],
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }));
  const gateways = ports.map((number, i) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: meta('default', `gw-${i}`, i),
    spec: {
      selector: LABELS,
      servers: [{ port: { number, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }],
    },
  }));
  const routes = ports.map((port, i) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: meta('default', `vs-${i}`, i),
    spec: {
      hosts: ['*'],
      gateways: [`gw-${i}`],
      tcp: [{ match: [{ port }], route: [{ destination: { host: 'echo' } }] }],
    },
  }));
  return [service, ...pods, ...gateways, ...routes];
}

export function ingressOf(size: number): {
  readonly ref: IngressRef;
  readonly objects: KubernetesObjects;
} {
  return {
    ref: { namespace: 'istio-system', service: 'istio-ingressgateway' },
    objects: normaliseObjects(raw(size)).objects,
  };
}

export function snapshotOf(size: number, counter: number): Snapshot {
  const { ref, objects } = ingressOf(size);
  return {
    cluster: 'east',
    clusterUid: 'uid-east',
    ingress: ref,
    revision: { epoch: 1, counter },
    changes: [],
    removed: false,
    objects,
  };
}
