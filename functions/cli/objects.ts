import type { KubernetesObjects, Pod } from '../../shared/domain/ingress/objects.ts';
import { normaliseObjects } from '../../shared/kubernetes/objects/index.ts';

export interface PodOptions {
  /** `k=v,…` */
  readonly podLabels?: string;
  readonly podNamespace?: string;
}

/** Raw objects as the domain knows them; a pod is made up from its labels when there is none in the files. */
export function objectsFrom(raw: readonly unknown[], options: PodOptions): ReturnType<typeof normaliseObjects> {
  const read = normaliseObjects([...raw]);
  if (options.podLabels === undefined) return read;
  if (options.podNamespace === undefined) throw new Error('--pod-labels needs --pod-namespace as well');
  const objects: KubernetesObjects = { ...read.objects, pods: [...read.objects.pods, madeUpPod(options.podNamespace, options.podLabels)] };
  return { ...read, objects };
}

function madeUpPod(namespace: string, labels: string): Pod {
  return {
    meta: { namespace, name: 'from-pod-labels', uid: '', created: '', resourceVersion: '', labels: parseLabels(labels), annotations: {} },
    ips: [],
    nodeName: '',
    containerPorts: [],
    proxy: 'router',
    unprivileged: false,
    ready: true,
    terminating: false,
    proxyProtocol: false,
  };
}

function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [key = '', ...value] = pair.split('=');
      if (key === '' || value.length === 0) throw new Error(`--pod-labels ${text}: write it as key=value,key=value`);
      return [key, value.join('=')];
    }),
  );
}
