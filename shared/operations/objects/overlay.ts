/** Applies one team's change to the objects of a running cluster. Pure. */
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';

interface Named {
  readonly kind?: string;
  readonly name?: string;
  readonly meta?: {
    readonly namespace: string;
    readonly name: string;
    readonly created: string;
    readonly uid: string;
  };
}

function keyOf({ kind = '', name, meta }: Named): string {
  return meta === undefined ? (name ?? '') : `${kind} ${meta.namespace}/${meta.name}`;
}

/** An object from a file has neither age nor UID; if it replaces another one, it keeps those. */
function over(change: Named, before: Named | undefined): Named {
  if (change.meta === undefined || before?.meta === undefined) return change;
  const { created, uid } = before.meta;
  return {
    ...change,
    meta: {
      ...change.meta,
      created: change.meta.created || created,
      uid: change.meta.uid || uid,
    },
  };
}

function overlay(before: readonly Named[], changes: readonly Named[]): readonly Named[] {
  const byKey = new Map(before.map((one) => [keyOf(one), one]));
  for (const one of changes) byKey.set(keyOf(one), over(one, byKey.get(keyOf(one))));
  return [...byKey.values()];
}

/**
 * The objects after `kubectl apply` of the changes: an object replaces the one with the same kind,
 * namespace and name. Optional kinds that were not read stay absent.
 */
export function overlayObjects(
  cluster: KubernetesObjects,
  changes: KubernetesObjects,
): KubernetesObjects {
  const { optionalKinds: _, ...lists } = changes;
  const before: Partial<Record<string, unknown>> = cluster;
  const merged = Object.entries(lists).map(
    ([list, changed]) =>
      [
        list,
        overlay((before[list] ?? []) as readonly Named[], changed as readonly Named[]),
      ] as const,
  );
  return { ...cluster, ...(Object.fromEntries(merged) as unknown as KubernetesObjects) };
}
