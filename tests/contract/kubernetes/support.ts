import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startKubernetes,
  type KubernetesObject,
  type LabKubernetes,
  type LabKubernetesOptions,
} from '../../../infra/lab/kubernetes/index.ts';
import { createKubernetesClient, type KubernetesClient } from '../../../shared/kubernetes/index.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { createApi } from '../../promises/rig/kubernetes.ts';

/** What a contract of clients needs. */
export interface Subject {
  readonly lab: Pick<LabKubernetes, 'store' | 'faults' | 'serve'>;
  readonly client: KubernetesClient;
  close(): Promise<void>;
}

export interface Lab extends Subject {
  readonly lab: LabKubernetes;
  readonly kubeconfig: string;
}

/** The lab's API server over TLS, and a client configured only by a kubeconfig file. */
export async function startLab(options: LabKubernetesOptions = {}): Promise<Lab> {
  const lab = await startKubernetes(options);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kubernetes-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, lab.kubeconfig());
  const client = createKubernetesClient({ kubeconfig });
  return {
    lab,
    client,
    kubeconfig,
    close: async () => {
      await client.close();
      await lab.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The API server of the promises, in real time. */
export function startModel(): Promise<Subject> {
  const lab = createApi(
    {
      ...processClock,
      after: (ms, run) => {
        const timer = setTimeout(run, ms).unref();
        return () => clearTimeout(timer);
      },
    },
    randomUUID,
  );
  lab.store.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } });
  return Promise.resolve({ lab, client: lab.client(), close: () => Promise.resolve() });
}

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/** Back-off takes no time here: every sleep is one turn of the event loop. */
export function hurriedClock(): Clock {
  let now = 1_700_000_000_000;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: (ms) => {
      now += ms;
      return new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Waits until the condition is met, limited only by the test's timeout. */
export async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 2));
}

export function configMap(
  name: string,
  data: Record<string, string> = {},
  labels: Record<string, string> = {},
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'default', name, labels },
    data,
  };
}

export function gateway(name: string, port: number, version = 'v1'): KubernetesObject {
  return {
    apiVersion: `networking.istio.io/${version}`,
    kind: 'Gateway',
    metadata: { namespace: 'default', name },
    spec: {
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: port, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }],
    },
  };
}
