/**
 * Simulates a cluster with Istio on loopback: gateway pods whose Envoys follow the Gateways, node
 * ports, EndpointSlices and echo backends. Everything follows the store, so changes by `kubectl`
 * through the lab's API and changes by code have the same effect.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { sliceChanges } from './endpoint-slices.ts';
import {
  workloadNamespace,
  podObject,
  podWithReadiness,
  terminatingPod,
  type Answers,
  type PodPlace,
  type Workload,
} from './pods.ts';
import { owners, processes } from './processes.ts';
import type { ClusterStore, ObjectEvent, RawObject, RawPod } from './raw.ts';
import { repeat } from './repeat.ts';
import { createRoundRobin } from './routes.ts';
import { echoService, ingressService, nodes } from './seed.ts';
import { createSockets } from './sockets.ts';
import { objectKey, worldOf, type World } from './world.ts';

export type { Workload } from './pods.ts';
export type { RawNode, RawObject, RawPod, RawService } from './raw.ts';
export type { ClusterStore, ObjectEvent } from './raw.ts';
export type { World } from './world.ts';

/** All optional, except the store and the clock. */
export interface ClusterOptions {
  readonly store: ClusterStore;
  readonly clock: Clock;
  readonly id?: string;
  /** First two octets of every pod address; the worker's number is the third. */
  readonly podNetwork?: string;
  readonly nodeAddresses?: readonly string[];
  /** How long istiod collects changes before it pushes, in milliseconds (Istio: 100). */
  readonly pushDelayMs?: number;
  /** Time from the deletion of a pod until it is gone, in milliseconds. */
  readonly graceMs?: number;
  /**
   * Prefix that the echo servers of a workload put before each line; by default `one` and `two`.
   */
  readonly answers?: Answers;
}

/** A running cluster: its pods and nodes, and how to change them. */
export interface LabCluster {
  readonly id: string;
  world(): World;
  pods(workload: Workload): readonly RawPod[];
  /** Returns the pod's name. */
  addPod(workload: Workload, ready?: boolean): string;
  /**
   * The pod starts terminating at once (its readiness fails, but it still answers). Resolves when
   * it is gone.
   */
  removePod(name: string): Promise<void>;
  setReady(name: string, ready: boolean): void;
  /**
   * Off: no process of the cluster answers or follows the store, and open connections break. On:
   * everything matches the store again.
   */
  power(on: boolean): Promise<void>;
  /** Resolves when sockets and EndpointSlices follow the store. */
  idle(): Promise<void>;
  /** Addresses that could not be bound, and writes that failed. */
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

/** Writes to the store. A failure is reported until a later write of the same object succeeds. */
class StoreWriter {
  readonly #store: ClusterStore;
  readonly #isThere: (object: RawObject) => boolean;
  readonly #failures = new Map<string, string>();

  constructor(store: ClusterStore, isThere: (object: RawObject) => boolean) {
    this.#store = store;
    this.#isThere = isThere;
  }

  apply(object: RawObject): void {
    this.#attempt(object, () => this.#store.apply(object));
  }

  delete(object: RawObject): void {
    this.#attempt(object, () => {
      // Another writer may have been faster.
      if (!this.#isThere(object)) return;
      const { apiVersion, kind, metadata } = object;
      this.#store.delete(apiVersion, kind, metadata.namespace, metadata.name);
    });
  }

  problems(): readonly string[] {
    return [...this.#failures.values()];
  }

  #attempt(object: RawObject, write: () => void): void {
    const key = objectKey(object);
    this.#failures.delete(key);
    try {
      write();
    } catch (error) {
      this.#failures.set(key, `${key} could not be written: ${String(error)}`);
    }
  }
}

/** Resolves when the first objects are written and all sockets listen. */
export async function startCluster(options: ClusterOptions): Promise<LabCluster> {
  const cluster = new SimulatedCluster(options);
  await cluster.idle();
  return cluster;
}

