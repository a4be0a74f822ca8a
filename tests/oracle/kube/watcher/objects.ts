/** What the watcher sees: an ingress gateway of the oracle, and the Gateways on it. */
import type { Body } from '../../../integration/lab-kubernetes/client.ts';
import { NO_CLASS, OURS } from '../harmless.ts';

/** Where the ingress Service, the Gateways and the Lease of the watcher are. */
export const PLACES = {
  ingress: `${OURS}-ingress`,
  apps: `${OURS}-apps`,
  watcher: `${OURS}-watcher`,
} as const;

export const SERVICE = 'gateway';
export const HOLD = 'sluice-oracle.example.com/hold';

/** Not that of the Gateways of the calls. */
const LABELS = { istio: PLACES.ingress };

export const PATHS = {
  services: `/api/v1/namespaces/${PLACES.ingress}/services`,
  pods: `/api/v1/namespaces/${PLACES.ingress}/pods`,
  gateways: `/apis/networking.istio.io/v1/namespaces/${PLACES.apps}/gateways`,
  virtualServices: `/apis/networking.istio.io/v1/namespaces/${PLACES.apps}/virtualservices`,
  leases: `/apis/coordination.k8s.io/v1/namespaces/${PLACES.watcher}/leases`,
  events: (namespace: string) => `/api/v1/namespaces/${namespace}/events`,
} as const;

export function ingressService(): Body {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: SERVICE },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: NO_CLASS,
      selector: LABELS,
      ports: [{ name: 'status-port', port: 15_021, targetPort: 15_021 }],
    },
  };
}

/** No scheduler places it, so it never runs. It is made within Pod Security "restricted". */
export function gatewayPod(name: string): Body {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: LABELS },
    spec: {
      schedulerName: OURS,
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'istio-proxy',
          image: 'registry.invalid/proxyv2',
          args: ['proxy', 'router'],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/** As a kubelet writes it. */
export function podStatus(ip: string, isReady: boolean): Body {
  return {
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
    },
  };
}

export function gateway(name: string, port: number, finalizers: readonly string[] = []): Body {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name, finalizers },
    spec: {
      selector: LABELS,
      servers: [{ port: { number: port, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }],
    },
  };
}

export function virtualService(name: string, gatewayName: string, port: number): Body {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name },
    spec: {
      hosts: ['*'],
      gateways: [gatewayName],
      tcp: [
        {
          match: [{ port }],
          route: [{ destination: { host: 'tcp-echo', port: { number: 9000 } } }],
        },
      ],
    },
  };
}
