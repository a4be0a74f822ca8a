/** The exposures that `map` would make of these objects for the ingresses of one configured cluster. */
import type { SluiceConfig } from '../../shared/config/schema.ts';
import { buildExposures } from '../../shared/domain/exposure/build.ts';
import type { BuiltExposures } from '../../shared/domain/exposure/build.ts';
import type { Exposure } from '../../shared/domain/exposure/exposure.ts';
import { mapIngress } from '../../shared/domain/ingress/mapping.ts';
import type { MeshOptions } from '../../shared/domain/ingress/mesh.ts';
import type { KubernetesObjects } from '../../shared/domain/ingress/objects.ts';
import type { IngressRef } from '../../shared/domain/ingress/snapshot.ts';
import { exposureContext } from '../../shared/config/context.ts';

export interface OfflineIngress {
  readonly ref: IngressRef;
  readonly devices: readonly string[];
  readonly built: BuiltExposures;
}

interface Where {
  readonly config: SluiceConfig;
  readonly clusterId: string;
  readonly mesh: MeshOptions;
}

export function offlineIngresses(objects: KubernetesObjects, { config, clusterId, mesh }: Where): readonly OfflineIngress[] {
  return config.ingresses
    .filter((ingress) => ingress.cluster === clusterId)
    .map((ingress) => {
      const [namespace = '', service = ''] = ingress.service.split('/');
      const ref = { namespace, service };
      return { ref, devices: ingress.devices, built: buildExposures(ref, objects, mapIngress(ref, objects, mesh), exposureContext(config, ingress, mesh)) };
    });
}

export function offlineExposures(objects: KubernetesObjects, where: Where): { readonly exposures: readonly Exposure[]; readonly notes: BuiltExposures['notes'] } {
  const ingresses = offlineIngresses(objects, where);
  return { exposures: ingresses.flatMap((i) => i.built.exposures), notes: ingresses.flatMap((i) => i.built.notes) };
}
