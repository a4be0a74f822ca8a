import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { parseAllDocuments } from 'yaml';
import { loopbackOf } from '../../../infra/lab/loopback.ts';
import {
  startCluster,
  type ClusterOptions,
  type LabCluster,
} from '../../../infra/lab/cluster/index.ts';
import {
  startKubernetes,
  type KubernetesObject,
  type LabKubernetes,
  type ObjectStore,
} from '../../../infra/lab/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';

/** Time does not advance; sleeping takes a turn of the event loop. */
export const clock: Clock = {
  now: () => Date.UTC(2026, 0, 1),
  monotonic: () => Date.UTC(2026, 0, 1),
  sleep: () => new Promise((resolve) => setImmediate(resolve)),
};

export type TestStore = ObjectStore;

/** The lab's API server, on which each object is created a second after the previous one. */
async function startApi(): Promise<LabKubernetes> {
  let now = clock.now();
  return startKubernetes({ now: () => (now += 1000) });
}

export function manifest(name: string): KubernetesObject[] {
  const text = readFileSync(
    new URL(`../../../infra/lab/manifests/${name}.yaml`, import.meta.url),
    'utf8',
  );
  return parseAllDocuments(text).map((d) => d.toJS() as KubernetesObject);
}

export async function applyManifest(
  store: TestStore,
  cluster: LabCluster,
  name: string,
): Promise<void> {
  for (const object of manifest(name)) store.apply(object);
  await cluster.idle();
}

export interface TestCluster {
  readonly cluster: LabCluster;
  readonly store: TestStore;
  readonly close: () => Promise<void>;
}

/** Each test file has its own addresses, because test files run in parallel. */
export async function testCluster(
  octet: number,
  options: Partial<ClusterOptions> = {},
): Promise<TestCluster> {
  const kubernetes = await startApi();
  const nodeAddresses = [`192.${octet}.0.11`, `192.${octet}.0.12`];
  const cluster = await startCluster({
    store: kubernetes.store,
    clock,
    pushDelayMs: 0,
    graceMs: 0,
    podNetwork: `10.${octet}`,
    nodeAddresses,
    ...options,
  });
  return {
    cluster,
    store: kubernetes.store,
    close: async () => {
      await cluster.close();
      await kubernetes.close();
    },
  };
}

/**
 * Sends one line and returns everything that was received; `refused` or `closed` if there is no
 * answer.
 */
export function ask(address: string, port: number, line = 'hello'): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopbackOf(address), port });
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.end(`${line}\n`));
    socket.on('data', (text: string) => (answer += text));
    socket.on('error', (e: NodeJS.ErrnoException) =>
      resolve(e.code === 'ECONNREFUSED' ? 'refused' : 'closed'),
    );
    socket.on('close', () => resolve(answer === '' ? 'closed' : answer.trimEnd()));
  });
}

export async function httpStatus(address: string, port: number, path = '/'): Promise<number> {
  const response = await fetch(`http://${loopbackOf(address)}:${port}${path}`, {
    headers: { connection: 'close' },
  });
  await response.text();
  return response.status;
}
