/** EnvoyFilters that change the listeners of gateway pods; their effect cannot be predicted. */
import { isSubset } from './selector-index.ts';
import type { EnvoyFilter, Pod } from '../snapshot/objects.ts';

const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name';

/** In the pods' namespace, or in the root namespace, from where it applies to all. */
export function appliesTo(
  { meta, selector, gateways }: EnvoyFilter,
  { meta: pod }: Pick<Pod, 'meta'>,
  rootNamespace: string,
): boolean {
  if (meta.namespace !== pod.namespace && meta.namespace !== rootNamespace) return false;
  if (gateways.length > 0) return gateways.includes(pod.labels[GATEWAY_NAME] ?? '');
  return isSubset(selector, pod.labels);
}
