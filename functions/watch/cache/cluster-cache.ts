/** All streams of a watcher, and the objects that they deliver, as one cache of the cluster. */
import { isDeepStrictEqual } from 'node:util';
import { namespacedName } from '../../../shared/domain/istio/object-age.ts';
import type { NetworkConfig } from '../../../shared/domain/paths/network-config.ts';
import type { MeshConfig } from '../../../shared/domain/snapshot/objects.ts';
import type { Change, IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import {
  createStream,
  type KubernetesClient,
  type Stream,
  type StreamChange,
  type StreamFigures,
  type StreamOptions,
  type StreamState,
  type StreamTiming,
} from '../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { ClusterIndex } from './cluster-index.ts';
import {
  watchedKinds,
  MESH_SERVICES,
  type ObservedObject,
  type ObservedKind,
  withoutNodeNetwork,
} from './kinds.ts';
import { MeshServiceStream } from './mesh-service-stream.ts';
import { MeshConfigStreams } from './mesh-config-streams.ts';
import type { CacheChange } from './cluster-index.ts';
import { PodSelectors } from './pod-selectors.ts';
import { sliceSelector } from './label-selectors.ts';

/** What the cache reads, and what it calls when objects change. */
export interface ClusterCacheOptions {
  readonly client: KubernetesClient;
  /** Kinds that matter only beside an ingress are read in the namespaces of these alone. */
  readonly ingresses: readonly IngressRef[];
  /** Namespace of istiod and its mesh ConfigMap. */
  readonly rootNamespace: string;
  /** Decides what is kept and read about the networks of pods. */
  readonly network: NetworkConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly timing?: Partial<StreamTiming> | undefined;
  /** Called after the index knows the change. Writes that change no cached field are left out. */
  readonly onChange: (change: CacheChange) => void;
  /** Called when the Services of the whole cluster are known, or known to be unreadable. */
  readonly onMesh: () => void;
  /** Called when an optional kind was read for the first time. */
  readonly onOptional: () => void;
}

/** State and statistics of one stream, for readiness and metrics. */
export interface StreamReport {
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Undefined: the whole cluster. */
  readonly namespace: string | undefined;
  readonly state: StreamState;
  /** How many objects are cached now. */
  readonly objects: number;
  readonly figures: StreamFigures;
}

/** The stream of one kind, in one namespace or in all. */
interface KindStream {
  readonly kind: ObservedKind;
  readonly namespace: string | undefined;
  readonly stream: Stream<ObservedObject>;
}

type StreamEvents = Pick<StreamOptions<ObservedObject>, 'onFault' | 'onListed' | 'onUnserved'>;

/** The cached state of the cluster, with one stream per kind. */
export class ClusterCache {
  readonly index = new ClusterIndex();
  /** The Services of the whole cluster, on demand. */
  readonly mesh: MeshServiceStream;
  /** The mesh ConfigMaps of the requested revisions. */
  readonly meshConfigs: MeshConfigStreams;
  /** Resolves when every stream is synced, see {@link Stream}; those on demand do not count. */
  readonly synced: Promise<void>;
  readonly #options: ClusterCacheOptions;
  readonly #podSelectors: PodSelectors;
  readonly #streams: readonly KindStream[];

  constructor(options: ClusterCacheOptions) {
    this.#options = options;
    this.#podSelectors = new PodSelectors(options.ingresses, options.onChange);
    const namespaces = [...new Set(options.ingresses.map(({ namespace }) => namespace))];
    this.#streams = watchedKinds(options.network).flatMap((kind) =>
      placesOf(kind, namespaces).map((namespace) => ({
        kind,
        namespace,
        stream: this.#createStream(kind, namespace, this.#reading(kind)),
      })),
    );
    this.meshConfigs = new MeshConfigStreams({
      open: (kind) => this.#createStream(kind, options.rootNamespace, this.#reading(kind)),
      onAnswer: options.onOptional,
    });
    this.mesh = new MeshServiceStream({
      open: (onFault) => this.#createStream(MESH_SERVICES, undefined, { onFault }),
      closed: () => this.index.meshServices.clear(),
      onAnswer: options.onMesh,
    });
    this.synced = Promise.all(this.#streams.map(({ stream }) => stream.synced)).then(
      () => undefined,
    );
  }

  /**
   * False while the pods of a namespace are being listed with a new selector: missing pods are then
   * not gone.
   */
  complete(namespace: string): boolean {
    return this.#podSelectors.complete(namespace);
  }

  /** The Service with the fields that Sluice owns. */
  service(
    namespace: string,
    name: string,
  ): Extract<ObservedObject, { of: 'services' }> | undefined {
    const found = this.#find('services', namespace)?.store.get(namespace, name);
    return found?.of === 'services' ? found : undefined;
  }

  /** One row for each stream, with the Services of the whole cluster if they are read. */
  states(): readonly StreamReport[] {
    const mesh = this.mesh.stream;
    const all =
      mesh === undefined
        ? this.#streams
        : [...this.#streams, { kind: MESH_SERVICES, namespace: undefined, stream: mesh }];
    return all.map(({ kind, namespace, stream }) => ({
      kind: kind.kind,
      group: kind.group,
      namespace,
      state: stream.state(),
      objects: stream.store.size,
      figures: stream.figures,
    }));
  }

  /** Starts all streams except those on demand. */
  start(): void {
    for (const { kind, namespace, stream } of this.#streams) {
      const services =
        kind.plural === 'pods' && namespace !== undefined
          ? this.#find('services', namespace)
          : undefined;
      // The Services determine which pods are relevant.
      if (namespace !== undefined && services !== undefined)
        void services.synced.then(() => this.#podSelectors.start(namespace, stream));
      else stream.start();
    }
  }

  /**
   * Resolves when every kind was listed by a list that started after this call; `mesh` reports
   * separately.
   */
  async relist(): Promise<void> {
    this.mesh.relist();
    await Promise.all([
      this.meshConfigs.relist(),
      ...this.#streams.map(({ stream }) => stream.relist()),
    ]);
  }

  /** Mesh configurations as an earlier leader knew them, where nothing newer was read. */
  recall(configs: readonly MeshConfig[]): void {
    for (const config of configs) {
      if (this.index.meshConfigs.get(namespacedName(config.meta)) !== undefined) continue;
      this.index.apply('added', { of: 'meshConfigs', object: config });
      this.index.read.add('meshConfigs');
    }
  }

  /** Those of the revisions that serve gateway pods. */
  knownMeshConfigs(): readonly MeshConfig[] {
    return [...this.index.meshConfigs.all()]
      .map(([, config]) => config)
      .filter(({ revision }) => this.meshConfigs.follows(revision));
  }

  async stop(): Promise<void> {
    await Promise.all([
      this.mesh.stop(),
      this.meshConfigs.stop(),
      ...this.#streams.map(({ stream }) => stream.stop()),
    ]);
  }

  /** The stream of a kind in this namespace; undefined for kinds that are read cluster-wide. */
  #find(plural: string, namespace: string): Stream<ObservedObject> | undefined {
    return this.#streams.find(
      (entry) => entry.kind.plural === plural && entry.namespace === namespace,
    )?.stream;
  }

  /**
   * Applies a change to the index, and passes it on unless it is only a heartbeat, such as a
   * renewed node status.
   */
  #notice(seen: Omit<CacheChange, 'before'>): void {
    // If the mesh configuration is missing, the last one is used.
    if (seen.observed.of === 'meshConfigs' && seen.change.what === 'deleted') return;
    const change = { ...seen, before: this.index.apply(seen.change.what, seen.observed) };
    if (isHeartbeat(change)) return;
    this.#podSelectors.notice(change);
    this.#options.onChange(change);
  }

  /** An optional kind was read once it was listed, or if there can be none. */
  #reading(kind: ObservedKind): Pick<StreamEvents, 'onListed' | 'onUnserved'> {
    const onListed = (): void => this.#listed(kind);
    return kind.isEmptyUnserved === true ? { onListed, onUnserved: onListed } : { onListed };
  }

  #listed({ optional }: ObservedKind): void {
    if (optional === undefined || this.index.read.has(optional)) return;
    this.index.read.add(optional);
    this.#options.onOptional();
  }

  /**
   * Everything that streams of all kinds have in common; `events` are the callbacks of one of them.
   */
  #createStream(
    kind: ObservedKind,
    namespace: string | undefined,
    events: StreamEvents = {},
  ): Stream<ObservedObject> {
    const { client, clock, random, log, timing, ingresses, network } = this.#options;
    const podSelectors = this.#podSelectors;
    const slices = sliceSelector(ingresses.filter((ref) => ref.namespace === namespace));
    return createStream<ObservedObject>({
      client,
      clock,
      random,
      log,
      timing,
      kind,
      namespace,
      // Evaluated for every list and watch, because it may have changed.
      get labelSelector() {
        if (kind.plural === 'pods') return podSelectors.selector(namespace ?? '');
        return kind.plural === 'endpointslices' ? slices : kind.labelSelector;
      },
      fieldSelector: kind.fieldSelector,
      normalise:
        network.mode === 'none' ? (raw) => withoutNodeNetwork(kind.observe(raw)) : kind.observe,
      optional: kind.optional !== undefined,
      ...events,
      onChange: (change) =>
        this.#notice({ change: changeOf(kind, change), observed: change.object }),
    });
  }
}

/** If only the namespaces of ingresses matter, other objects of a large cluster are not read. */
function placesOf(
  kind: ObservedKind,
  namespaces: readonly string[],
): readonly (string | undefined)[] {
  return kind.local ? namespaces : [undefined];
}

/** A write without any change of cached fields. For a Service, field ownership counts too. */
function isHeartbeat({ change, observed, before }: CacheChange): boolean {
  return (
    change.what === 'updated' &&
    observed.of !== 'services' &&
    isDeepStrictEqual(observed.object, before?.object)
  );
}

function changeOf(
  kind: ObservedKind,
  { what, namespace, name, resourceVersion }: StreamChange<ObservedObject>,
): Change {
  return { what, kind: kind.kind, namespace, name, resourceVersion };
}
