/** What people do in the clusters, and what the device should therefore offer at any moment. */
import { openingGateway } from '../../fixtures/gateways.ts';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/types.ts';
import type { RigClock } from './clock.ts';
import type { RigApi } from './kubernetes.ts';
import { createNodes, type RigNodes } from './nodes.ts';
import { APPS, namespaceOf, podOf, type PodState, SERVICE, serviceOf } from './objects.ts';
import { ADDRESSES, type Site } from './sites.ts';

/** Where an exposure is wanted, by the numbers of partition and address. */
export interface Place {
  readonly partition: number;
  readonly address: number;
}

/** An exposure that Kubernetes asks for. */
export interface Wish {
  readonly port: number;
  /** `address:port/tcp` */
  readonly key: string;
  readonly address: string;
  readonly partition: string;
}

/** One cluster: its objects, and since when what is wanted without interruption. */
export interface RigCluster {
  readonly id: string;
  readonly owner: string;
  readonly api: RigApi;
  gateway(port: number, isThere: boolean): void;
  /** The Gateway of a port asks for another place. */
  place(port: number, place: Place): void;
  /** Nothing asks for an address in a partition that is not its own. */
  settle(): void;
  /** `node`: where it begins. */
  pod(n: number, state: PodState, node?: number): void;
  readonly nodes: RigNodes;
  /** The network of a pod's node; undefined if the pod is of another cluster. */
  network(pod: string): string | undefined;
  service(isThere: boolean): void;
  /** Somebody replaces the Service, and drops the ports that others added. */
  strip(): void;
  terminate(): void;
  clear(): void;
  /** The namespace of the Gateways is there again, with all of them. */
  restore(): void;
  /** What Kubernetes says now. */
  readonly wanted: () => readonly Wish[];
  /** The addresses of pods that must be members, and of those that may be. */
  readonly members: () => { readonly must: readonly string[]; readonly may: readonly string[] };
  /** Whether a port, or a pod, was wanted at every moment since it first was. */
  wasAlways(what: 'port' | 'pod', id: string): boolean;
  /** Whether somebody ever drained it on the devices. */
  wasDrained: boolean;
}

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly id: string;
  /** Its number, from 0. */
  readonly index: number;
  readonly api: RigApi;
  readonly clock: RigClock;
  readonly site: Site;
}

const HOME: Place = { partition: 0, address: 0 };

/** An empty cluster with one Service, and no pod. */
export function createCluster({ id, index, api, clock, site }: ClusterOptions): RigCluster {
  const ports = new Set<number>();
  const places = new Map<number, Place>();
  const nodes = createNodes({ id, index, api }, site.network);
  const pods = new Map<number, { readonly state: PodState; readonly node: number }>();
  const history = new Map<string, 'always' | 'broken'>();
  let isServed = true;
  let hasApps = true;
  const addressOf = (n: number): string => `10.${index + 1}.${pods.get(n)?.node ?? 1}.${n}`;
  const podsThat = (are: (state: PodState) => boolean): readonly string[] =>
    [...pods].filter(([, { state }]) => are(state)).map(([n]) => addressOf(n));
  const placeOf = (port: number): Place => places.get(port) ?? HOME;
  const wanted = (): readonly Wish[] =>
    isServed && hasApps ? [...ports].map((port) => wishOf(port, placeOf(port), site)) : [];
  const objectsOf = (port: number): readonly KubernetesObject[] => {
    const { address, partition } = wishOf(port, placeOf(port), site);
    const asks = { 'sluice.io/partition': partition, 'sluice.io/virtual-address': address };
    const annotations = places.has(port) ? asks : {};
    return openingGateway(port, { namespace: APPS, name: `gw-${port}`, annotations });
  };
  const put = (object: KubernetesObject): void => void api.store.apply(object);
  const drop = (apiVersion: string, kind: string, namespace: string, name: string): void => {
    if (api.store.get(apiVersion, kind, namespace, name) !== undefined)
      api.store.delete(apiVersion, kind, namespace, name);
  };
  /** After each change: what is not wanted now was interrupted. */
  const note = (): void => {
    const now = new Set([
      ...wanted().map(({ port }) => `port ${port}`),
      ...podsThat((state) => state === 'ready').map((address) => `pod ${address}`),
    ]);
    for (const key of history.keys()) if (!now.has(key)) history.set(key, 'broken');
    for (const key of now) if (!history.has(key)) history.set(key, 'always');
  };
  const placeApps = (): void => {
    put(namespaceOf(APPS));
    for (const port of ports) for (const one of objectsOf(port)) put(one);
  };
  for (const name of ['kube-system', 'default', SERVICE.namespace]) put(namespaceOf(name));
  placeApps();
  put(serviceOf());
  const breakOff = (key: string): void => void (history.has(key) && history.set(key, 'broken'));
  const place = (port: number, at: Place): void => {
    places.set(port, at);
    breakOff(`port ${port}`);
    if (hasApps && ports.has(port)) for (const one of objectsOf(port)) put(one);
  };
  return {
    id,
    owner: `${id}/${SERVICE.namespace}/${SERVICE.name}`,
    api,
    gateway: (port, isThere) => {
      if (isThere) ports.add(port);
      else ports.delete(port);
      if (hasApps && isThere) for (const one of objectsOf(port)) put(one);
      else if (hasApps)
        for (const { apiVersion, kind, metadata } of objectsOf(port))
          drop(apiVersion, kind, APPS, metadata.name);
      note();
    },
    place,
    settle: () => {
      for (const [port, { partition, address }] of places)
        if (partition !== address) place(port, { partition, address: partition });
    },
    wasDrained: false,
    nodes,
    network: (pod) => {
      const [, cluster, node] = pod.split('.').map(Number);
      return cluster === index + 1 ? nodes.network(node!) : undefined;
    },
    pod: (n, next, on = 1) => {
      const before = pods.get(n) ?? { state: 'gone', node: on };
      const isGone = before.state === 'gone';
      const state = isGone && next === 'ending' ? 'gone' : next;
      // A pod that ends does not come back; another one with its name does.
      const isOver = before.state === 'ending';
      if (isOver || state === 'gone') drop('v1', 'Pod', SERVICE.namespace, `pod-${n}`);
      const node = isOver || isGone ? on : before.node;
      pods.set(n, { state, node });
      if (state !== 'gone') put(podOf(n, { address: addressOf(n), node, state, now: clock.now() }));
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

function wishOf(port: number, { partition, address }: Place, { partitions }: Site): Wish {
  const wanted = ADDRESSES[address]!;
  return { port, key: `${wanted}:${port}/tcp`, address: wanted, partition: partitions[partition]! };
}
