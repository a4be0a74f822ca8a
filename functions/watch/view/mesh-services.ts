/** Pure: which Services of the rest of the cluster an ingress needs, because a server of its gateways opens its port only for mesh services. */
import { namespacedName } from '../../../shared/domain/istio/object-age.ts';
import {
  isOlderService,
  isUnderHosts,
  meshServiceDemands,
  scopeOfHost,
  type MeshServiceDemand,
} from '../../../shared/domain/istio/mesh-services.ts';
import type { KubernetesObjects, Service } from '../../../shared/domain/snapshot/objects.ts';
import type { Indexer } from '../cache/indexer.ts';

export interface MeshServiceChoice {
  /** What no Service of the ingress itself fulfils. */
  readonly wishes: readonly MeshServiceDemand[];
  /** The oldest that fulfils each of them: the verdict is the same with all of them. */
  readonly services: readonly Service[];
  /** Whether a Service is chosen, or would be, were it there. */
  readonly concerns: (service: Service) => boolean;
}

type Seen = Pick<KubernetesObjects, 'gateways' | 'apiGateways' | 'listenerSets' | 'services'>;

/** `mesh`: every Service of the cluster, by namespace. */
export function chooseMeshServices(seen: Seen, mesh: Indexer<Service>): MeshServiceChoice {
  const wishes = meshServiceDemands(seen).filter(
    ({ names }) => !seen.services.some((service) => isUnderHosts(service, names)),
  );
  const chosen = wishes.map(({ names }) => oldest(names, mesh));
  return {
    wishes,
    services: [...new Set(chosen.filter((service) => service !== undefined))],
    concerns: (service) =>
      wishes.some(
        ({ names }, i) => isUnderHosts(service, names) && isChosenBefore(service, chosen[i]),
      ),
  };
}

function isChosenBefore(service: Service, chosen: Service | undefined): boolean {
  return (
    chosen === undefined ||
    namespacedName(service.meta) === namespacedName(chosen.meta) ||
    isOlderService(service, chosen)
  );
}

function oldest(names: readonly string[], mesh: Indexer<Service>): Service | undefined {
  let first: Service | undefined;
  for (const service of names.flatMap((name) => candidates(name, mesh))) {
    if (isUnderHosts(service, names) && (first === undefined || isOlderService(service, first)))
      first = service;
  }
  return first;
}

/** Nearly every host names one Service or one namespace. */
function candidates(name: string, mesh: Indexer<Service>): readonly Service[] {
  const place = scopeOfHost(name);
  if (place === undefined) return [...mesh.all()].map(([, service]) => service);
  return 'namespace' in place
    ? [...mesh.in(place.namespace)].map(([, service]) => service)
    : one(mesh.get(place.service));
}

function one(service: Service | undefined): readonly Service[] {
  return service === undefined ? [] : [service];
}
