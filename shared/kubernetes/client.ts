import { timeOfWrite } from './server-time.ts';
import { processClock } from '../runtime/process.ts';
import type { Clock } from '../runtime/clock.ts';
import { createCredentialSource, type CredentialOptions } from './credentials.ts';
import { discoverVersion, type Discoverable } from './discovery.ts';
import { KubernetesError, unreachable } from './error.ts';
import { readFrames, type WatchFrame } from './frames.ts';
import { apiVersionOf, resourcePath, type RawObject, type Resource } from './object.ts';
import { createApiTransport, type ApiRequest, type ApiTransport } from './transport.ts';

export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects in a page of a list; absent: few enough to be read in little memory. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told how many bytes arrived. */
  readonly received?: ((bytes: number) => void) | undefined;
}

export interface Page {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
}

export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  /** After this many seconds the server ends the stream in good order. */
  readonly timeoutSeconds: number;
  /**
   * How long the stream may last at all, in milliseconds. Whatever the server does, it ends then in good order: a connection whose other
   * end is gone looks just like one on which nothing happens.
   */
  readonly longest: number;
  /** Told when that was so, before the stream ends. */
  readonly overdue?: (() => void) | undefined;
}

export interface ApplyOptions {
  /** The field manager that will own what the object says. */
  readonly manager: string;
  readonly subresource?: 'status';
  /** Take fields over from other managers. */
  readonly force?: boolean;
}

/** What Sluice needs of the Kubernetes API; every failure is a KubernetesError. */
export interface KubernetesClient {
  /** The namespace of the kubeconfig's context (in a cluster: of the pod). */
  readonly namespace: string | undefined;
  /** A consistent list, page by page; all pages have one resourceVersion. */
  pages(resource: Resource, selection?: Selection): AsyncIterable<Page>;
  /** Frames from `resourceVersion` on, until the server ends the stream; 410 and other ERROR frames are thrown. */
  watch(resource: Resource, options: WatchOptions): AsyncIterable<WatchFrame>;
  /** Undefined where there is no such object. */
  get(resource: Resource, name: string, namespace?: string): Promise<RawObject | undefined>;
  create(resource: Resource, object: RawObject): Promise<RawObject>;
  /** Replaces the object; with `metadata.resourceVersion` only if nobody changed it since. */
  replace(resource: Resource, object: RawObject): Promise<RawObject>;
  /** Server-side apply. Put `metadata.uid` in, or an object that is gone is created anew. */
  apply(resource: Resource, object: RawObject, options: ApplyOptions): Promise<RawObject>;
  /** JSON merge patch. */
  merge(
    resource: Resource,
    target: { readonly name: string; readonly namespace?: string },
    patch: object,
  ): Promise<RawObject>;
  /**
   * The API server's clock in milliseconds since 1970, give or take a second: by the `Date` of its last answer, or else by what it noted in
   * the object that was created or replaced last. Undefined where it has told neither.
   */
  time(): number | undefined;
  /** The first of the versions (newest first) that serves the kind; undefined where none does. */
  discover(kind: Discoverable, signal?: AbortSignal): Promise<string | undefined>;
  /** The same client whose writes ask `fence` right before they leave; one that rejects (with {@link Fenced}) keeps them back. */
  fenced(fence: () => Promise<void>): KubernetesClient;
  close(): Promise<void>;
}

/** Small, because a page is there several times over while it is read: as bytes, as text and as objects. */
const PAGE = 200;

export interface ClientOptions extends Partial<CredentialOptions> {
  readonly clock?: Pick<Clock, 'monotonic'> | undefined;
}

export function createKubernetesClient({
  clock = processClock,
  ...options
}: ClientOptions = {}): KubernetesClient {
  const source = createCredentialSource({ env: {}, ...options });
  return clientOn(createApiTransport(source, clock), source.namespace);
}

