/** Finds the ingresses among the objects of a cluster, and the pods of each. */
import { namespacedName } from './object-age.ts';
import type { Ingress } from './ingress.ts';
import type { Pod, Service } from '../snapshot/objects.ts';
import type { IngressRef } from '../snapshot/snapshot.ts';
import type { Workload } from './workload.ts';
import { assumedWorkload, workloadsOf } from './workload.ts';
import type { ClusterModel } from './cluster-model.ts';

/** Label keys that distinguish kinds of pods. */
function selectorKeys(world: ClusterModel): ReadonlySet<string> {
  return new Set([...world.istio.keys, ...world.services.keys]);
}

/**
 * istio-port-mapping.md §1.1: a sidecar is not a gateway; if only sidecars have the labels, this is
 * reported.
 */
function withoutSidecars(pods: readonly Pod[]): readonly Pod[] {
  const gateways = pods.filter(({ proxy }) => proxy !== 'sidecar');
  return gateways.length > 0 ? gateways : pods;
}

/** All Services that lead to these pods, in the order in which istiod sorts them. */
function servicesOf(world: ClusterModel, workloads: readonly Workload[], own: Service): Service[] {
  const found = new Set([...workloads.flatMap((workload) => world.services.of(workload)), own]);
  return world.services.inOrder.filter((service) => found.has(service));
}

/**
 * The pods that the ingress Service selects. If there are none (scaled to 0), the labels of its
 * selector are used.
 */
export function findIngress(world: ClusterModel, ref: IngressRef): Ingress | undefined {
  const service = world.services.byKey.get(`${ref.namespace}/${ref.service}`);
  if (service === undefined) return undefined;
  const pods = withoutSidecars(
    world.objects.pods.filter((pod) => world.services.selects(service, pod)),
  );
  const workloads =
    pods.length > 0
      ? workloadsOf(pods, selectorKeys(world), world.mesh)
      : [assumedWorkload(service, world.mesh)];
  return {
    namespace: ref.namespace,
    workloads,
    services: servicesOf(world, workloads, service),
    within: [service],
  };
}

/** `proxy router`, or unknown and selected by a gateway. */
function isGatewayPod(world: ClusterModel, pod: Pod): boolean {
  if (pod.proxy !== 'unknown') return pod.proxy === 'router';
  if (world.istio.find(pod.meta.labels).length > 0) return true;
  return world.services
    .selecting(pod.meta.namespace, pod.meta.labels)
    .some((service) => world.byService.has(namespacedName(service.meta)));
}

/**
 * A Gateway without a selector does not show which unknown pods are gateways; it is used only if
 * nothing else is.
 */
function gatewayPods(world: ClusterModel): readonly Pod[] {
  const found = world.objects.pods.filter((pod) => isGatewayPod(world, pod));
  if (found.length > 0 || world.istio.unselective.length === 0) return found;
  return world.objects.pods.filter(({ proxy }) => proxy === 'unknown');
}

/**
 * Pods selected by the same Services form one ingress; pods without a Service form one per kind.
 */
function populated(world: ClusterModel): Ingress[] {
  const workloads = workloadsOf(gatewayPods(world), selectorKeys(world), world.mesh);
  const groups = Map.groupBy(workloads, (workload) => {
    const services = world.services.of(workload).map(({ meta }) => namespacedName(meta));
    return services.length > 0 ? services.join(' ') : workload;
  });
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const services = world.services.of(first);
    return [{ namespace: first.namespace, workloads: group, services, within: services }];
  });
}

/** Services that select no pod, but that gateways refer to. */
function scaledToZero(world: ClusterModel): Ingress[] {
  const peopled = new Set(
    workloadsOf(world.objects.pods, selectorKeys(world), world.mesh).flatMap((workload) =>
      world.services.of(workload),
    ),
  );
  // If gateway pods are given, a Service without pods gets no listeners of others.
  const given = new Set(gatewayPods(world).map(({ meta }) => meta.namespace));
  const empty = world.services.inOrder.filter(
    (service) =>
      !peopled.has(service) &&
      !given.has(service.meta.namespace) &&
      Object.keys(service.selector).length > 0,
  );
  const wanted = empty.filter(
    (service) =>
      world.istio.find(service.selector).length > 0 ||
      world.byService.has(namespacedName(service.meta)),
  );
  const groups = Map.groupBy(wanted, (service) =>
    [service.meta.namespace, ...Object.entries(service.selector).flat().sort()].join(' '),
  );
  return [...groups.values()].flatMap((services) => {
    const [first] = services;
    return first === undefined
      ? []
      : [
          {
            namespace: first.meta.namespace,
            workloads: [assumedWorkload(first, world.mesh)],
            services,
            within: services,
          },
        ];
  });
}

/** In a fixed order: by namespace, then Services, then pods. */
export function allIngresses(world: ClusterModel): Ingress[] {
  const name = ({ namespace, services, workloads }: Ingress): string =>
    [
      namespace,
      ...services.map(({ meta }) => namespacedName(meta)),
      ...workloads.flatMap(({ pods }) => pods.map(({ meta }) => meta.name)),
    ].join(' ');
  return [...populated(world), ...scaledToZero(world)]
    .map((ingress) => ({ ingress, key: name(ingress) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ ingress }) => ingress);
}
