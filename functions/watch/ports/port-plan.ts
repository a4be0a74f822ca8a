/** Pure: which ports Sluice should declare on a Service as its own. */
import type { Service, ServicePort } from '../../../shared/domain/snapshot/objects.ts';
import type { MissingServicePort, PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import type { PortKey } from '../cache/ownership.ts';
import type { Revision } from '../../../shared/domain/revision.ts';

/** A port as server-side apply wants it; the API server chooses the node port. */
export interface OwnPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly targetPort: number | string;
}

export interface PortPlan {
  readonly added: readonly OwnPort[];
  readonly withdrawn: readonly PortKey[];
  /** The complete list to declare: what is owned already and stays, and what is added. */
  readonly ports: readonly OwnPort[];
}

const MOST = 63;

/**
 * Server-side apply withdraws what the manager declared before and leaves out now, so the list is always complete. Undefined where
 * nothing is to do: the common case must not write.
 */
export function planPorts(
  service: Service,
  owned: readonly PortKey[],
  missing: readonly MissingServicePort[],
  withdraw: readonly PortKey[],
): PortPlan | undefined {
  const kept = service.ports
    .filter((port) => includes(owned, port) && !includes(withdraw, port))
    .map(ownPort);
  const withdrawn = withdraw.filter((key) => includes(owned, key));
  const wanted = missing.filter((port) => !includes(service.ports, port));
  if (wanted.length === 0 && withdrawn.length === 0) return undefined;
  const names = new Set(service.ports.map((port) => port.name));
  const added = wanted.map(({ name, port, protocol, targetPort }) => ({
    name: freeName(name, names),
    port,
    protocol,
    targetPort,
  }));
  return { added, withdrawn, ports: [...kept, ...added] };
}

export function includes(keys: readonly PortKey[], wanted: PortKey): boolean {
  return keys.some((key) => key.port === wanted.port && key.protocol === wanted.protocol);
}

function ownPort({ name, port, protocol, targetPort }: ServicePort): OwnPort {
  return { name, port, protocol, targetPort: targetPort ?? port };
}

/** Port names are unique DNS labels; a number behind settles a clash. */
function freeName(name: string, taken: Set<string>): string {
  let free = name.slice(0, MOST);
  for (let n = 2; taken.has(free); n += 1) free = `${name.slice(0, MOST - `-${n}`.length)}-${n}`;
  taken.add(free);
  return free;
}

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
