/** Objects of the cluster from manifests, in the form in which the watcher has them. */
import type { KubernetesObjects, Pod } from '../../../shared/domain/snapshot/objects.ts';
import { ignoredLines } from '../../../shared/operations/manifests/ignored.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import type { ManifestOptions } from './read-manifests.ts';
import { readManifests } from './read-manifests.ts';
import { printLine } from '../terminal/output.ts';

/** For files without pods: what the gateway pods would look like. */
export interface PodOptions {
  /** `k=v,…` */
  readonly podLabels?: string;
  readonly podNamespace?: string;
}

/** Converts the objects in the files to domain objects; prints ignored ones to standard error. */
export function objectsIn(options: ManifestOptions & PodOptions): KubernetesObjects {
  const pods = assumedPods(options);
  const raw = rawObjectsIn(options);
  const { objects, ignored } = normaliseObjects([...raw]);
  for (const line of ignoredLines(ignored)) printLine(`ignored: ${line}`);
  return { ...objects, pods: [...objects.pods, ...pods] };
}

/**
 * The raw objects in the files; prints skipped ones to standard error. Unreadable documents make
 * the command exit with 1, although the rest is processed.
 */
export function rawObjectsIn(options: ManifestOptions): readonly unknown[] {
  const { objects, skipped, notes, problems } = readManifests(options);
  for (const line of skipped) printLine(`ignored: ${line}`);
  for (const line of notes) printLine(`note: ${line}`);
  for (const line of problems) printLine(`error: ${line}`);
  if (problems.length > 0) process.exitCode = 1;
  return objects;
}

/** A gateway pod derived from its labels, if the files contain none. */
function assumedPods({ podLabels, podNamespace }: PodOptions): readonly Pod[] {
  if (podLabels === undefined && podNamespace === undefined) return [];
  if (podNamespace === undefined) throw new Error('--pod-labels needs --pod-namespace as well');
  if (podLabels === undefined) throw new Error('--pod-namespace needs --pod-labels as well');
  return [
    {
      meta: {
        namespace: podNamespace,
        name: 'from-pod-labels',
        uid: '',
        created: '',
        resourceVersion: '',
        labels: parseLabels(podLabels),
        annotations: {},
      },
      ips: [],
      nodeName: '',
      containerPorts: [],
      proxy: 'router',
      unprivileged: false,
      ready: true,
      terminating: false,
      proxyProtocol: false,
    },
  ];
}

/** Throws for a pair without `=` or without a key. An empty value is a valid label. */
function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [key = '', ...value] = pair.trim().split('=');
      if (key === '' || value.length === 0)
        throw new Error(`--pod-labels ${text}: write it as key=value,key=value`);
      return [key, value.join('=')];
    }),
  );
}