function clientOn(
  transport: ApiTransport,
  namespace: string | undefined,
  fence?: () => Promise<void>,
): KubernetesClient {
  const write = async (call: ApiRequest): Promise<RawObject> =>
    (await transport.json({ ...call, ...(call.method === 'GET' ? {} : { fence }) })) as RawObject;
  /** As `write`; what the server noted in the object says what time it is there. */
  const timed = async (call: ApiRequest, sent: RawObject): Promise<RawObject> => {
    const object = await write(call);
    const time = timeOfWrite(sent, object);
    if (time !== undefined) transport.wrote(time);
    return object;
  };
  return {
    namespace,
    pages: (resource, selection) => readPages(transport, resource, selection ?? {}),
    watch: (resource, watchOptions) => readWatch(transport, resource, watchOptions),
    get: (resource, name, place) =>
      write({ method: 'GET', path: resourcePath(resource, place, name) }).catch(undefinedIfMissing),
    create: (resource, object) =>
      timed(
        {
          method: 'POST',
          path: resourcePath(resource, object.metadata.namespace),
          body: object,
        },
        object,
      ),
    replace: (resource, object) =>
      timed(
        {
          method: 'PUT',
          path: resourcePath(resource, object.metadata.namespace, object.metadata.name),
          body: object,
        },
        object,
      ),
    apply: (resource, object, { manager, subresource, force }) =>
      write({
        method: 'PATCH',
        path: resourcePath(resource, object.metadata.namespace, object.metadata.name, subresource),
        query: { fieldManager: manager, force: force ?? false },
        contentType: 'application/apply-patch+yaml',
        body: { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind },
      }),
    merge: (resource, target, patch) =>
      write({
        method: 'PATCH',
        path: resourcePath(resource, target.namespace, target.name),
        contentType: 'application/merge-patch+json',
        body: patch,
      }),
    time: () => transport.time(),
    discover: (kind, signal) => discoverVersion(transport, kind, signal),
    fenced: (next) => clientOn(transport, namespace, next),
    close: () => transport.close(),
  };
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof KubernetesError && error.status === 404) return undefined;
  throw error;
}

async function* readPages(
  transport: ApiTransport,
  resource: Resource,
  selection: Selection,
): AsyncGenerator<Page> {
  const { namespace, labelSelector, fieldSelector, limit = PAGE, signal, received } = selection;
  let next = '';
  do {
    const answer = (await transport.json({
      method: 'GET',
      path: resourcePath(resource, namespace),
      query: { limit, continue: next, labelSelector, fieldSelector },
      signal,
      received,
    })) as {
      items?: readonly RawObject[];
      metadata?: { resourceVersion?: string; continue?: string };
    };
    next = answer.metadata?.continue ?? '';
    // Items of a list carry neither apiVersion nor kind.
    const items = (answer.items ?? []).map((item) => ({
      ...item,
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
    }));
    yield { items, resourceVersion: answer.metadata?.resourceVersion ?? '' };
  } while (next !== '');
}

async function* readWatch(
  transport: ApiTransport,
  resource: Resource,
  options: WatchOptions,
): AsyncGenerator<WatchFrame> {
  const {
    namespace,
    labelSelector,
    fieldSelector,
    signal,
    received,
    resourceVersion,
    timeoutSeconds,
    longest,
    overdue,
  } = options;
  const path = resourcePath(resource, namespace);
  const query = {
    watch: true,
    allowWatchBookmarks: true,
    resourceVersion,
    timeoutSeconds,
    labelSelector,
    fieldSelector,
  };
  const body = await transport.stream({ method: 'GET', path, query, signal });
  // An answer is a sign of life, also where nothing follows.
  received?.(0);
  const state = { isOver: false };
  const deadline = setTimeout(() => {
    state.isOver = true;
    body.destroy();
  }, longest);
  deadline.unref();
  try {
    for await (const frame of readFrames(body, received)) {
      if (frame.type === 'ERROR') {
        const { code = 500, reason = 'Unknown', message = 'the watch failed' } = frame.object;
        throw new KubernetesError({
          status: code,
          reason,
          message: `watch ${path}: ${code} ${reason}: ${message}`,
        });
      }
      yield frame;
    }
  } catch (error) {
    if (!state.isOver)
      throw error instanceof KubernetesError ? error : unreachable(`watch ${path}`, error);
  } finally {
    if (state.isOver) overdue?.();
    clearTimeout(deadline);
    body.destroy();
  }
}
