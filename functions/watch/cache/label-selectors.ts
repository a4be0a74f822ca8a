/** Pure: restricts the streams, so that a large cluster is not read completely. */
import type { Service } from '../../../shared/domain/snapshot/objects.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';

/** A label that no object has. */
export const NOTHING_YET = 'sluice.io/no-such-object';

/**
 * A selector for the pods of these ingress Services in one namespace. Selectors have no "or": for
 * several Services, it requires the common keys with all their values. It may match other pods,
 * which snapshots leave out. Undefined if no Service has a selector.
 */
export function podSelector(services: readonly Pick<Service, 'selector'>[]): string | undefined {
  const selectors = services
    .map(({ selector }) => selector)
    .filter((selector) => Object.keys(selector).length > 0);
  const [first] = selectors;
  if (first === undefined) return undefined;
  const shared = Object.keys(first).filter((key) => selectors.every((selector) => key in selector));
  return shared
    .sort()
    .map(
      (key) =>
        `${key} in (${[...new Set(selectors.map((selector) => selector[key] ?? ''))].sort().join(',')})`,
    )
    .join(',');
}

/**
 * Selects the EndpointSlices of the ingress Services by their label `kubernetes.io/service-name`.
 */
export function sliceSelector(ingresses: readonly IngressRef[]): string {
  return `kubernetes.io/service-name in (${[...new Set(ingresses.map(({ service }) => service))].sort().join(',')})`;
}
