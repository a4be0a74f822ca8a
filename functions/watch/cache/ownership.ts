/** The fields of a Service that Sluice owns, from `managedFields`. */
import type { ManagedFields, RawObject } from '../../../shared/kubernetes/index.ts';

/** Field manager of the Service ports added by Sluice. */
export const PORT_MANAGER = 'sluice';
/**
 * Field manager of `status.loadBalancer`; separate, so that neither manager removes the other's
 * fields.
 */
export const STATUS_MANAGER = 'sluice-status';

/** Identity of a Service port: number and protocol. */
export interface PortKey {
  readonly port: number;
  readonly protocol: string;
}

/** Ports and status fields of a Service that Sluice's field managers own. */
export interface ServiceOwnership {
  readonly ports: readonly PortKey[];
  readonly status: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads `managedFields`; malformed entries are ignored. */
export function readOwnership(raw: RawObject): ServiceOwnership {
  const entries = (raw.metadata.managedFields ?? []).filter((entry) => entry.operation === 'Apply');
  return {
    ports: entries
      .filter((entry) => entry.manager === PORT_MANAGER && !entry.subresource)
      .flatMap(portsOf),
    status: entries.some(
      (entry) =>
        entry.manager === STATUS_MANAGER &&
        'f:ingress' in child(child(entry.fieldsV1, 'f:status'), 'f:loadBalancer'),
    ),
  };
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

function child(fields: unknown, name: string): Fields {
  const found =
    typeof fields === 'object' && fields !== null ? (fields as Fields)[name] : undefined;
  return typeof found === 'object' && found !== null ? (found as Fields) : {};
}
