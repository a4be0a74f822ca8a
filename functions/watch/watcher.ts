/** Observe → snapshot → queue, and results → Kubernetes, for one cluster. */
import type { Settled } from '../../shared/domain/exposure/exposure.ts';
import { createKubernetesClient, type KubernetesClient, type Resource, type StreamTiming } from '../../shared/kubernetes/index.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { createAgent, type Agent } from './agent.ts';
import type { DebounceLimits } from './debounce.ts';
import { claimEpoch, leasePlace, type LeasePlace } from './epoch.ts';
import { watchedIngresses, type WatchedIngress } from './ingresses.ts';
import { Keeper } from './keeper.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { persist, type Patience } from './persist.ts';
import { createRecorder } from './recorder.ts';
import { Revisions } from './revisions.ts';
import { consumeSettled } from './settled-loop.ts';
import { createWorld, type World, type WorldChange } from './world.ts';

export interface WatcherOptions {
  readonly runtime: Runtime;
  /** Absent: the pod's service account, else what kubectl would use. */
  readonly kubeconfig?: string | undefined;
  readonly clusterId: string;
  readonly debounce?: DebounceLimits | undefined;
  /** Who holds the Lease; absent: a new id. */
  readonly identity?: string | undefined;
  /** Namespace of the Lease; absent: that of the pod, else `default`. */
  readonly leaseNamespace?: string | undefined;
  /** Milliseconds between two complete tellings of everything. */
  readonly resync?: number | undefined;
  readonly timing?: Partial<StreamTiming> | undefined;
}

export interface Watcher {
  /** Resolves once everything was listed and the streams run, or when `stop` was called before that. */
  start(): Promise<void>;
  /** Sends what is in hand and ends every stream. */
  stop(): Promise<void>;
}

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };
const DEBOUNCE: DebounceLimits = { quiet: 100, max: 1_000 };
const RESYNC_MS = 5 * 60_000;

/** What exists once the watcher may speak. */
interface Voice {
  readonly outbox: Outbox;
  readonly revisions: Revisions;
  readonly clusterUid: string;
  readonly agents: readonly Agent[];
  readonly inventory: Keeper;
  readonly listening: Promise<void>;
}

export function createWatcher(options: WatcherOptions): Watcher {
  return new ClusterWatcher(options);
}

class ClusterWatcher implements Watcher {
  readonly #options: WatcherOptions;
  readonly #runtime: Runtime;
  readonly #abort = new AbortController();
  readonly #patience: Patience;
  readonly #ingresses: readonly WatchedIngress[];
  readonly #client: KubernetesClient;
  readonly #world: World;
  readonly #lease: LeasePlace;
  #voice: Voice | undefined;
  #told = false;

