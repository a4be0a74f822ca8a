/** The fields of a Service that Sluice owns, from `managedFields`. */
import type { ManagedFields, RawObject } from './object.ts';

/** Field manager of the Service ports added by Sluice. */
export const PORT_MANAGER = 'sluice';
/**
 * Field manager of `status.loadBalancer`; separate, so that neither manager removes the other's
 * fields.
 */
export const STATUS_MANAGER = 'sluice-status';

/**
 * Names the cluster whose Sluice wrote `status.loadBalancer`, because every Sluice has the same
 * field manager.
 */
export const STATUS_CLUSTER = 'watcher.sluice.io/status-cluster';

/** Identity of a Service port: number and protocol. */
export interface PortKey {
  readonly port: number;
  readonly protocol: string;
}

/** Ports and status fields of a Service that Sluice's field managers own. */
export interface ServiceOwnership {
  /** `resourceVersion` of the Service; the stored object does not keep it. */
  readonly version: string;
  readonly ports: readonly PortKey[];
  /** A Sluice wrote `status.loadBalancer`. */
  readonly status: boolean;
  /** The cluster of the other Sluice; undefined if it is not recorded. */
  readonly statusCluster?: string;
  /** The field managers of entries in `status.loadBalancer`, whatever the operation. */
  readonly statusManagers: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads `managedFields`; malformed entries are ignored. */
export function readOwnership(raw: RawObject): ServiceOwnership {
  const all = raw.metadata.managedFields ?? [];
  const entries = all.filter((entry) => entry.operation === 'Apply');
  const statusCluster = raw.metadata.annotations?.[STATUS_CLUSTER];
  return {
    version: raw.metadata.resourceVersion ?? '',
    ports: entries
      .filter((entry) => entry.manager === PORT_MANAGER && !entry.subresource)
      .flatMap(portsOf),
    status: entries.some((entry) => entry.manager === STATUS_MANAGER && ownsStatus(entry)),
    ...(statusCluster !== undefined && { statusCluster }),
    statusManagers: [
      ...new Set(all.filter(ownsStatus).map(({ manager }) => manager ?? 'unknown')),
    ].sort(),
  };
}

/** Description by field manager and, for another Sluice, by cluster. */
export function writersOf({ status, statusCluster, statusManagers }: ServiceOwnership): string {
  const names = statusManagers.map((name) =>
    name === STATUS_MANAGER && status && statusCluster !== undefined
      ? `${name} of cluster ${statusCluster}`
      : name,
  );
  return names.length === 0 ? 'an unknown field manager' : `field manager ${names.join(', ')}`;
}

function ownsStatus({ fieldsV1 }: ManagedFields): boolean {
  return 'f:ingress' in child(child(fieldsV1, 'f:status'), 'f:loadBalancer');
}

/** Keys have the format `k:{"port":32400,"protocol":"TCP"}`. */
function portsOf(entry: ManagedFields): readonly PortKey[] {
  const ports = child(child(entry.fieldsV1, 'f:spec'), 'f:ports');
  return Object.keys(ports).flatMap((key) => {
    if (!key.startsWith('k:')) return [];
    const { port, protocol } = JSON.parse(key.slice(2)) as { port?: number; protocol?: string };
    return port === undefined ? [] : [{ port, protocol: protocol ?? 'TCP' }];
  });
}

/** A field within managedFields; empty if it is missing or no object. */
function child(fields: unknown, name: string): Fields {
  const found =
    typeof fields === 'object' && fields !== null ? (fields as Fields)[name] : undefined;
  return typeof found === 'object' && found !== null ? (found as Fields) : {};
}
