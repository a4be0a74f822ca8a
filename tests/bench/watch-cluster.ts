/** A large cluster in the lab's API, of the size for which the watcher's figures are measured. */
import type { KubernetesObject, LabKubernetes } from '../../infra/lab/kubernetes/index.ts';

/**
 * The time to map a snapshot is proportional to the number of Gateways of its ingress, so the
 * Gateways are spread over several ingresses.
 */
export const INGRESSES = 10;
export const SIZE = {
  gateways: Number(process.env['SLUICE_BENCH_GATEWAYS'] ?? 10_000),
  services: 2_000,
  pods: 500,
};

/**
 * Fields that real objects carry and the watcher does not read: managed fields and kubectl's last
 * applied configuration.
 */
function clutter(name: string): object {
  const fieldsV1 = {
    'f:metadata': {
      'f:annotations': { '.': {}, 'f:kubectl.kubernetes.io/last-applied-configuration': {} },
    },
    'f:spec': {
      '.': {},
      'f:selector': {},
      'f:servers': {},
      'f:gateways': {},
      'f:hosts': {},
      'f:tcp': {},
    },
  };
  return {
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
        name,
        filler: 'x'.repeat(400),
      }),
    },
    managedFields: [
      {
        manager: 'kubectl-client-side-apply',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1,
      },
    ],
  };
}

function portOf(n: number): number {
  return 20_000 + Math.floor(n / INGRESSES);
}

/** All ports that the Gateways request: a missing port would cause an Event on each Gateway. */
function servicePorts(): readonly object[] {
  const ports = Array.from({ length: SIZE.gateways / INGRESSES }, (_, n) => ({
    name: `tcp-${n}`,
    port: portOf(n * INGRESSES),
    protocol: 'TCP',
  }));
  return [{ name: 'status', port: 15_021, protocol: 'TCP' }, ...ports];
}

/**
 * Each edition has other content, and seven digits, so that all take the same memory. The port
 * stays the same, so the Service has it.
 */
export function gatewayOf(n: number, edition: number): KubernetesObject {
  const selector = { istio: `gateway-${n % INGRESSES}` };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { namespace: `team-${n % 50}`, name: `gw-${n}`, ...clutter(`gw-${n}`) },
    spec: {
      selector,
      servers: [
        { port: { number: portOf(n), name: `tcp-${edition}`, protocol: 'TCP' }, hosts: ['*'] },
      ],
    },
  };
}

export function fill(lab: LabKubernetes): void {
  const put = (object: KubernetesObject): void => void lab.store.apply(object);
  for (let n = 0; n < 50; n += 1)
    put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `team-${n}` } });
  for (let n = 0; n < SIZE.services; n += 1) {
    const ingress = n < INGRESSES;
    const spec = ingress
      ? {
          type: 'LoadBalancer',
          allocateLoadBalancerNodePorts: false,
          selector: { istio: `gateway-${n}` },
          ports: servicePorts(),
        }
      : { selector: { app: `app-${n}` }, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] };
    put({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        namespace: ingress || n % 2 === 0 ? 'istio-system' : `team-${n % 50}`,
        name: ingress ? `ingress-${n}` : `svc-${n}`,
        ...clutter(`svc-${n}`),
      },
      spec,
    });
  }
  for (let n = 0; n < SIZE.pods; n += 1) {
    const ip = `10.244.${n >> 8}.${n & 255}`;
    put({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        namespace: 'istio-system',
        name: `pod-${n}`,
        labels: { istio: `gateway-${n % INGRESSES}` },
        ...clutter(`pod-${n}`),
      },
      spec: {
        nodeName: `node-${n % 100}`,
        containers: [
          {
            name: 'istio-proxy',
            image: 'proxyv2',
            args: ['proxy', 'router'],
            env: Array.from({ length: 30 }, (_, i) => ({ name: `VARIABLE_${i}`, value: 'value' })),
          },
        ],
      },
      status: {
        phase: 'Running',
        podIP: ip,
        podIPs: [{ ip }],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    });
  }
  for (let n = 0; n < SIZE.gateways; n += 1) {
    put(gatewayOf(n, 9_000_000));
    const spec = {
      hosts: ['*'],
      gateways: [`gw-${n}`],
      tcp: [
        {
          match: [{ port: portOf(n) }],
          route: [{ destination: { host: 'echo', port: { number: 9_000 } } }],
        },
      ],
    };
    put({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { namespace: `team-${n % 50}`, name: `vs-${n}`, ...clutter(`vs-${n}`) },
      spec,
    });
  }
}
