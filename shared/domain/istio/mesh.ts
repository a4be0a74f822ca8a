/** Mesh options that the port mapping depends on, with Istio's defaults. */
import * as z from 'zod';
import { LabelSelector } from '../snapshot/label-selector.ts';
import type { Meta } from '../snapshot/objects.ts';

/** Mesh options that change the port mapping, with Istio's current defaults. */
export const MeshOptions = z.strictObject({
  /** PILOT_SCOPE_GATEWAY_TO_NAMESPACE */
  scopeGatewayToNamespace: z.boolean().default(false),
  /** PILOT_ENABLE_QUIC_LISTENERS */
  enableQuic: z.boolean().default(false),
  /** Overrides ISTIO_META_UNPRIVILEGED_POD of the pods. */
  unprivilegedPods: z.boolean().optional(),
  /** PILOT_ENABLE_STRICT_GATEWAY_MERGING (1.31 and later) */
  strictGatewayMerging: z.boolean().default(true),
  /** meshConfig.defaultVirtualServiceExportTo */
  defaultVirtualServiceExportTo: z.array(z.string()).default(['*']),
  /** Before 1.31, a tcp or tls block with an empty route counted. */
  emptyRouteCounts: z.boolean().default(false),
  /** Revision of the istiod that serves the gateway pods; `default` if unset. */
  revision: z.string().default('default'),
  /** Names of the Gateway API classes that Istio's ingress controller implements. */
  gatewayClasses: z.array(z.string()).default(['istio']),
  /** meshConfig.discoverySelectors; absent: as in the mesh ConfigMap, if it is readable. */
  discoverySelectors: z.array(LabelSelector).optional(),
  /** meshConfig.rootNamespace, the namespace of istiod and its ConfigMap. */
  rootNamespace: z.string().default('istio-system'),
  /**
   * Classes of Ingress that istiod serves (meshConfig.ingressClass), and the pods that it means.
   */
  ingressClasses: z.array(z.string()).default(['istio']),
  ingressSelector: z.record(z.string(), z.string()).default({ istio: 'ingressgateway' }),
  statusPort: z.int().min(1).max(65_535).default(15_021),
});
export type MeshOptions = z.infer<typeof MeshOptions>;

/**
 * On pods: the revision that serves them, set by injection. On configuration: the revision it is
 * meant for.
 */
export const REVISION_LABEL = 'istio.io/rev';

/** The revision that configuration is meant for; undefined means every revision. */
export function revisionLabelOf(meta: Meta): string | undefined {
  return meta.labels[REVISION_LABEL];
}

/** istio-port-mapping.md §1.1 `LabelsInRevision` */
export function matchesRevision(meta: Meta, mesh: Pick<MeshOptions, 'revision'>): boolean {
  const revision = revisionLabelOf(meta);
  return revision === undefined || revision === mesh.revision;
}
