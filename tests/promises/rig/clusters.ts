/** What people do in the clusters, and what the device should therefore offer at any moment. */
import type { KubernetesObject } from '../../../infra/lab/kubernetes/types.ts';
import type { RigClock } from './clock.ts';
import type { RigApi } from './kubernetes.ts';

/** The ingress of each cluster. */
export const SERVICE = { namespace: 'istio-system', name: 'istio-ingressgateway' } as const;
/** The namespace of the Gateways. */
export const APPS = 'apps';
export const ADDRESS = '172.16.100.195';

export type PodState = 'ready' | 'unready' | 'ending' | 'gone';

/** One cluster: its objects, and since when what is wanted without interruption. */
export interface RigCluster {
  readonly id: string;
  readonly owner: string;
  readonly api: RigApi;
  gateway(port: number, isThere: boolean): void;
  pod(n: number, state: PodState): void;
  service(isThere: boolean): void;
  /** Somebody replaces the Service, and drops the ports that others added. */
  strip(): void;
  terminate(): void;
  clear(): void;
  /** The namespace of the Gateways is there again, with all of them. */
  restore(): void;
  /** The ports that Kubernetes says now. */
  readonly wanted: () => ReadonlySet<number>;
  /** The addresses of pods that must be members, and of those that may be. */
  readonly members: () => { readonly must: readonly string[]; readonly may: readonly string[] };
  /** Whether a port, or a pod, was wanted at every moment since it first was. */
  wasAlways(what: 'port' | 'pod', id: string): boolean;
}

/** An empty cluster with one Service, and no pod. */
export function createCluster(id: string, index: number, api: RigApi, clock: RigClock): RigCluster {
  const ports = new Set<number>();
  const pods = new Map<number, PodState>();
  const history = new Map<string, 'always' | 'broken'>();
  let isServed = true;
  let hasApps = true;
  const addressOf = (n: number): string => `10.${index + 1}.1.${n}`;
  const podsThat = (are: (state: PodState) => boolean): readonly string[] =>
    [...pods].filter(([, state]) => are(state)).map(([n]) => addressOf(n));
  const wanted = (): ReadonlySet<number> => new Set(isServed && hasApps ? ports : []);
  const put = (object: KubernetesObject): void => void api.store.apply(object);
  const drop = (apiVersion: string, kind: string, namespace: string, name: string): void => {
    if (api.store.get(apiVersion, kind, namespace, name) !== undefined)
      api.store.delete(apiVersion, kind, namespace, name);
  };
  /** After each change: what is not wanted now was interrupted. */
  const note = (): void => {
    const now = new Set([
      ...[...wanted()].map((port) => `port ${port}`),
      ...podsThat((state) => state === 'ready').map((address) => `pod ${address}`),
    ]);
    for (const key of history.keys()) if (!now.has(key)) history.set(key, 'broken');
    for (const key of now) if (!history.has(key)) history.set(key, 'always');
  };
  const placeApps = (): void => {
    put(namespaceOf(APPS));
    for (const port of ports) for (const one of gatewayOf(port)) put(one);
  };
  for (const name of ['kube-system', 'default', SERVICE.namespace]) put(namespaceOf(name));
  placeApps();
  put(serviceOf());
  return {
    id,
    owner: `${id}/${SERVICE.namespace}/${SERVICE.name}`,
    api,
    gateway: (port, isThere) => {
      if (isThere) ports.add(port);
      else ports.delete(port);
      if (hasApps && isThere) for (const one of gatewayOf(port)) put(one);
      else if (hasApps)
        for (const { apiVersion, kind, metadata } of gatewayOf(port))
          drop(apiVersion, kind, APPS, metadata.name);
      note();
    },
    pod: (n, state) => {
      const before = pods.get(n) ?? 'gone';
      // A pod that ends does not come back; another one with its name does.
      if (before === 'ending' || state === 'gone') drop('v1', 'Pod', SERVICE.namespace, `pod-${n}`);
      if (state !== 'gone' && !(before === 'gone' && state === 'ending'))
        put(podOf(n, addressOf(n), state, clock.now()));
      pods.set(n, before === 'gone' && state === 'ending' ? 'gone' : state);
      note();
    },
    service: (isThere) => {
      isServed = isThere;
      if (isThere) put(serviceOf());
      else drop('v1', 'Service', SERVICE.namespace, SERVICE.name);
      note();
    },
    strip: () => {
      const found = api.store.get('v1', 'Service', SERVICE.namespace, SERVICE.name);
      if (found !== undefined) put(serviceOf());
    },
    terminate: () => api.terminate(APPS),
    clear: () => {
      api.terminate(APPS);
      api.clear(APPS);
      hasApps = false;
      note();
    },
    restore: () => {
      api.terminate(APPS);
      api.clear(APPS);
      placeApps();
      hasApps = true;
      note();
    },
    wanted,
    members: () => ({
      must: podsThat((state) => state === 'ready'),
      may: podsThat((state) => state !== 'gone'),
    }),
    wasAlways: (what, key) => history.get(`${what} ${key}`) === 'always',
  };
}

function namespaceOf(name: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function serviceOf(): KubernetesObject {
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

function podOf(n: number, address: string, state: PodState, now: number): KubernetesObject {
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
      nodeName: 'worker-1',
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
function gatewayOf(port: number): readonly KubernetesObject[] {
  const metadata = { namespace: APPS, name: `gw-${port}` };
  const apiVersion = 'networking.istio.io/v1';
  return [
    {
      apiVersion,
      kind: 'Gateway',
      metadata,
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
