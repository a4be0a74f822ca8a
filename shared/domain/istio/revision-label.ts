import type { MeshOptions } from './mesh.ts';
import type { Meta } from '../snapshot/objects.ts';

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
