/** Pure: the ports that Sluice should own on a Service. */
import type { Service, ServicePort } from '../../../shared/domain/snapshot/objects.ts';
import type { MissingServicePort, PortMapping } from '../../../shared/domain/istio/port-mapping.ts';
import type { PortKey } from '../../../shared/kubernetes/ownership.ts';
import type { Revision } from '../../../shared/domain/revision.ts';

/** A port for server-side apply. */
export interface OwnPort {
  /** A DNS label that is unique on the Service. */
  readonly name: string;
  /** The number that the Gateway asks for. */
  readonly port: number;
  readonly protocol: string;
  /** Port in the pods, or the name of one. */
  readonly targetPort: number | string;
  /** The node port that it had before; absent: the API server chooses. */
  readonly nodePort?: number;
}

/** A missing port, with the node port that it had before. */
export type WantedPort = MissingServicePort & Pick<OwnPort, 'nodePort'>;

/**
 * The changes to the ports that Sluice owns on a Service. Ports of other owners are never in it.
 */
export interface PortPlan {
  readonly added: readonly OwnPort[];
  readonly withdrawn: readonly PortKey[];
  /** The complete list to apply: owned ports that stay, and added ones. */
  readonly ports: readonly OwnPort[];
}

/** As the API demands for ports of Services (DNS_LABEL). */
const MAX_PORT_NAME_CHARACTERS = 63;

/**
 * Server-side apply removes fields that the manager applied before and now omits, so the list is
 * always complete. Undefined if nothing changes: the common case must not write.
 */
export function planPorts(
  service: Service,
  owned: readonly PortKey[],
  missing: readonly WantedPort[],
  withdraw: readonly PortKey[],
): PortPlan | undefined {
  const isOwned = anyOf(owned);
  const isWithdrawn = anyOf(withdraw);
  const isThere = anyOf(service.ports);
  const kept = service.ports.filter((port) => isOwned(port) && !isWithdrawn(port)).map(ownPort);
  const withdrawn = withdraw.filter(isOwned);
  const wanted = missing.filter((port) => !isThere(port));
  if (wanted.length === 0 && withdrawn.length === 0) return undefined;
  const names = new Set(service.ports.map((port) => port.name));
  const added = wanted.map(({ name, port, protocol, targetPort, nodePort }): OwnPort => ({
    name: freeName(name, names),
    port,
    protocol,
    targetPort,
    ...(nodePort !== undefined && { nodePort }),
  }));
  return { added, withdrawn, ports: [...kept, ...added] };
}

/** Like `includes`, for many questions about many ports. */
export function anyOf(keys: readonly PortKey[]): (wanted: PortKey) => boolean {
  const known = new Set(keys.map(({ port, protocol }) => `${port} ${protocol}`));
  return ({ port, protocol }) => known.has(`${port} ${protocol}`);
}

/** Compares number and protocol. */
export function includes(keys: readonly PortKey[], wanted: PortKey): boolean {
  return keys.some((key) => key.port === wanted.port && key.protocol === wanted.protocol);
}

/** The port of a Service as it is applied. */
export function ownPort({ name, port, protocol, targetPort }: ServicePort): OwnPort {
  return { name, port, protocol, targetPort: targetPort ?? port };
}

/** Port names are unique DNS labels; a numeric suffix resolves conflicts. */
function freeName(name: string, taken: Set<string>): string {
  let free = name.slice(0, MAX_PORT_NAME_CHARACTERS);
  for (let n = 2; taken.has(free); n += 1)
    free = `${name.slice(0, MAX_PORT_NAME_CHARACTERS - `-${n}`.length)}-${n}`;
  taken.add(free);
  return free;
}

/** Requested port numbers by Service. */
export interface DemandedPorts {
  has(service: string, port: number): boolean;
}

/** The desired ports, and the newest revision at that time. */
export interface PortDemand {
  /** Ports that Gateways need and the Service does not have. */
  readonly missing: readonly MissingServicePort[];
  /** All ports that Gateways need, so that others can be removed. */
  readonly wants: DemandedPorts;
  /** The newest revision when this was computed. */
  readonly newest: Revision;
}

/**
 * Every server with the port requests it, whatever its verdict, because a rejected server may
 * become valid. Stores only numbers, because mappings are large.
 */
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
