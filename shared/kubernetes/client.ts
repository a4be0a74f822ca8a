/** Requests to the Kubernetes API: lists, watches, single objects, server-side apply. */
import {
  apiVersionOf,
  resourcePath,
  timeOfWrite,
  type RawObject,
  type Resource,
} from './object.ts';
import { processClock } from '../runtime/process.ts';
import type { Clock } from '../runtime/clock.ts';
import { createCredentialSource, type CredentialOptions } from './credentials.ts';
import { discoverKind, type Discoverable, type ServedAt } from './discovery.ts';
import { KubernetesError, unreachable } from './error.ts';
import { readFrames, type WatchFrame } from './frames.ts';
import { createApiTransport, type ApiRequest, type ApiTransport } from './transport.ts';

/** Which objects to list or watch. */
export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects per page of a list; absent for lists that need little memory. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of received bytes. */
  readonly received?: ((bytes: number) => void) | undefined;
}

/** One page of a list. All pages of a list have the same resourceVersion. */
export interface Page {
  readonly items: readonly RawObject[];
  readonly resourceVersion: string;
}

/** A watch from `resourceVersion` on. */
export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  /** Seconds after which the server ends the stream normally. */
  readonly timeoutSeconds: number;
  /**
   * Maximum duration of the stream in milliseconds. The client then ends it normally, because a
   * dead connection looks the same as a quiet one.
   */
  readonly longest: number;
  /** Called in that case, before the stream ends. */
  readonly overdue?: (() => void) | undefined;
}

/** Options of server-side apply. Without `force`, a conflict rejects with status 409. */
export interface ApplyOptions {
  /** Field manager that will own the applied fields. */
  readonly manager: string;
  readonly subresource?: 'status';
  /** Take over fields from other managers. */
  readonly force?: boolean;
}

/** What an account may be allowed to do. */
export interface Access {
  readonly group: string;
  /** With its subresource: `services/status`. */
  readonly resource: string;
  readonly verb: string;
  /** Absent: in all namespaces, or for a cluster-scoped kind. */
  readonly namespace?: string | undefined;
}

/** The part of the Kubernetes API that Sluice uses; every failure is a KubernetesError. */
export interface KubernetesClient {
  /** Namespace of the kubeconfig's context (in a cluster: of the pod). */
  readonly namespace: string | undefined;
  /** A consistent list, page by page; all pages have the same resourceVersion. */
  pages(resource: Resource, selection?: Selection): AsyncIterable<Page>;
  /**
   * Frames after `resourceVersion` until the server ends the stream; throws on 410 and other ERROR
   * frames.
   */
  watch(resource: Resource, options: WatchOptions): AsyncIterable<WatchFrame>;
  /** Undefined if the object does not exist. */
  get(resource: Resource, name: string, namespace?: string): Promise<RawObject | undefined>;
  create(resource: Resource, object: RawObject): Promise<RawObject>;
  /** Replaces the object; with `metadata.resourceVersion` only if it was not changed since. */
  replace(resource: Resource, object: RawObject): Promise<RawObject>;
  /** Server-side apply. Include `metadata.uid`, otherwise a deleted object is created again. */
  apply(resource: Resource, object: RawObject, options: ApplyOptions): Promise<RawObject>;
  /**
   * Removes the object as it was read: with another `uid` or `resourceVersion` it stays, with status
   * 409. Resolves if it does not exist any more.
   */
  remove(resource: Resource, object: RawObject): Promise<void>;
  /** JSON merge patch. */
  merge(
    resource: Resource,
    target: { readonly name: string; readonly namespace?: string },
    patch: object,
  ): Promise<RawObject>;
  /**
   * The API server's time in milliseconds since 1970, within about a second: from the `Date` of its
   * last answer, or from the metadata of the object last created or replaced. Undefined if unknown.
   */
  time(): number | undefined;
  /** The first version (newest first) that serves the kind; undefined if none does. */
  discover(kind: Discoverable, signal?: AbortSignal): Promise<ServedAt | undefined>;
  /**
   * Whether this account may do that, as the API server judges it (SelfSubjectAccessReview). Every
   * account may ask.
   */
  may(access: Access): Promise<boolean>;
  /**
   * The same client with a check before each write: if `fence` rejects (with {@link Fenced}), the
   * write is not sent.
   */
  fenced(fence: () => Promise<void>): KubernetesClient;
  close(): Promise<void>;
}

