import type { ServerReport } from '../../shared/domain/istio/port-mapping.ts';
import type { Snapshot } from '../../shared/domain/snapshot/snapshot.ts';

/** The hosts of each server of Istio's gateways, without the namespaces that may bind to them. */
export function hostsIn({
  objects,
}: Pick<Snapshot, 'objects'>): (server: ServerReport) => readonly string[] {
  const gateways = new Map(
    objects.gateways.map(({ meta, servers }) => [`${meta.namespace}/${meta.name}`, servers]),
  );
  return ({ api, gateway, server }) => {
    const found = api === 'istio' ? gateways.get(gateway)?.[server] : undefined;
    if (found === undefined || !('hosts' in found)) return [];
    return found.hosts.map((host) => host.slice(host.indexOf('/') + 1));
  };
}
