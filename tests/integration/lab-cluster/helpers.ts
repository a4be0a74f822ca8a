import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { parseAllDocuments } from 'yaml';
import { loopbackOf } from '../../../infra/lab/loopback.ts';
import { startCluster, type ClusterOptions, type ClusterStore, type LabCluster, type RawObject, type StoreEvent } from '../../../infra/lab/cluster/index.ts';
import type { Clock } from '../../../shared/runtime/runtime.ts';

/** Time that stands still; sleeping takes a turn of the event loop. */
export const clock: Clock = { now: () => Date.UTC(2026, 0, 1), sleep: () => new Promise((resolve) => setImmediate(resolve)) };

export interface TestStore extends ClusterStore {
  list(kind: string): RawObject[];
}

/** The least a Kubernetes API does, one second older with every object. */
export function memoryStore(): TestStore {
  const objects = new Map<string, RawObject>();
  const listeners = new Set<(event: StoreEvent) => void>();
  const key = (o: RawObject) => `${o.apiVersion.split('/').slice(0, -1).join('')}/${o.kind}/${o.metadata.namespace ?? ''}/${o.metadata.name}`;
  let created = 0;
  return {
    apply: (object) => {
      const before = objects.get(key(object));
      const creationTimestamp = before?.metadata.creationTimestamp ?? new Date(Date.UTC(2026, 0, 1) + 1000 * created++).toISOString();
      const stored = { ...object, metadata: { ...object.metadata, creationTimestamp } };
      objects.set(key(object), stored);
      for (const listener of listeners) listener({ type: before ? 'MODIFIED' : 'ADDED', object: stored });
    },
    delete: (apiVersion, kind, namespace, name) => {
      const id = key({ apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } });
      const object = objects.get(id);
      if (!object) return;
      objects.delete(id);
      for (const listener of listeners) listener({ type: 'DELETED', object });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    list: (kind) => [...objects.values()].filter((o) => o.kind === kind),
  };
}

export function manifest(name: string): RawObject[] {
  const text = readFileSync(new URL(`../../../infra/lab/manifests/${name}.yaml`, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((d) => d.toJS() as RawObject);
}

export async function applyManifest(store: ClusterStore, cluster: LabCluster, name: string): Promise<void> {
  for (const object of manifest(name)) store.apply(object);
  await cluster.idle();
}

/** Every test file has addresses of its own, because test files run side by side. */
export async function testCluster(octet: number, options: Partial<ClusterOptions> = {}): Promise<{ cluster: LabCluster; store: TestStore }> {
  const store = memoryStore();
  const nodeAddresses = [`192.${octet}.0.11`, `192.${octet}.0.12`];
  const cluster = await startCluster({ store, clock, pushDelay: 0, grace: 0, podNetwork: `10.${octet}`, nodeAddresses, ...options });
  return { cluster, store };
}

/** Sends one line and returns everything that came back; `refused` and `closed` when nobody answers. */
export function ask(address: string, port: number, line = 'hello'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopbackOf(address), port });
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.end(`${line}\n`));
    socket.on('data', (text: string) => (answer += text));
    socket.on('error', (e: NodeJS.ErrnoException) => resolve(e.code === 'ECONNREFUSED' ? 'refused' : 'closed'));
    socket.on('close', () => resolve(answer === '' ? 'closed' : answer.trimEnd()));
  });
}

export async function httpStatus(address: string, port: number, path = '/'): Promise<number> {
  const response = await fetch(`http://${loopbackOf(address)}:${port}${path}`, { headers: { connection: 'close' } });
  await response.text();
  return response.status;
}
