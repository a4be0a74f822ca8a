/**
 * Pure: the Services elsewhere in the cluster that an ingress needs, because a server of its
 * gateways opens its port only for mesh Services.
 */
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

/** The Services of the mesh that a snapshot includes for AUTO_PASSTHROUGH servers. */
export interface MeshServiceChoice {
  /** Requirements that no Service of the ingress itself meets. */
  readonly demands: readonly MeshServiceDemand[];
  /** The oldest matching Service for each; the verdict is the same as with all of them. */
  readonly services: readonly Service[];
  /** Whether a Service is chosen, or would be if it existed. */
  readonly concerns: (service: Service) => boolean;
}

/** The objects that decide which mesh Services matter. */
type Seen = Pick<KubernetesObjects, 'gateways' | 'apiGateways' | 'listenerSets' | 'services'>;

/** `mesh`: all Services of the cluster, by namespace. */
export function chooseMeshServices(seen: Seen, mesh: Indexer<Service>): MeshServiceChoice {
  const demands = meshServiceDemands(seen).filter(
    ({ names }) => !seen.services.some((service) => isUnderHosts(service, names)),
  );
  const chosen = demands.map(({ names }) => oldest(names, mesh));
  return {
    demands,
    services: [...new Set(chosen.filter((service) => service !== undefined))],
    concerns: (service) =>
      demands.some(
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

/** The oldest Service under one of the host names; undefined if there is none. */
function oldest(names: readonly string[], mesh: Indexer<Service>): Service | undefined {
  let first: Service | undefined;
  for (const service of names.flatMap((name) => candidates(name, mesh))) {
    if (isUnderHosts(service, names) && (first === undefined || isOlderService(service, first)))
      first = service;
  }
  return first;
}

/** Almost every host names a single Service or namespace. */
function candidates(name: string, mesh: Indexer<Service>): readonly Service[] {
  const place = scopeOfHost(name);
  if (place === undefined) return [...mesh.all()].map(([, service]) => service);
  return 'namespace' in place
    ? [...mesh.in(place.namespace)].map(([, service]) => service)
    : one(mesh.get(place.service));
}

/** A list of at most one. */
function one(service: Service | undefined): readonly Service[] {
  return service === undefined ? [] : [service];
}
