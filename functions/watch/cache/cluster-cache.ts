import { isDeepStrictEqual } from 'node:util';
import type { Change, IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import {
  createStream,
  type KubernetesClient,
  type Stream,
  type StreamChange,
  type StreamFigures,
  type StreamState,
  type StreamTiming,
} from '../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/runtime.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { ClusterIndex, type IndexChange } from './cluster-index.ts';
import { WATCHED_KINDS, MESH_SERVICES, type ObservedObject, type ObservedKind } from './kinds.ts';
import { MeshServiceStream } from './mesh-service-stream.ts';
import { PodSelectors } from './pod-selectors.ts';
import { sliceSelector } from './label-selectors.ts';

/** A change of any kind, with the typed object. */
export interface CacheChange extends IndexChange {
  readonly change: Change;
  readonly observed: ObservedObject;
}

export interface ClusterCacheOptions {
  readonly client: KubernetesClient;
  readonly ingresses: readonly IngressRef[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly timing?: Partial<StreamTiming> | undefined;
  readonly onChange: (change: CacheChange) => void;
  /** The Services of the whole cluster are known now, or cannot be. */
  readonly onMesh: () => void;
  /** An optional kind was read for the first time. */
  readonly onOptional: () => void;
}

export interface StreamReport {
  readonly kind: string;
  readonly group: string;
  readonly namespace: string | undefined;
  readonly state: StreamState;
  readonly objects: number;
  readonly figures: StreamFigures;
}

/** The cluster as it was last seen: one stream for each kind. */
export interface ClusterCache {
  readonly synced: Promise<void>;
  readonly index: ClusterIndex;
  /** False while the pods of a namespace are being listed by a new selector: what is missing then is not gone. */
  complete(namespace: string): boolean;
  /** The Services of the whole cluster, for those who want them. */
  readonly mesh: Pick<MeshServiceStream, 'want' | 'answered' | 'denied'>;
  /** The Service as observed, with the fields that Sluice itself owns. */
  service(namespace: string, name: string): Extract<ObservedObject, { of: 'services' }> | undefined;
  states(): readonly StreamReport[];
  start(): void;
  /** Resolves once every kind was listed by a list that began after this call; `mesh` says for itself when it was. */
  relist(): Promise<void>;
  stop(): Promise<void>;
}

interface Followed {
  readonly kind: ObservedKind;
  readonly namespace: string | undefined;
  readonly stream: Stream<ObservedObject>;
}

export function createClusterCache(options: ClusterCacheOptions): ClusterCache {
  const scopes = new PodSelectors(options.ingresses, options.onChange);
  const index = new ClusterIndex();
  const notice = (seen: Omit<CacheChange, 'before'>): void => {
    const change = { ...seen, before: index.apply(seen.change.what, seen.observed) };
    if (isHeartbeat(change)) return;
    scopes.notice(change);
    options.onChange(change);
  };
  const read = ({ optional }: ObservedKind): void => {
    if (optional === undefined || index.read.has(optional)) return;
    index.read.add(optional);
    options.onOptional();
  };
  const namespaces = [...new Set(options.ingresses.map(({ namespace }) => namespace))];
  const streams: readonly Followed[] = WATCHED_KINDS.flatMap((kind) =>
    placesOf(kind, namespaces).map((namespace) => ({
      kind,
      namespace,
      stream: streamOf({ kind, namespace, scopes, onListed: () => read(kind) }, options, notice),
    })),
  );
  const mesh = new MeshServiceStream({
    open: (onFault) =>
      streamOf({ kind: MESH_SERVICES, namespace: undefined, scopes, onFault }, options, notice),
    closed: () => index.meshServices.clear(),
    onAnswer: options.onMesh,
  });
  const all = (): readonly Followed[] =>
    mesh.stream === undefined
      ? streams
      : [...streams, { kind: MESH_SERVICES, namespace: undefined, stream: mesh.stream }];
  const find = (plural: string, namespace: string): Stream<ObservedObject> | undefined =>
    streams.find((entry) => entry.kind.plural === plural && entry.namespace === namespace)?.stream;
  return {
    synced: Promise.all(streams.map(({ stream }) => stream.synced)).then(() => undefined),
    index,
    mesh,
    complete: (namespace) => scopes.complete(namespace),
    service: (namespace, name) => {
      const found = find('services', namespace)?.store.get(namespace, name);
      return found?.of === 'services' ? found : undefined;
    },
    states: () =>
      all().map(({ kind, namespace, stream }) => ({
        kind: kind.kind,
        group: kind.group,
        namespace,
        state: stream.state(),
        objects: stream.store.size,
        figures: stream.figures,
      })),
    start: () => {
      for (const { kind, namespace, stream } of streams) {
        const services =
          kind.plural === 'pods' && namespace !== undefined
            ? find('services', namespace)
            : undefined;
        // Which pods matter is known only with the Services.
        if (namespace !== undefined && services !== undefined)
          void services.synced.then(() => scopes.start(namespace, stream));
        else stream.start();
      }
    },
    relist: async () => {
      mesh.relist();
      await Promise.all(streams.map(({ stream }) => stream.relist()));
    },
    stop: async () => {
      await Promise.all([mesh.stop(), ...streams.map(({ stream }) => stream.stop())]);
    },
  };
}

/** Where only the namespaces of ingresses matter, the rest of a large cluster never arrives here. */
function placesOf(
  kind: ObservedKind,
  namespaces: readonly string[],
): readonly (string | undefined)[] {
  return kind.local ? namespaces : [undefined];
}

type Place = Pick<Followed, 'kind' | 'namespace'> & {
  readonly scopes: PodSelectors;
  readonly onFault?: (error: unknown) => void;
  readonly onListed?: () => void;
};

function streamOf(
  { kind, namespace, scopes, onFault, onListed }: Place,
  options: ClusterCacheOptions,
  onChange: (seen: Omit<CacheChange, 'before'>) => void,
): Stream<ObservedObject> {
  const { client, clock, random, log, timing, ingresses } = options;
  const slices = sliceSelector(ingresses.filter((ref) => ref.namespace === namespace));
  return createStream<ObservedObject>({
    client,
    clock,
    random,
    log,
    timing,
    kind,
    namespace,
    // Asked for with every list and watch, and it may have changed since.
    get labelSelector() {
      if (kind.plural === 'pods') return scopes.selector(namespace ?? '');
      return kind.plural === 'endpointslices' ? slices : kind.labelSelector;
    },
    fieldSelector: kind.fieldSelector,
    normalise: kind.observe,
    optional: kind.optional !== undefined,
    onFault,
    onListed,
    onChange: (change) => onChange({ change: changeOf(kind, change), observed: change.object }),
  });
}

/** Written anew without anything that is kept having changed. Of a Service, who wrote what counts too. */
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