  constructor(options: WatcherOptions) {
    const { runtime, clusterId } = options;
    this.#options = options;
    checkCluster(runtime, clusterId);
    this.#runtime = { ...runtime, log: runtime.log.child({ cluster: clusterId }) };
    const { clock, random, log } = this.#runtime;
    this.#patience = { clock, random, log, signal: this.#abort.signal };
    this.#ingresses = watchedIngresses(runtime.config.ingresses, clusterId);
    this.#client = createKubernetesClient({ kubeconfig: options.kubeconfig });
    const namespaces = [...new Set(this.#ingresses.map(({ ref }) => ref.namespace))];
    this.#world = createWorld({ client: this.#client, namespaces, clock, random, log, timing: options.timing, onChange: (change) => this.#notice(change) });
    // Outside a cluster the context's namespace is a matter of taste and changes; the Lease must not move with it.
    const home = options.kubeconfig === undefined ? this.#client.namespace : undefined;
    this.#lease = leasePlace(options.leaseNamespace ?? home ?? 'default', clusterId, options.identity ?? runtime.id());
  }

  async start(): Promise<void> {
    const clusterUid = await persist('reading the UID of namespace kube-system', () => this.#readClusterUid(), this.#patience);
    const epoch = await persist(`claiming an epoch on Lease ${this.#lease.namespace}/${this.#lease.name}`, () => this.#claim(0), this.#patience);
    if (clusterUid === undefined || epoch === undefined) return;
    this.#world.start();
    await Promise.race([this.#world.synced, aborted(this.#abort.signal)]);
    if (this.#abort.signal.aborted) return;
    this.#voice = this.#speak(clusterUid, new Revisions(epoch));
    this.#runtime.log.info({ epoch, ingresses: this.#ingresses.map(({ ref }) => `${ref.namespace}/${ref.service}`), streams: this.#world.states() }, 'watching');
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#world.stop();
    const voice = this.#voice;
    if (voice !== undefined) {
      await Promise.all([...voice.agents.map((agent) => agent.stop()), voice.inventory.stop(), voice.listening]);
    }
    await this.#client.close();
  }

  #speak(clusterUid: string, revisions: Revisions): Voice {
    const { clock, random, log, queues } = this.#runtime;
    const cluster = this.#options.clusterId;
    const outbox = createOutbox({ runtime: this.#runtime, cluster, clusterUid, revisions });
    const recorder = createRecorder(this.#client, clock);
    const debounce = this.#options.debounce ?? DEBOUNCE;
    const agents = this.#ingresses.map((ingress) =>
      createAgent({ runtime: this.#runtime, cluster, ingress, client: this.#client, world: this.#world, recorder, outbox, revisions, debounce }),
    );
    const inventory = new Keeper({ name: 'sending the inventory', clock, random, log, work: () => this.#tellAll(outbox, agents) });
    for (const agent of agents) agent.start();
    inventory.start();
    inventory.poke();
    const listening = consumeSettled(queues.queue(`settled-${cluster}`), (settled) => this.#settle(settled), this.#patience);
    return { outbox, revisions, clusterUid, agents, inventory, listening };
  }

  /** The inventory, and every snapshot again; the first time the agents have just begun by themselves. */
  async #tellAll(outbox: Outbox, agents: readonly Agent[]): Promise<number> {
    const services = this.#world.states().filter(({ kind }) => kind === 'Service');
    // A stale list proves no absence.
    if (services.some(({ state }) => state !== 'live')) return 1_000;
    await outbox.inventory(agents.map((agent) => agent.ref).filter((ref) => this.#world.service(ref.namespace, ref.service) !== undefined));
    if (this.#told) for (const agent of agents) agent.refresh();
    this.#told = true;
    return this.#options.resync ?? RESYNC_MS;
  }

  #notice(change: WorldChange): void {
    for (const agent of this.#voice?.agents ?? []) agent.notice(change);
  }

  async #settle(settled: Settled): Promise<boolean> {
    const voice = this.#voice;
    if (voice === undefined) return false;
    const agent = voice.agents.find(({ owner }) => owner === settled.owner);
    // Results for another cluster that had this id, or for an ingress that is no longer configured, concern nobody here.
    if (agent === undefined || settled.clusterUid !== voice.clusterUid) return true;
    const declared = settled.supersededBy;
    if (declared !== undefined && declared.epoch > voice.revisions.epoch) {
      voice.revisions.moveTo(await this.#claim(declared.epoch));
      this.#runtime.log.warn({ declared, epoch: voice.revisions.epoch }, 'the device knows a newer epoch of this cluster; moved above it');
      voice.inventory.poke();
    }
    return agent.settle(settled);
  }

  #claim(above: number): Promise<number> {
    return claimEpoch(this.#client, this.#lease, this.#runtime.clock.now(), above);
  }

  async #readClusterUid(): Promise<string> {
    const uid = (await this.#client.get(NAMESPACES, 'kube-system'))?.metadata.uid;
    if (uid === undefined) throw new Error('namespace kube-system does not exist or has no UID; is this a Kubernetes API?');
    return uid;
  }
}

/** Before anything is touched: a wrong id would speak for another cluster, or for none. */
function checkCluster({ config }: Runtime, clusterId: string): void {
  const known = config.clusters.map((entry) => entry.id);
  if (known.includes(clusterId)) return;
  throw new Error(`the configuration has no cluster ${JSON.stringify(clusterId)}, only ${known.join(', ')}; add it under clusters, or correct the cluster id of this watcher`);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
