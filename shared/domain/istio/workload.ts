/** Groups gateway pods that are equivalent for all rules. */
import { compareByCodeUnits, namespacedName } from './object-age.ts';
import type { MeshOptions } from './mesh.ts';
import { REVISION_LABEL } from './mesh.ts';
import type { Pod, Service } from '../snapshot/objects.ts';

/**
 * Pods of one namespace with equal values of all relevant labels, and the same ports and
 * privileges.
 */
export interface Workload {
  readonly namespace: string;
  /** Equal for all of its pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** Ports below 1024 cannot be bound (istio-port-mapping.md §1.4). */
  readonly unprivileged: boolean;
  readonly containerPorts: Pod['containerPorts'];
  /** Of all of its pods; a server may bind one of them. */
  readonly ips: readonly string[];
  /** Empty only if `assumed`. */
  readonly pods: readonly Pod[];
  /** The pods have the labels of a gateway but run as sidecars. */
  readonly sidecar: boolean;
  /** Revision of the istiod that serves them. */
  readonly revision: string;
  /** There are no pods; the labels are from a Service's selector. */
  readonly assumed: boolean;
}

/** Defaults for pods without this information; `unprivilegedPods` overrides it. */
export type WorkloadDefaults = Pick<MeshOptions, 'unprivilegedPods' | 'revision'>;

/**
 * For a Deployment scaled to zero: the selector of its Service gives the labels of its pods, so
 * that exposures stay.
 */
export function assumedWorkload(
  service: Service,
  { unprivilegedPods, revision }: WorkloadDefaults,
): Workload {
  return {
    namespace: service.meta.namespace,
    labels: service.selector,
    unprivileged: unprivilegedPods ?? false,
    revision: service.selector[REVISION_LABEL] ?? revision,
    containerPorts: [],
    ips: [],
    pods: [],
    sidecar: false,
    assumed: true,
  };
}

/**
 * Key of pods that are the same for all rules: labels that some selector uses, privileges, and
 * named ports.
 */
function likeness(pod: Pod, keys: ReadonlySet<string>): string {
  const labels = Object.entries(pod.meta.labels).filter(([key]) => keys.has(key));
  const ports = pod.containerPorts
    .filter((port) => port.name !== '')
    .map((port) => `${port.name}:${port.port}/${port.protocol}`);
  return JSON.stringify([
    labels.sort(([a], [b]) => (a < b ? -1 : 1)),
    pod.unprivileged,
    ports.sort(),
  ]);
}

function byName(a: Pod, b: Pod): number {
  return compareByCodeUnits(namespacedName(a.meta), namespacedName(b.meta));
}

/**
 * `keys`: relevant labels. Pods that differ only in other labels, such as pod-template-hash, are
 * equivalent.
 */
export function workloadsOf(
  pods: readonly Pod[],
  keys: ReadonlySet<string>,
  { unprivilegedPods, revision }: WorkloadDefaults,
): Workload[] {
  const asked = new Set([...keys, REVISION_LABEL]);
  const groups = new Map<string, Pod[]>();
  for (const pod of [...pods].sort(byName)) {
    const like = `${pod.meta.namespace} ${likeness(pod, asked)}`;
    const there = groups.get(like);
    if (there === undefined) groups.set(like, [pod]);
    else there.push(pod);
  }
  return [...groups.values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    return [
      {
        namespace: first.meta.namespace,
        labels: first.meta.labels,
        unprivileged: unprivilegedPods ?? first.unprivileged,
        revision: first.meta.labels[REVISION_LABEL] ?? revision,
        containerPorts: first.containerPorts,
        ips: alike.flatMap(({ ips }) => ips),
        pods: alike,
        sidecar: first.proxy === 'sidecar',
        assumed: false,
      },
    ];
  });
}
