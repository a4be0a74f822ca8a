/**
 * A Kubernetes API server for the lab: small, in memory, and compatible with kubectl and the
 * watcher.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificates } from './certificates.ts';
import { FaultBoard, type ApiFaults } from './faults.ts';
import { createRouter } from './http/router.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { NamespaceController } from './namespaces.ts';
import { createObjectStore, stableUid } from './object-store.ts';
import { createCatalog } from './resources/catalog.ts';
import { allResources } from './resources/table.ts';
import { VersionedStore } from './store.ts';
import type { Cause, KubernetesObject, ObjectStore } from './types.ts';
import { Writer } from './writer.ts';

export type { FaultEffect, FaultMatch, ApiFaults } from './faults.ts';
export type {
  Cause,
  EventType,
  KubernetesObject,
  ManagedFieldsEntry,
  ObjectMeta,
  ObjectStore,
  StoreEvent,
} from './types.ts';
export { ApiError } from './errors.ts';

/** All optional. Clocks and ids are for tests that need the same result each time. */
export interface LabKubernetesOptions {
  readonly host?: string;
  readonly port?: number;
  readonly now?: () => number;
  readonly uid?: () => string;
  /**
   * Name of the cluster. The UID of kube-system is derived from it: two labs are two clusters, and
   * a restarted lab is the same cluster.
   */
  readonly name?: string;
  /** Groups, `group/version` or `plural.group` that this cluster does not serve. */
  readonly without?: readonly string[];
  /** Additional validation, like an admission webhook: returns what is wrong with the object. */
  readonly admit?: (object: KubernetesObject) => readonly Cause[];
  /**
   * Deleting a pod that runs on a node only marks it as terminating; the simulated kubelet removes
   * it from the store. Without this option (the default) the pod is gone at once.
   */
  readonly gracefulPods?: boolean;
  /**
   * The time in the `Date` header, in milliseconds since 1970. Absent: `now`. If it returns
   * undefined, there is no header, as behind some proxies.
   */
  readonly date?: () => number | undefined;
  /** How often bookmarks are sent to watches that allow them; once a minute, as in Kubernetes. */
  readonly bookmarkMs?: number;
  /**
   * How often etcd reports its progress, in milliseconds; by default every ten minutes, as in etcd.
   * A kind without changes only gets bookmarks after such a report.
   */
  readonly etcdProgressMs?: number;
  /**
   * How long the namespace controller takes to empty a deleted namespace, in milliseconds. 0 (the
   * default): before the answer. Infinity: there is no controller.
   */
  readonly namespaceMs?: number;
  /** Reserved for a directory that keeps the objects across restarts. */
  readonly state?: string;
}

/** A running API server: how to reach it, its store, and its faults. */
export interface LabKubernetes {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
  kubeconfig(): string;
  readonly store: ObjectStore;
  readonly faults: ApiFaults;
  /**
   * Removes or adds a group (or `group/version`, `plural.group`) while running, as uninstalling or
   * installing its CRDs does.
   */
  serve(what: string, on: boolean): void;
  /**
   * Off: requests are not answered, and connections break. On: it serves the same objects at the
   * same address again.
   */
  power(on: boolean): Promise<void>;
  close(): Promise<void>;
}

function placeNamespaces(objects: ObjectStore, cluster: string): void {
  for (const name of ['default', 'kube-system', 'istio-system']) {
    objects.apply({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, uid: stableUid(cluster, name) },
    });
  }
}

/** Starts the API server on TLS, HTTP/1.1, with a bearer token. */
export async function startKubernetes(options: LabKubernetesOptions = {}): Promise<LabKubernetes> {
  const { host = '127.0.0.1', port = 0, uid = randomUUID, name = 'lab' } = options;
  const { ca, cert, key } = await createCertificates(host);
  const token = createHash('sha256').update(`token/${uid()}`).digest('hex');
  const { objects, faults, catalog, route, stop } = createApi({ ...options, uid }, token);
  placeNamespaces(objects, name);
  const server = createServer({ cert, key }, route);
  // Longer than clients keep idle connections, so that the server never closes one during a
  // request.
  server.keepAliveTimeout = 180_000;
  await listen(server, port, host);
  const { port: used } = server.address() as AddressInfo;
  const url = `https://${host}:${used}`;
  return {
    url,
    ca,
    token,
    kubeconfig: () => kubeconfigText({ name, url, ca, token }),
    store: objects,
    faults,
    serve: (what, on) => catalog.serve(what, on),
    power: (on) => (on ? listen(server, used, host) : close(server)),
    close: () => {
      stop();
      return close(server);
    },
  };
}

interface Api {
  readonly objects: ObjectStore;
  readonly faults: FaultBoard;
  readonly catalog: ReturnType<typeof createCatalog>;
  readonly route: RequestListener;
  /** Ends background work. */
  readonly stop: () => void;
}

function createApi(
  options: LabKubernetesOptions & { readonly uid: () => string },
  token: string,
): Api {
  const { now = Date.now, date = now, bookmarkMs = 60_000, gracefulPods = false } = options;
  const { etcdProgressMs = 600_000, namespaceMs: delayMs = 0 } = options;
  const { uid, admit = (): readonly Cause[] => [] } = options;
  const store = new VersionedStore();
  const catalog = createCatalog(allResources, options.without);
  const writer = new Writer({ store, now, uid, admit });
  const faults = new FaultBoard(store);
  const objects = createObjectStore(store, writer, catalog);
  const timestamp = (): string => writer.timestamp();
  const namespaces = new NamespaceController({ store, catalog, timestamp, delayMs });
  const context = { store, writer, catalog, faults, now, bookmarkMs, gracefulPods, namespaces };
  const progress = setInterval(() => store.progress(), etcdProgressMs).unref();
  return {
    objects,
    faults,
    catalog,
    route: dated(createRouter(context, token), date),
    stop: () => clearInterval(progress),
  };
}

/** Node's own Date header would contain the time of this machine. */
function dated(route: RequestListener, date: () => number | undefined): RequestListener {
  return (request, response) => {
    const time = date();
    response.sendDate = false;
    if (time !== undefined) response.setHeader('date', new Date(time).toUTCString());
    route(request, response);
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
