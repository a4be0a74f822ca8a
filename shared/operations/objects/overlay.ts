/** Applies one team's change to the objects of a running cluster. Pure. */
import type {
  KubernetesObjects,
  OptionalKinds,
  Service,
  ServicePort,
} from '../../domain/snapshot/objects.ts';

/**
 * The fields by which objects of all kinds are compared. Nodes and namespaces have only a name.
 */
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

/** Kinds in one list may differ, so the kind is part of the key. */
function keyOf({ kind = '', name, meta }: Named): string {
  return meta === undefined ? (name ?? '') : `${kind} ${meta.namespace}/${meta.name}`;
}

/** An object from a file has neither age nor UID; if it replaces another one, it keeps those. */
function over<T extends Named>(change: T, before: T | undefined): T {
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

/** The list after the changes. Replaced objects keep their position, new ones come last. */
function overlay<T extends Named>(
  before: readonly T[],
  changes: readonly T[],
  place: (change: T, before: T | undefined) => T = over,
): T[] {
  const byKey = new Map(before.map((one) => [keyOf(one), one]));
  for (const one of changes) byKey.set(keyOf(one), place(one, byKey.get(keyOf(one))));
  return [...byKey.values()];
}

/** Keeps what the API server and controllers filled in, unless the file sets it. */
function overService(change: Service, before: Service | undefined): Service {
  const placed = over(change, before);
  if (before === undefined || change.type !== before.type) return placed;
  const { healthCheckNodePort, ipFamilies, loadBalancerIngress, statusIsOurs } = before;
  return {
    ...placed,
    ports: change.ports.map((port) => ({ ...port, ...nodePortOf(port, before) })),
    healthCheckNodePort: change.healthCheckNodePort ?? healthCheckNodePort,
    ipFamilies: change.ipFamilies.length > 0 ? change.ipFamilies : ipFamilies,
    loadBalancerIngress,
    statusIsOurs,
  };
}

/** A node port that the file does not set stays, as with `kubectl apply`. */
function nodePortOf(port: ServicePort, { ports }: Service): Pick<ServicePort, 'nodePort'> {
  const same = ports.find((one) => one.port === port.port && one.protocol === port.protocol);
  const nodePort = port.nodePort ?? same?.nodePort;
  return nodePort === undefined ? {} : { nodePort };
}

/**
 * ReferenceGrants that were not read stay absent: with only those of the files, all others would
 * count as missing.
 */
function overlayOptional(before: OptionalKinds, changes: OptionalKinds): OptionalKinds {
  const merged = Object.entries(changes).flatMap(([kind, changed = []]) => {
    const known = before[kind as keyof OptionalKinds];
    if (changed.length === 0 || (known === undefined && kind === 'referenceGrants')) return [];
    return [[kind, overlay<Named>(known ?? [], changed)] as const];
  });
  return { ...before, ...(Object.fromEntries(merged) as OptionalKinds) };
}

/**
 * The objects after `kubectl apply` of the changes: an object replaces the one with the same kind,
 * namespace and name.
 */
export function overlayObjects(
  cluster: KubernetesObjects,
  changes: KubernetesObjects,
): KubernetesObjects {
  const { optionalKinds = {}, services, ...lists } = changes;
  const before: Partial<Record<string, unknown>> = cluster;
  const merged = Object.entries(lists).map(
    ([list, changed]) =>
      [
        list,
        overlay<Named>((before[list] ?? []) as readonly Named[], changed as readonly Named[]),
      ] as const,
  );
  return {
    ...cluster,
    ...(Object.fromEntries(merged) as unknown as KubernetesObjects),
    services: overlay(cluster.services, services, overService),
    ...(cluster.optionalKinds === undefined && Object.keys(optionalKinds).length === 0
      ? {}
      : { optionalKinds: overlayOptional(cluster.optionalKinds ?? {}, optionalKinds) }),
  };
}
