/**
 * istio-port-mapping.md §1.2.1 and 1.2.4: which Services translate the ports of a pod, and in which
 * order.
 */
import { sortByAge, namespacedName } from './object-age.ts';
import { isSubset, SelectorIndex } from './selector-index.ts';
import type { EndpointSlice, Pod, Service } from '../snapshot/objects.ts';
import type { Workload } from './workload.ts';

/** The Services of a cluster, with the lookups that the translation of ports needs. */
export interface ServiceDirectory {
  /** `namespace/name` to Service. */
  readonly byKey: ReadonlyMap<string, Service>;
  /** Every Service, in the order of istio-port-mapping.md §1.2.4. */
  readonly inOrder: readonly Service[];
  /**
   * Services in the pods' namespace that select them, including headless ones; otherwise Services
   * without a selector that list them as endpoints.
   */
  readonly of: (workload: Workload) => readonly Service[];
  /** Services whose selector matches these labels. */
  readonly selecting: (
    namespace: string,
    labels: Readonly<Record<string, string>>,
  ) => readonly Service[];
  /** Whether a Service leads to the pod. */
  readonly selects: (service: Service, pod: Pod) => boolean;
  readonly keys: ReadonlySet<string>;
}

function leadsNowhere(service: Service): boolean {
  return service.type === 'ExternalName';
}

/** The pods that EndpointSlices list, by Service. */
function listedPods(slices: readonly EndpointSlice[]): ReadonlyMap<string, ReadonlySet<string>> {
  const listed = new Map<string, Set<string>>();
  for (const slice of slices) {
    const key = `${slice.meta.namespace}/${slice.service}`;
    const who = listed.get(key) ?? new Set<string>();
    for (const endpoint of slice.endpoints) {
      if (endpoint.pod !== undefined) who.add(endpoint.pod);
      for (const address of endpoint.addresses) who.add(address);
    }
    listed.set(key, who);
  }
  return listed;
}

/** Services by namespace, in the given order. */
function groupByNamespace(services: readonly Service[]): ReadonlyMap<string, readonly Service[]> {
  const groups = new Map<string, Service[]>();
  for (const service of services) {
    const there = groups.get(service.meta.namespace);
    if (there === undefined) groups.set(service.meta.namespace, [service]);
    else there.push(service);
  }
  return groups;
}

/** Indexes the Services. Those that lead to no pod, such as ExternalName, are left out. */
export function serviceDirectory(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
): ServiceDirectory {
  const inOrder = sortByAge(
    services.filter((service) => !leadsNowhere(service)),
    ({ meta }) => meta,
    ({ meta }) => [`${meta.name}.${meta.namespace}`, ''],
  );
  const indexes = new Map(
    [...groupByNamespace(inOrder)].map(([namespace, group]) => [
      namespace,
      new SelectorIndex(group, ({ selector }) => selector),
    ]),
  );
  const listed = listedPods(slices);
  const lists = (service: Service, pod: Pod): boolean => {
    const who = listed.get(namespacedName(service.meta));
    return who !== undefined && (who.has(pod.meta.name) || pod.ips.some((ip) => who.has(ip)));
  };
  const selecting = (
    namespace: string,
    labels: Readonly<Record<string, string>>,
  ): readonly Service[] => indexes.get(namespace)?.find(labels) ?? [];
  const handMade = (workload: Workload): readonly Service[] =>
    (indexes.get(workload.namespace)?.unselective ?? []).filter((service) =>
      workload.pods.some((pod) => lists(service, pod)),
    );
  return {
    byKey: new Map(inOrder.map((service) => [namespacedName(service.meta), service])),
    inOrder,
    selecting,
    of: (workload) => {
      const found = selecting(workload.namespace, workload.labels);
      return found.length > 0 ? found : handMade(workload);
    },
    selects: (service, pod) => {
      if (service.meta.namespace !== pod.meta.namespace) return false;
      if (Object.keys(service.selector).length === 0)
        return selecting(pod.meta.namespace, pod.meta.labels).length === 0 && lists(service, pod);
      return isSubset(service.selector, pod.meta.labels);
    },
    keys: new Set([...indexes.values()].flatMap((index) => [...index.keys])),
  };
}
