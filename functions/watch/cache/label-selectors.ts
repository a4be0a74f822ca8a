/** Pure: how the streams are narrowed, so that a large cluster never arrives here whole. */
import type { Service } from '../../../shared/domain/snapshot/objects.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';

/** No object carries this. */
export const NOTHING_YET = 'sluice.io/no-such-object';

/**
 * The pods of these ingress Services, which share a namespace. Selectors have no "or": of several, the keys that all have are asked for,
 * with the values of all. That may bring pods of none, which the snapshots leave out. Undefined where no Service selects anything.
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

export function sliceSelector(ingresses: readonly IngressRef[]): string {
  return `kubernetes.io/service-name in (${[...new Set(ingresses.map(({ service }) => service))].sort().join(',')})`;
}
