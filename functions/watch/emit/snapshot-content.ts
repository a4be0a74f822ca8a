import { isDeepStrictEqual } from 'node:util';
import { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';

/** The content of a snapshot without its revision. */
export interface Content {
  readonly objects: KubernetesObjects;
  readonly removed: boolean;
}

type List = keyof Omit<KubernetesObjects, 'optionalKinds'>;
const LISTS = (Object.keys(KubernetesObjects.shape) as (keyof KubernetesObjects)[]).filter(
  (name): name is List => name !== 'optionalKinds',
);

/**
 * Ignores field ownership and resource versions. Most objects are identical, so few comparisons are
 * needed.
 */
export function sameContent(a: Content, b: Content): boolean {
  return (
    a.removed === b.removed &&
    (a.objects === b.objects ||
      (LISTS.every((list) => sameList(a.objects[list], b.objects[list])) &&
        isDeepStrictEqual(a.objects.optionalKinds, b.objects.optionalKinds)))
  );
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return (
    a === b || (a.length === b.length && a.every((object, i) => isDeepStrictEqual(object, b[i])))
  );
}