/**
 * Small, because a page is in memory several times while it is read: as bytes, text and objects.
 */
const PAGE_OBJECTS = 200;

/**
 * Where the credentials come from, and the clock of time limits. Default environment: that of the
 * process.
 */
export interface ClientOptions extends Partial<CredentialOptions> {
  readonly clock?: Pick<Clock, 'monotonic'> | undefined;
}

/**
 * A client for the cluster of the kubeconfig. Throws if the kubeconfig cannot be read; nothing is
 * sent yet.
 */
export function createKubernetesClient({
  clock = processClock,
  ...options
}: ClientOptions = {}): KubernetesClient {
  const source = createCredentialSource({ env: process.env, ...options });
  return clientOn(createApiTransport(source, clock), source.namespace);
}

/**
 * The client over a transport. With `fence`, every write first checks that it may still be sent.
 */
function clientOn(
  transport: ApiTransport,
  namespace: string | undefined,
  fence?: () => Promise<void>,
): KubernetesClient {
  const write = async (call: ApiRequest): Promise<RawObject> =>
    (await transport.json({ ...call, ...(call.method === 'GET' ? {} : { fence }) })) as RawObject;
  /** Like `write`; the metadata of the answer shows the server's time. */
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
    may: (access) => askAccess(transport, access),
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
    ...patches(write),
    time: () => transport.time(),
    discover: (kind, signal) => discoverKind(transport, kind, signal),
    fenced: (next) => clientOn(transport, namespace, next),
    close: () => transport.close(),
  };
}

/** Writes that change or remove an object that is there. */
function patches(
  write: (call: ApiRequest) => Promise<RawObject>,
): Pick<KubernetesClient, 'apply' | 'merge' | 'remove'> {
  return {
    apply: (resource, object, { manager, subresource, force }) =>
      write({
        method: 'PATCH',
        path: resourcePath(resource, object.metadata.namespace, object.metadata.name, subresource),
        query: { fieldManager: manager, force: force ?? false },
        contentType: 'application/apply-patch+yaml',
        body: { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind },
      }),
    remove: async (resource, { metadata: { namespace, name, uid, resourceVersion } }) => {
      await write({
        method: 'DELETE',
        path: resourcePath(resource, namespace, name),
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          preconditions: { uid, resourceVersion },
        },
      }).catch(undefinedIfMissing);
    },
    merge: (resource, target, patch) =>
      write({
        method: 'PATCH',
        path: resourcePath(resource, target.namespace, target.name),
        contentType: 'application/merge-patch+json',
        body: patch,
      }),
  };
}

/** A question, not a write: it passes no fence. */
async function askAccess(
  transport: ApiTransport,
  { resource: asked, ...where }: Access,
): Promise<boolean> {
  const [resource, subresource] = asked.split('/');
  const answer = (await transport.json({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { ...where, resource, subresource } },
    },
  })) as { readonly status?: { readonly allowed?: boolean } };
  return answer.status?.allowed === true;
}

/** A 404 means that the object does not exist; all other errors stay errors. */
function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof KubernetesError && error.status === 404) return undefined;
  throw error;
}

/** Lists page by page; all pages belong to one resourceVersion. */
async function* readPages(
  transport: ApiTransport,
  resource: Resource,
  selection: Selection,
): AsyncGenerator<Page> {
  const {
    namespace,
    labelSelector,
    fieldSelector,
    limit = PAGE_OBJECTS,
    signal,
    received,
  } = selection;
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
    // Items of a list have neither apiVersion nor kind.
    const items = (answer.items ?? []).map((item) => ({
      ...item,
      apiVersion: apiVersionOf(resource),
      kind: resource.kind,
    }));
    yield { items, resourceVersion: answer.metadata?.resourceVersion ?? '' };
  } while (next !== '');
}

/** Yields the frames of a watch until the server or the time limit ends it. */
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
  // An answer is a sign of life, even if no data follows.
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
