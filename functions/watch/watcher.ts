/** Observe → snapshot → queue, and results → Kubernetes, for one cluster. */
import { dryRunClient } from '../../shared/kubernetes/dry-run.ts';
import {
  createKubernetesClient,
  type KubernetesClient,
  type Resource,
  type StreamTiming,
} from '../../shared/kubernetes/index.ts';
import { MeshOptions } from '../../shared/domain/istio/mesh.ts';
import { NetworkConfig } from '../../shared/domain/paths/network-config.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { Environment } from '../../shared/runtime/process.ts';
import type { DebounceLimits } from './emit/debounce.ts';
import { leasePlace, type LeasePlace } from '../../shared/kubernetes/lease.ts';
import { Handover } from './leader/handover.ts';
import { fenceQueues } from './leader/fenced-queues.ts';
import { serveAsAsked, type HttpAddress, type HttpServer } from './serve/http.ts';
import { watchedIngresses, type WatchedIngress } from './ingresses.ts';
import { LeaderRecords } from './leader/leader-records.ts';
import { Leadership, type LeaseTiming } from './leader/leadership.ts';
import { clockAhead } from './clock-reporter.ts';
import type { MetricSample } from '../../shared/telemetry/metric.ts';
import { createMetrics, type Metrics } from './serve/metrics.ts';
import { retryUntilDone, type RetryContext } from './loop/retry.ts';
import { readiness } from './serve/readiness.ts';
import { LeaderTerm } from './leader/term.ts';
import { ClusterCache } from './cache/cluster-cache.ts';
import type { CacheChange } from './cache/cluster-index.ts';

/**
 * One cluster to watch. Everything that is optional has the default of a process in the cluster.
 */
export interface WatcherOptions {
  readonly runtime: Runtime;
  /** Default: one for `kubeconfig`. */
  readonly client?: KubernetesClient | undefined;
  /** Default: the pod's service account, or the kubeconfig that kubectl would use. */
  readonly kubeconfig?: string | undefined;
  /** `clusters[].id` of sluice.yaml; {@link createWatcher} throws for any other. */
  readonly clusterId: string;
  /** Default: a snapshot after 100 ms of quiet, and after 1 s at the latest. */
  readonly debounce?: DebounceLimits | undefined;
  /**
   * Holder identity for the Lease; default: a new id. A replica that restarts with its own identity
   * does not wait for its old Lease to expire.
   */
  readonly identity?: string | undefined;
  /**
   * Namespace of the Lease; default: that of the kubeconfig's context or of the pod, or `default`.
   */
  readonly leaseNamespace?: string | undefined;
  /** Lead although another process with another Lease is noted on an ingress Service (OWN306). */
  readonly takeOver?: boolean | undefined;
  /**
   * Milliseconds between full resyncs. Default: five minutes; `silentAfter` in sluice.yaml must be
   * longer.
   */
  readonly resyncMs?: number | undefined;
  readonly timing?: Partial<StreamTiming> | undefined;
  readonly lease?: Partial<LeaseTiming> | undefined;
  /** Metrics of what else this process runs. */
  readonly samples?: (() => Promise<readonly MetricSample[]>) | undefined;
  /** Address for /healthz, /readyz and /metrics; absent: not served. */
  readonly http?: HttpAddress | undefined;
  /** For proxies and credential plugins. */
  readonly env?: Environment | undefined;
}

/** One watcher for one cluster. */
export interface Watcher {
  /**
   * Resolves when everything was listed and the streams run, as leader or standby, or when `stop`
   * was called before.
   */
  start(): Promise<void>;
  /** Sends pending content, releases the Lease and ends all streams. */
  stop(): Promise<void>;
  /** Address of /healthz, /readyz and /metrics after the start. */
  address(): HttpAddress | undefined;
}

const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};
/** A snapshot is sent after a quiet moment, and after a second at the latest. */
const DEBOUNCE_MS: DebounceLimits = { quietMs: 100, maxMs: 1_000 };
/** Time between two complete sends of each ingress. */
const RESYNC_MS = 5 * 60_000;

/** Pending content is sent before the Lease is released, if that takes no longer than this. */
const FAREWELL_MS = 500;

/** Throws if the cluster is not configured, or if a required signing key is missing. */
export function createWatcher(options: WatcherOptions): Watcher {
  return new ClusterWatcher(options);
}

