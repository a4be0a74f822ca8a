import type { Revision } from '../../../shared/domain/revision.ts';
import type { MissingServicePort } from '../../../shared/domain/istio/port-mapping.ts';
import type { PortMapping } from '../../../shared/domain/istio/port-mapping.ts';

/** Which port numbers somebody wants on which Service. */
export interface DemandedPorts {
  has(service: string, port: number): boolean;
}

/** What the ports should be, and the newest revision given out at that moment. */
export interface PortDemand {
  readonly missing: readonly MissingServicePort[];
  readonly wants: DemandedPorts;
  readonly newest: Revision;
}

/** Any server that names the port wants it, whatever its verdict: a rejected one may be right in a moment. Holds numbers alone: a mapping is large, and this is kept. */
export function demandedPorts({ servers }: PortMapping): DemandedPorts {
  const named = new Set(servers.map(({ port }) => port));
  const reached = new Map<string, Set<number>>();
  for (const { service, port } of servers.flatMap(({ servicePorts }) => servicePorts)) {
    const ports = reached.get(service);
    if (ports === undefined) reached.set(service, new Set([port]));
    else ports.add(port);
  }
  return { has: (service, port) => named.has(port) || reached.get(service)?.has(port) === true };
}
