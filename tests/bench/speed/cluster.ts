/**
 * One ingress of a cluster, as objects in the lab's API: only what the watcher reads, so that
 * nothing else takes processor time.
 */
import { podObject, podWithReadiness, terminatingPod } from '../../../infra/lab/cluster/pods.ts';
import { sliceChanges } from '../../../infra/lab/cluster/endpoint-slices.ts';
import type { RawObject, RawPod } from '../../../infra/lab/cluster/raw.ts';
import { repeat } from '../../../infra/lab/cluster/repeat.ts';
import { echoService, ingressService, nodes } from '../../../infra/lab/cluster/seed.ts';
import { worldOf } from '../../../infra/lab/cluster/world.ts';
import type { KubernetesObject, ObjectStore } from '../../../infra/lab/kubernetes/index.ts';
import { processClock } from '../../../shared/runtime/process.ts';

const WORKLOAD = 'istio-ingressgateway';
const NAMESPACE = 'istio-system';
const FIRST_PORT = 20_000;
/** As the controller of a cluster, which collects changes for a short time. */
const FOLLOW_MS = 20;

/** The port that Gateway `n` opens. */
export function portOf(n: number): number {
  return FIRST_PORT + n;
}

/**
 * A Gateway with its own port, and the VirtualService without which Envoy does not listen there.
 */
export function gatewayObjects(n: number): readonly KubernetesObject[] {
  const port = portOf(n);
  const apiVersion = 'networking.istio.io/v1';
  return [
    {
      apiVersion,
      kind: 'Gateway',
      metadata: { namespace: 'default', name: `gw-${n}` },
      spec: {
        selector: { istio: 'ingressgateway' },
        servers: [{ port: { number: port, name: `tcp-${port}`, protocol: 'TCP' }, hosts: ['*'] }],
      },
    },
    {
      apiVersion,
      kind: 'VirtualService',
      metadata: { namespace: 'default', name: `vs-${n}` },
      spec: {
        hosts: ['*'],
        gateways: [`gw-${n}`],
        tcp: [
          {
            match: [{ port }],
            route: [{ destination: { host: 'tcp-echo', port: { number: 9_000 } } }],
          },
        ],
      },
    },
  ];
}

export interface BenchCluster {
  /** Adds a pod that is not ready yet; returns its number. */
  addPod(): number;
  setReady(pod: number, ready: boolean): void;
  /** Starts to terminate the pod: it is no longer a target, but still runs. */
  terminate(pod: number, graceMs: number): void;
  remove(pod: number): void;
  /** Adds a port to the ingress Service. */
  addServicePort(port: number): void;
  close(): Promise<void>;
}

/** Where a cluster has its addresses, and its time. */
export interface Surroundings {
  /** First two octets of every pod address. */
  readonly podNetwork: string;
  /** Of its two nodes. */
  readonly nodeAddresses: readonly [string, string];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const ALONE: Surroundings = {
  podNetwork: '10.244',
  nodeAddresses: ['192.168.0.11', '192.168.0.12'],
  now: () => Date.now(),
};

export function podAddress(pod: number, podNetwork = ALONE.podNetwork): string {
  return `${podNetwork}.${1 + Math.floor(pod / 200)}.${1 + (pod % 200)}`;
}

/**
 * A cluster with that number of Gateways, whose ports the Service has, and three ready pods. With a
 * fourth pod, no size in the table gets a longer interval of its default monitors, which would
 * change every pool in other ways as well.
 */
export function fillCluster(
  store: ObjectStore,
  gateways: number,
  surroundings: Surroundings = ALONE,
): BenchCluster {
  const put = (object: RawObject): void => void store.apply(object);
  for (const object of [...nodes(surroundings.nodeAddresses), echoService()]) put(object);
  put(
    withPorts(
      ingressService(),
      Array.from({ length: gateways }, (_, n) => portOf(n)),
    ),
  );
  for (let n = 0; n < gateways; n++) for (const object of gatewayObjects(n)) store.apply(object);
  const follower = followEndpoints(store);
  const pods = podActions(store, surroundings);
  for (const pod of [pods.addPod(), pods.addPod(), pods.addPod()]) pods.setReady(pod, true);
  return {
    ...pods,
    addServicePort: (port) => put(withPorts(ingressOf(store), [port])),
    close: () => follower.stop(),
  };
}

function podActions(
  store: ObjectStore,
  { podNetwork, nodeAddresses, now }: Surroundings,
): Pick<BenchCluster, 'addPod' | 'setReady' | 'terminate' | 'remove'> {
  let made = 0;
  const name = (pod: number): string => `${WORKLOAD}-${pod}`;
  const podOf = (pod: number): RawPod => {
    const found = store.get('v1', 'Pod', NAMESPACE, name(pod));
    if (found === undefined) throw new Error(`there is no pod ${name(pod)}`);
    return found as RawObject as RawPod;
  };
  const put = (object: RawObject): void => void store.apply(object);
  const timestamp = (): string => new Date(now()).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    addPod: () => {
      const pod = made++;
      const place = {
        name: name(pod),
        address: podAddress(pod, podNetwork),
        node: `worker-${1 + (pod % 2)}`,
        nodeAddress: nodeAddresses[pod % 2 === 0 ? 0 : 1],
        created: timestamp(),
        answers: {},
      };
      put(podObject(WORKLOAD, place, false));
      return pod;
    },
    setReady: (pod, ready) => put(podWithReadiness(podOf(pod), ready, timestamp())),
    terminate: (pod, graceMs) =>
      put(terminatingPod(podOf(pod), timestamp(), Math.ceil(graceMs / 1_000))),
    remove: (pod) => store.delete('v1', 'Pod', NAMESPACE, name(pod)),
  };
}

function ingressOf(store: ObjectStore): RawObject {
  const found = store.get('v1', 'Service', NAMESPACE, WORKLOAD);
  if (found === undefined) throw new Error('there is no ingress Service');
  return found;
}

function withPorts(service: RawObject, more: readonly number[]): RawObject {
  const spec = service['spec'] as { readonly ports: readonly object[] };
  const added = more.map((port) => ({
    name: `tcp-${port}`,
    port,
    targetPort: port,
    protocol: 'TCP',
  }));
  return { ...service, spec: { ...spec, ports: [...spec.ports, ...added] } };
}

/** Keeps the EndpointSlices of the ingress in step with its pods and ports. */
function followEndpoints(store: ObjectStore): { stop(): Promise<void> } {
  const kinds: readonly [string, string][] = [
    ['v1', 'Service'],
    ['v1', 'Pod'],
    ['discovery.k8s.io/v1', 'EndpointSlice'],
  ];
  const follower = repeat(
    () => processClock.sleep(FOLLOW_MS),
    async () => {
      const objects = kinds.flatMap(
        ([version, kind]) => store.list(version, kind, NAMESPACE) as readonly RawObject[],
      );
      const { write, remove } = sliceChanges(worldOf(objects));
      for (const slice of write) store.apply(slice);
      for (const { apiVersion, kind, metadata } of remove)
        store.delete(apiVersion, kind, metadata.namespace, metadata.name);
    },
  );
  const unsubscribe = store.subscribe(({ object: { kind, metadata } }) => {
    if (metadata.namespace === NAMESPACE && (kind === 'Service' || kind === 'Pod')) follower.kick();
  });
  follower.kick();
  return {
    stop: () => {
      unsubscribe();
      return follower.stop();
    },
  };
}
