/**
 * What Istio does with these objects, by listener and server; with a configuration, also the
 * exposures. Pure.
 */
import type { SluiceConfig } from '../../config/schema.ts';
import type { Exposure } from '../../domain/exposure/exposure.ts';
import { mapAll } from '../../domain/istio/map-ingress.ts';
import type { MeshOptions } from '../../domain/istio/mesh.ts';
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';
import type { PortMapping } from '../../domain/istio/port-mapping.ts';
import { offlineIngresses } from '../offline/ingresses.ts';
import type { OfflineIngress } from '../offline/ingresses.ts';

export interface MapQuestion {
  readonly objects: KubernetesObjects;
  readonly mesh: MeshOptions;
  /** Adds the exposures of this cluster, and the refusals by its settings and policy. */
  readonly configured?: { readonly config: SluiceConfig; readonly clusterId: string } | undefined;
}

export interface ObjectMapping {
  readonly ingresses: readonly PortMapping[];
  readonly exposures: readonly Exposure[];
  /** Notes on annotations and ConfigMaps. */
  readonly notes: OfflineIngress['built']['notes'];
  /** Configured ingress Services (`namespace/name`) that are not among the objects. */
  readonly absent: readonly string[];
}

export function mapObjects({ objects, mesh, configured }: MapQuestion): ObjectMapping {
  const offered =
    configured === undefined
      ? { ingresses: [], absent: [] }
      : offlineIngresses(objects, { ...configured, mesh });
  return {
    ingresses: mapAll(objects, mesh).map((mapping) => withRefusals(mapping, offered.ingresses)),
    exposures: offered.ingresses.flatMap(({ built }) =>
      built.exposures.filter(({ refusedIfNew }) => refusedIfNew === undefined),
    ),
    notes: offered.ingresses.flatMap(({ built }) => built.notes),
    absent: offered.absent,
  };
}

/** Replaces the verdict of servers that listen but are refused by settings or policy. */
function withRefusals(mapping: PortMapping, offered: readonly OfflineIngress[]): PortMapping {
  const refused = offered
    .filter(({ ref }) => mapping.services.includes(`${ref.namespace}/${ref.service}`))
    .flatMap((ingress) => ingress.refused);
  const servers = mapping.servers.map(
    (server) =>
      refused.find(
        (one) =>
          one.gateway === server.gateway && one.api === server.api && one.server === server.server,
      ) ?? server,
  );
  return { ...mapping, servers };
}

/** Every server of every Gateway listens and, where a configuration was given, is exposed unless somebody refuses it. */
export function isReached({ ingresses }: ObjectMapping): boolean {
  return ingresses.every(({ servers }) => servers.every(({ verdict }) => verdict === 'listening'));
}

export function hasNotes({ ingresses, notes }: ObjectMapping): boolean {
  return notes.length > 0 || ingresses.some((ingress) => (ingress.notes ?? []).length > 0);
}