/** Wires the parts of the watcher, and starts and stops them in order. */
class ClusterWatcher implements Watcher {
  readonly #options: WatcherOptions;
  readonly #runtime: Runtime;
  readonly #abort = new AbortController();
  readonly #patience: RetryContext;
  readonly #ingresses: readonly WatchedIngress[];
  readonly #client: KubernetesClient;
  readonly #cache: ClusterCache;
  /** Undefined in a dry run, which leads beside the others. */
  readonly #records: LeaderRecords | undefined;
  readonly #leadership: Leadership;
  readonly #handover: Handover;
  readonly #metrics: Metrics;
  #clusterUid = '';
  #term: LeaderTerm | undefined;
  /** Terms that are ending. */
  #ending: Promise<void> = Promise.resolve();
  #served: HttpServer | undefined;

  constructor(options: WatcherOptions) {
    const { runtime, clusterId } = options;
    this.#options = options;
    checkCluster(runtime, clusterId);
    this.#runtime = { ...runtime, log: runtime.log.child({ cluster: clusterId }) };
    const { clock, random, log } = this.#runtime;
    this.#patience = { clock, random, log, signal: this.#abort.signal };
    this.#ingresses = watchedIngresses(runtime.config.ingresses, clusterId, runtime.config.devices);
    this.#client = clientOf(options, this.#runtime);
    const cluster = runtime.config.clusters.find(({ id }) => id === clusterId);
    const network = cluster?.network ?? NetworkConfig.parse({});
    this.#cache = new ClusterCache({
      client: this.#client,
      ingresses: this.#ingresses.map(({ ref }) => ref),
      rootNamespace: (cluster?.mesh ?? MeshOptions.parse({})).rootNamespace,
      network,
      clock,
      random,
      log,
      timing: options.timing,
      onChange: (change) => this.#notice(change),
      onMesh: () => this.#term?.meshAnswered(),
      onOptional: () => this.#term?.optionalRead(),
    });
    this.#handover = new Handover(() => this.#cache.knownMeshConfigs());
    const place = leasePlace(
      options.leaseNamespace ?? this.#client.namespace ?? 'default',
      clusterId,
      options.identity ?? runtime.id(),
    );
    const records = this.#recordsOf(place);
    this.#records = records;
    const terms = { won: (): void => void this.#lead(true), lost: (): void => this.#endTerm() };
    this.#leadership = new Leadership({
      client: this.#client,
      place,
      clock,
      random,
      log: this.#runtime.log,
      timing: options.lease,
      handover: this.#handover,
      ...(records !== undefined && { mayLead: records.mayLead }),
      ...terms,
    });
    this.#metrics = createMetrics({
      states: () => this.#cache.states(),
      epoch: () => this.#leadership.epoch,
      isRefused: () => records?.refusal !== undefined,
      ahead: () => clockAhead(this.#client, clock),
      clock,
      samples: options.samples ?? (() => Promise.resolve([])),
    });
  }

  /** A dry run keeps no record, because it must not write to the Service. */
  #recordsOf(place: LeasePlace): LeaderRecords | undefined {
    const { clock, log, dryRun } = this.#runtime;
    if (dryRun === true) return undefined;
    return new LeaderRecords({
      client: this.#client,
      cluster: this.#options.clusterId,
      place,
      services: this.#ingresses.map(({ ref }) => ref),
      takeOver: this.#options.takeOver === true,
      clock,
      log,
    });
  }

  /**
   * Waits for the API server without limit: the order in which a cluster starts its pods is open.
   */
  async start(): Promise<void> {
    await this.#serve();
    const clusterUid = await retryUntilDone(
      'reading the UID of namespace kube-system',
      () => this.#readClusterUid(),
      this.#patience,
    );
    if (clusterUid === undefined) return;
    this.#clusterUid = clusterUid;
    await Promise.race([this.#leadership.start(), aborted(this.#abort.signal)]);
    const before = this.#leadership.epoch;
    this.#cache.start();
    await Promise.race([this.#cache.synced, aborted(this.#abort.signal)]);
    if (this.#abort.signal.aborted) return;
    this.#term = this.#prepare();
    this.#runtime.log.info(
      {
        ingresses: this.#ingresses.map(({ ref }) => `${ref.namespace}/${ref.service}`),
        streams: this.#cache.states().map(({ kind, group, namespace, state, objects }) => ({
          kind,
          group,
          namespace,
          state,
          objects,
        })),
      },
      before === undefined ? 'standing by' : 'watching',
    );
    // Lists made after acquiring the Lease are new enough.
    await this.#lead(this.#leadership.epoch !== before);
  }

  /**
   * Content and records get {@link FAREWELL_MS} before the Lease is released, so that the next
   * leader starts soon.
   */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#cache.stop();
    const ended = this.#term?.stop() ?? Promise.resolve();
    const hurry = new AbortController();
    await Promise.race([
      Promise.all([ended, this.#release()]),
      this.#runtime.clock.sleep(FAREWELL_MS, hurry.signal),
    ]);
    hurry.abort();
    await this.#leadership.stop();
    await Promise.all([ended, this.#ending]);
    await this.#served?.close();
    await this.#client.close();
  }

  /** A record that stays does no harm: its Lease is released, and it becomes stale. */
  async #release(): Promise<void> {
    if (this.#leadership.epoch === undefined) return;
    await this.#records
      ?.release()
      .catch((error: unknown) =>
        this.#runtime.log.info(
          { error: String(error) },
          'the note of the leader stays on the Service',
        ),
      );
  }

  address(): HttpAddress | undefined {
    return this.#served?.address;
  }

  /**
   * Nothing is sent before every kind was listed within the term, because the cache may be behind
   * the events of the last leader.
   */
  async #lead(relist: boolean): Promise<void> {
    const term = this.#term;
    if (term === undefined || term.isLeading || this.#leadership.epoch === undefined) return;
    if (relist) await this.#cache.relist();
    const { epoch } = this.#leadership;
    if (term !== this.#term || term.isLeading || epoch === undefined || this.#abort.signal.aborted)
      return;
    this.#cache.recall(this.#handover.meshConfigs);
    this.#handover.begin();
    term.optionalRead();
    term.begin(epoch);
    this.#runtime.log.info({ epoch }, 'acquiring leadership');
  }

  /** Keeps the cache and drops unsent content. */
  #endTerm(): void {
    const old = this.#term;
    if (old === undefined) return;
    old.end();
    this.#term = this.#prepare();
    this.#ending = Promise.all([this.#ending, old.stop()]).then(() => undefined);
  }

  /**
   * Everything of one term of leadership. Queues and API server are fenced: a write is refused once
   * the Lease is lost.
   */
  #prepare(): LeaderTerm {
    const { assure } = this.#leadership;
    const queues = fenceQueues(this.#runtime.queues, assure, this.#metrics.meter);
    return new LeaderTerm({
      runtime: { ...this.#runtime, queues },
      cluster: this.#options.clusterId,
      clusterUid: this.#clusterUid,
      ingresses: this.#ingresses,
      client: this.#client.fenced(assure),
      cache: this.#cache,
      debounce: this.#options.debounce ?? DEBOUNCE_MS,
      resyncMs: this.#options.resyncMs ?? RESYNC_MS,
      meter: this.#metrics.meter,
      handover: this.#handover,
      records: this.#records,
      raise: (above) => this.#leadership.raise(above),
    });
  }

  /** Before everything else, so that probes see why the start takes long. */
  async #serve(): Promise<void> {
    const { http } = this.#options;
    if (http === undefined) return;
    const answers = {
      ready: () =>
        readiness({
          states: this.#cache.states(),
          prepared: this.#term !== undefined,
          leading: this.#term?.isLeading === true,
          proven: this.#leadership.isProven,
          refusal: this.#records?.refusal,
          now: this.#runtime.clock.monotonic(),
        }),
      metrics: () => this.#metrics.text(),
    };
    this.#served = await serveAsAsked(http, answers, this.#runtime.log);
  }

  #notice(change: CacheChange): void {
    this.#term?.notice(change);
  }

  /**
   * The UID of kube-system is the identity of a cluster: it tells two clusters with one id apart.
   */
  async #readClusterUid(): Promise<string> {
    const uid = (await this.#client.get(NAMESPACES, 'kube-system'))?.metadata.uid;
    if (uid === undefined)
      throw new Error(
        'namespace kube-system does not exist or has no UID; is this a Kubernetes API?',
      );
    return uid;
  }
}

/** In a dry run it writes nothing. */
function clientOf(
  { client: given, kubeconfig, env = {} }: WatcherOptions,
  { clock, dryRun, log }: Runtime,
): KubernetesClient {
  const client = given ?? createKubernetesClient({ kubeconfig, env, clock });
  return dryRun === true ? dryRunClient(client, log) : client;
}

/** Checked first, because a wrong id would send events for another cluster, or for none. */
function checkCluster({ config }: Runtime, clusterId: string): void {
  const cluster = config.clusters.find(({ id }) => id === clusterId);
  if (cluster === undefined) {
    const known = config.clusters.map(({ id }) => id);
    throw new Error(
      `the configuration has no cluster ${JSON.stringify(clusterId)}, ` +
        `only ${known.join(', ')}; ` +
        'add it to clusters, or correct the cluster id of this watcher',
    );
  }
  if (cluster.verifyKeys.length > 0 && cluster.signKey === undefined) {
    throw new Error(
      `clusters[].verifyKeys is set for cluster ${clusterId}, ` +
        'so its events must be signed, and this watcher has no signing key; ' +
        `set clusters[].signKey of ${clusterId} in its configuration`,
    );
  }
}

/** Resolves when the signal fires. */
function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