/** Kinds whose changes affect neither sockets nor EndpointSlices. */
const IGNORED: readonly string[] = ['EndpointSlice', 'Event', 'Lease'];

class SimulatedCluster implements LabCluster {
  readonly id: string;
  readonly #store: ClusterStore;
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #answers: Answers;
  readonly #place: ReturnType<typeof createPlaces>;
  readonly #objects = new Map<string, RawObject>();
  readonly #sockets = createSockets();
  readonly #turns = createRoundRobin();
  readonly #writer: StoreWriter;
  readonly #follow: ReturnType<typeof repeat>;
  readonly #unsubscribe: () => void;
  #powered = true;

  constructor({
    store,
    clock,
    id = 'lab',
    podNetwork = '10.244',
    nodeAddresses = ['192.168.0.11', '192.168.0.12'],
    pushDelayMs = 20,
    graceMs = 1000,
    answers = {},
  }: ClusterOptions) {
    this.id = id;
    this.#store = store;
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.#answers = answers;
    this.#place = createPlaces(id, podNetwork, nodeAddresses);
    this.#writer = new StoreWriter(store, (object) => this.#isThere(object));
    this.#follow = repeat(
      () => clock.sleep(pushDelayMs),
      () => this.#reconcile(),
    );
    this.#unsubscribe = store.subscribe((event) => this.#observe(event));
    for (const object of [...nodes(nodeAddresses), ingressService(), echoService()])
      store.apply(object);
    for (const workload of START) this.addPod(workload);
  }

  world(): World {
    return worldOf(this.#objects.values());
  }

  pods(workload: Workload): readonly RawPod[] {
    return this.world().pods.filter(
      ({ metadata }) =>
        metadata.namespace === workloadNamespace(workload) &&
        metadata.name.startsWith(`${workload}-`),
    );
  }

  addPod(workload: Workload, ready = true): string {
    const place = this.#place(workload);
    const placed = { ...place, created: this.#now(), answers: this.#answers };
    this.#store.apply(podObject(workload, placed, ready));
    return place.name;
  }

  async removePod(name: string): Promise<void> {
    const pod = this.#podNamed(name);
    this.#store.apply(terminatingPod(pod, this.#now(), Math.ceil(this.#graceMs / 1000)));
    await this.#clock.sleep(this.#graceMs);
    const { apiVersion, kind, metadata } = pod;
    if (this.#isThere(pod)) this.#store.delete(apiVersion, kind, metadata.namespace, metadata.name);
  }

  setReady(name: string, ready: boolean): void {
    this.#store.apply(podWithReadiness(this.#podNamed(name), ready, this.#now()));
  }

  async power(on: boolean): Promise<void> {
    this.#powered = on;
    this.#follow.kick();
    await this.#follow.idle();
  }

  idle(): Promise<void> {
    return this.#follow.idle();
  }

  problems(): readonly string[] {
    return [...this.#sockets.problems(), ...this.#writer.problems()];
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#follow.stop();
    await this.#sockets.close();
  }

  #observe({ type, object }: ObjectEvent): void {
    if (type === 'DELETED') this.#objects.delete(objectKey(object));
    else this.#objects.set(objectKey(object), object);
    if (!IGNORED.includes(object.kind)) this.#follow.kick();
  }

  async #reconcile(): Promise<void> {
    if (!this.#powered) return this.#sockets.reconcile([], new Set());
    const world = this.world();
    await this.#sockets.reconcile(processes(world, this.#turns), owners(world));
    const changes = sliceChanges(world);
    for (const slice of changes.write) this.#writer.apply(slice);
    for (const slice of changes.remove) this.#writer.delete(slice);
  }

  #isThere(object: RawObject): boolean {
    return this.#objects.has(objectKey(object));
  }

  #podNamed(name: string): RawPod {
    const pod = this.world().pods.find((p) => p.metadata.name === name);
    if (!pod) throw new Error(`cluster ${this.id} has no pod named ${name}`);
    return pod;
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}
