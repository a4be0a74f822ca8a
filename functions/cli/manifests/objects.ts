import type { KubernetesObjects, Pod } from '../../../shared/domain/snapshot/objects.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';
import type { ManifestOptions } from './read-manifests.ts';
import { readManifests } from './read-manifests.ts';
import { printLine } from '../terminal/output.ts';

export interface PodOptions {
  /** `k=v,…` */
  readonly podLabels?: string;
  readonly podNamespace?: string;
}

/** The objects in the files as the domain knows them, after saying on standard error what is of no use. */
export function objectsIn(options: ManifestOptions & PodOptions): KubernetesObjects {
  const pods = assumedPods(options);
  const raw = rawObjectsIn(options);
  const { objects, ignored } = normaliseObjects([...raw]);
  for (const line of ignoredLines(ignored)) printLine(`ignored: ${line}`);
  return { ...objects, pods: [...objects.pods, ...pods] };
}

/**
 * The objects as they are written, after saying on standard error what was left out. What could not be read makes the command end with
 * 1, however well it goes on with the rest.
 */
export function rawObjectsIn(options: ManifestOptions): readonly unknown[] {
  const { objects, skipped, notes, problems } = readManifests(options);
  for (const line of skipped) printLine(`ignored: ${line}`);
  for (const line of notes) printLine(`note: ${line}`);
  for (const line of problems) printLine(`error: ${line}`);
  if (problems.length > 0) process.exitCode = 1;
  return objects;
}

const NAMED = 3;

/** What is ignored for one reason fits one line: whole clusters are read, and most of them decides nothing here. */
export function ignoredLines(
  ignored: readonly { readonly kind: string; readonly name: string; readonly reason: string }[],
): readonly string[] {
  const groups = Map.groupBy(ignored, ({ kind, reason }) => `${kind} ${reason}`);
  return [...groups.values()].map((group) => {
    const [first] = group;
    const names = group
      .slice(0, NAMED)
      .map(({ name }) => name)
      .join(', ');
    const more = group.length > NAMED ? ` and ${group.length - NAMED} more` : '';
    return `${first?.kind ?? ''} ${names}${more}: ${first?.reason ?? ''}`;
  });
}

/** A gateway pod made up from its labels, where the files hold none. */
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
