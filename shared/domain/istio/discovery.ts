/**
 * istio-port-mapping.md §1.1: namespaces that the mesh ignores (`discoverySelectors`), and the mesh
 * configuration with these selectors.
 */
import { isSubset } from './selector-index.ts';
import type { MeshOptions } from './mesh.ts';
import type { KubernetesObjects, MeshConfig } from '../snapshot/objects.ts';
import type { LabelSelector } from '../snapshot/label-selector.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether the istiod of one revision reads a namespace. */
export interface Discovery {
  readonly reads: (namespace: string) => boolean;
  /** False if everything is read, which saves checks. */
  readonly isSelective: boolean;
  /** Source of the selectors, for messages. */
  readonly source: string;
}

/** Kubernetes puts it on every namespace, so selectors can name namespaces. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/** Without discoverySelectors, istiod reads all namespaces. */
const EVERYTHING: Discovery = { reads: () => true, isSelective: false, source: '' };

/** `sluice.yaml` first; otherwise the mesh ConfigMap of the revision, if it is readable. */
export function discoveryFor(
  revision: string,
  { namespaces, optionalKinds }: Pick<KubernetesObjects, 'namespaces' | 'optionalKinds'>,
  mesh: MeshOptions,
): Discovery {
  const config = meshConfigOf(revision, { optionalKinds }, mesh);
  const selectors = mesh.discoverySelectors ?? config?.discoverySelectors ?? [];
  if (selectors.length === 0) return EVERYTHING;
  const known = new Map(namespaces.map(({ name, labels }) => [name, labels]));
  const byNameAlone = selectors.every((selector) =>
    keysOf(selector).every((key) => key === NAME_LABEL),
  );
  const answers = new Map<string, boolean>();
  const judge = (namespace: string): boolean => {
    const labels = known.get(namespace);
    // Without known labels, only the name of a namespace is used.
    if (labels === undefined && !byNameAlone) return true;
    return selectors.some((selector) =>
      isSelected(selector, { [NAME_LABEL]: namespace, ...labels }),
    );
  };
  return {
    isSelective: true,
    source:
      mesh.discoverySelectors === undefined
        ? `ConfigMap ${config?.meta.namespace ?? ''}/${config?.meta.name ?? ''}`
        : 'mesh option discoverySelectors',
    reads: (namespace) => {
      const answer = answers.get(namespace) ?? judge(namespace);
      answers.set(namespace, answer);
      return answer;
    },
  };
}

/** The mesh ConfigMap of a revision, if it was read. */
export function meshConfigOf(
  revision: string,
  { optionalKinds }: Pick<KubernetesObjects, 'optionalKinds'>,
  { rootNamespace }: Pick<MeshOptions, 'rootNamespace'>,
): MeshConfig | undefined {
  return (optionalKinds?.meshConfigs ?? []).find(
    (one) => one.revision === revision && one.meta.namespace === rootNamespace,
  );
}

function keysOf({ matchLabels, matchExpressions }: LabelSelector): readonly string[] {
  return [...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)];
}

/** As in Kubernetes: NotIn and DoesNotExist match if the label is absent. */
export function isSelected(
  { matchLabels, matchExpressions }: LabelSelector,
  labels: Labels,
): boolean {
  return (
    isSubset(matchLabels, labels) &&
    matchExpressions.every(({ key, operator, values }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
      }
    })
  );
}
