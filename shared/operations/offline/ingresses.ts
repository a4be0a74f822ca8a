/**
 * The exposures that `map` would create from these objects for the ingresses of one configured
 * cluster.
 */
import { exposureContext } from '../../config/context.ts';
import type { IngressConfig, SluiceConfig } from '../../config/schema.ts';
import { buildExposures } from '../../domain/exposure/build.ts';
import type { BuiltExposures } from '../../domain/exposure/build.ts';
import { withCordons } from '../../domain/express/cordon.ts';
import { mapIngress } from '../../domain/istio/map-ingress.ts';
import type { MeshOptions } from '../../domain/istio/mesh.ts';
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';
import type { IngressRef } from '../../domain/snapshot/snapshot.ts';
import type { ServerReport } from '../../domain/istio/port-mapping.ts';

/** One configured ingress as `map` would see it in these objects. */
export interface OfflineIngress {
  readonly ref: IngressRef;
  readonly devices: readonly string[];
  readonly built: BuiltExposures;
  /** Servers that listen but are not exposed, because settings or policy refuse them. */
  readonly refused: readonly ServerReport[];
  /** The files contain no Pods or Nodes, as in a Git repository, so the members are unknown. */
  readonly blind: boolean;
}

/** All configured ingresses of one cluster. */
export interface OfflineIngresses {
  readonly ingresses: readonly OfflineIngress[];
  /**
   * Configured ingress Services (`namespace/name`) that are not in the files, so their exposures
   * are unknown.
   */
  readonly absent: readonly string[];
}

/** The cluster that the objects come from. */
interface Where {
  readonly config: SluiceConfig;
  readonly clusterId: string;
  readonly mesh: MeshOptions;
}

/**
 * An ingress whose Service is not among the objects is listed as absent and not planned, so that
 * nothing is removed for it.
 */
export function offlineIngresses(objects: KubernetesObjects, where: Where): OfflineIngresses {
  const services = new Set(objects.services.map(({ meta }) => `${meta.namespace}/${meta.name}`));
  const wanted = where.config.ingresses.filter((ingress) => ingress.cluster === where.clusterId);
  return {
    ingresses: wanted
      .filter(({ service }) => services.has(service))
      .map((ingress) => offlineIngress(objects, where, ingress)),
    absent: wanted.map(({ service }) => service).filter((service) => !services.has(service)),
  };
}

/** Takes the same steps as map does for a snapshot. */
function offlineIngress(
  objects: KubernetesObjects,
  { config, mesh }: Where,
  ingress: IngressConfig,
): OfflineIngress {
  const [namespace = '', service = ''] = ingress.service.split('/');
  const ref = { namespace, service };
  const mapping = mapIngress(ref, objects, mesh);
  const built = withCordons(
    buildExposures(ref, objects, mapping, exposureContext(config, ingress, mesh)),
    ref,
    { ...objects, members: ingress.members },
  );
  const refused = built.servers.filter(
    (server, i) => mapping.servers[i]?.verdict === 'listening' && server.verdict !== 'listening',
  );
  return {
    ref,
    devices: ingress.devices,
    built,
    refused,
    blind: ingress.members === 'nodes' ? objects.nodes.length === 0 : mapping.pods.length === 0,
  };
}
