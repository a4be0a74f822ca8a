/**
 * What a cluster with Istio does, on loopback: gateway pods whose Envoys follow the Gateways, node ports, EndpointSlices, echo backends.
 * Everything follows the store, so `kubectl` on the lab's API and code have the same effect.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../../shared/runtime/runtime.ts';
import { sliceChanges } from './endpoint-slices.ts';
import {
  namespaceOf,
  podObject,
  podWithReadiness,
  terminatingPod,
  type Answers,
  type PodPlace,
  type Workload,
} from './pods.ts';
import { owners, processes } from './processes.ts';
import type { RawObject, RawPod } from './raw.ts';
import { repeat } from './repeat.ts';
import { createTurns } from './routes.ts';
import { echoService, ingressService, nodes } from './seed.ts';
import { createSockets } from './sockets.ts';
import type { ClusterStore } from './store.ts';
import { objectKey, worldOf, type World } from './world.ts';

export type { Workload } from './pods.ts';
export type { RawObject, RawPod, RawService } from './raw.ts';
export type { ClusterStore, StoreEvent } from './store.ts';
export type { World } from './world.ts';

export interface ClusterOptions {
  readonly store: ClusterStore;
  readonly clock: Clock;
  readonly id?: string;
  /** First two octets of every pod address; the worker's number is the third. */
  readonly podNetwork?: string;
  readonly nodeAddresses?: readonly string[];
  /** How long istiod collects changes before it pushes, in milliseconds (Istio: 100). */
  readonly pushDelay?: number;
  /** How long a pod lives on after it was told to go, in milliseconds. */
  readonly grace?: number;
  /** The word that the echo servers of a workload put before each line; `one` and `two` by default. */
  readonly answers?: Answers;
}

export interface LabCluster {
  readonly id: string;
  world(): World;
  pods(workload: Workload): readonly RawPod[];
  /** Returns the pod's name. */
  addPod(workload: Workload, ready?: boolean): string;
  /** Terminating at once (its readiness fails, it still answers); resolves when it is gone. */
  removePod(name: string): Promise<void>;
  setReady(name: string, ready: boolean): void;
  /** Off: nothing of it answers or follows the store any more, and its connections break. On: all is as the store has it. */
  power(on: boolean): Promise<void>;
  /** Resolves when sockets and EndpointSlices follow the store. */
  idle(): Promise<void>;
  /** Addresses that could not be bound, writes that failed. */
  problems(): readonly string[];
  close(): Promise<void>;
}

const START: readonly Workload[] = [
  'istio-ingressgateway',
  'istio-ingressgateway',
  'tcp-echo-v1',
  'tcp-echo-v2',
];
const FIRST_HOST = 5;

/** Hands out pod names and addresses; none is used twice. */
function createPlaces(
  id: string,
  podNetwork: string,
  nodeAddresses: readonly string[],
): (workload: Workload) => Omit<PodPlace, 'created' | 'answers'> {
  let made = 0;
  return (workload) => {
    const worker = made % nodeAddresses.length;
    const host = FIRST_HOST + Math.floor(made / nodeAddresses.length);
    const hash = createHash('sha256').update(`${id}/${workload}/${made}`).digest('hex');
    made += 1;
    return {
      name: `${workload}-7c9d6f5b8-${hash.slice(0, 5)}`,
      address: `${podNetwork}.${worker + 1}.${host}`,
      node: `worker-${worker + 1}`,
      nodeAddress: nodeAddresses[worker] ?? '',
    };
  };
}

export async function startCluster(options: ClusterOptions): Promise<LabCluster> {
  const {
    store,
    clock,
    id = 'lab',
    podNetwork = '10.244',
    nodeAddresses = ['192.168.0.11', '192.168.0.12'],
    pushDelay = 20,
    grace = 1000,
    answers = {},
  } = options;
  const objects = new Map<string, RawObject>();
  const sockets = createSockets();
  const turns = createTurns();
  const place = createPlaces(id, podNetwork, nodeAddresses);
  const failedWrites = new Map<string, string>();
  const world = (): World => worldOf(objects.values());
  let powered = true;

  function attempt(object: RawObject, write: () => unknown): void {
    failedWrites.delete(objectKey(object));
    try {
      write();
    } catch (error) {
      failedWrites.set(
        objectKey(object),
        `${objectKey(object)} could not be written: ${String(error)}`,
      );
    }
  }

  /** Somebody else may have been quicker. */
  function remove(object: RawObject): void {
    const { apiVersion, kind, metadata } = object;
    if (objects.has(objectKey(object)))
      store.delete(apiVersion, kind, metadata.namespace, metadata.name);
  }

  const follow = repeat(
    () => clock.sleep(pushDelay),
    async () => {
      if (!powered) return sockets.reconcile([], new Set());
      const now = world();
      await sockets.reconcile(processes(now, turns), owners(now));
      const changes = sliceChanges(now);
      for (const slice of changes.write) attempt(slice, () => store.apply(slice));
      for (const slice of changes.remove) attempt(slice, () => remove(slice));
    },
  );

  const unsubscribe = store.subscribe(({ type, object }) => {
    if (type === 'DELETED') objects.delete(objectKey(object));
    else objects.set(objectKey(object), object);
    if (object.kind !== 'EndpointSlice' && object.kind !== 'Event' && object.kind !== 'Lease')
      follow.kick();
  });

  function podNamed(name: string): RawPod {
    const pod = world().pods.find((p) => p.metadata.name === name);
    if (!pod) throw new Error(`cluster ${id} has no pod named ${name}`);
    return pod;
  }

  const at = (): string => new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');

  function addPod(workload: Workload, ready = true): string {
    const placed = place(workload);
    store.apply(podObject(workload, { ...placed, created: at(), answers }, ready));
    return placed.name;
  }

  for (const object of [...nodes(nodeAddresses), ingressService(), echoService()])
    store.apply(object);
  for (const workload of START) addPod(workload);
  await follow.idle();

  return {
    id,
    world,
    addPod,
    pods: (workload) =>
      world().pods.filter(
        (p) =>
          p.metadata.namespace === namespaceOf(workload) &&
          p.metadata.name.startsWith(`${workload}-`),
      ),
    removePod: async (name) => {
      const pod = podNamed(name);
      store.apply(terminatingPod(pod, at(), Math.ceil(grace / 1000)));
      await clock.sleep(grace);
      remove(pod);
    },
    setReady: (name, ready) => {
      store.apply(podWithReadiness(podNamed(name), ready, at()));
    },
    power: async (on) => {
      powered = on;
      follow.kick();
      await follow.idle();
    },
    idle: () => follow.idle(),
    problems: () => [...sockets.problems(), ...failedWrites.values()],
    close: async () => {
      unsubscribe();
      await follow.stop();
      await sockets.close();
    },
  };
}
