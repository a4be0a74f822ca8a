/** Placement of a server: address, port, partition and members. */
import { addressRequest } from './address-request.ts';
import { poolOfAutoAddress } from '../address-pools/auto-address.ts';
import type { ServerReport } from '../istio/port-mapping.ts';
import type { Candidate } from './sources/candidates.ts';
import type { ExposureContext } from './context.ts';
import type { Exposure } from './exposure.ts';
import { type PoolMembers, nodeMembers, podMembers } from './members.ts';
import type { IndexedIngress } from './indexed-ingress.ts';
import type { ExposureRefusal } from './settings/layers.ts';
import { partitionFor } from './spread.ts';

/** Transport protocol of an exposure: `tcp` or `udp`. */
export type Protocol = Exposure['protocol'];
/** A refusal; `verdict` replaces that of the server. */
export type PlacementRefusal = ExposureRefusal & { readonly verdict?: ServerReport['verdict'] };

/** Address, port and partition of a server. */
export interface Placement {
  /** `auto(<pool>)` until an address is assigned. */
  readonly address: string;
  readonly family: 4 | 6;
  /** Of the virtual server; the Gateway's own number unless a setting changes it. */
  readonly port: number;
  /** One of those that every device of the ingress has. */
  readonly partition: string;
  /**
   * Where Envoy listens in the pods; with `members: nodes`, node ports that lead there are used.
   */
  readonly envoyPort: number;
}

/** Distinguishes a refusal from a result; only refusals have a code. */
export function isPlacementRefused(value: object): value is PlacementRefusal {
  return 'code' in value;
}

/** If there are several, the one to which the ingress Service's own port leads, else the lowest. */
function envoyPortOf(pool: IndexedIngress, report: ServerReport): number {
  const wired = report.servicePorts.find(
    (one) =>
      one.service === pool.name &&
      one.port === report.port &&
      report.envoyPorts.includes(one.targetPort),
  );
  return wired?.targetPort ?? Math.min(...report.envoyPorts);
}

/**
 * The assignment of an automatic address must not move the exposure, so there the ingress decides.
 */
function usualPartition(
  { spread, partitions, defaultPartition, addressSeed = '' }: ExposureContext,
  address: string,
): string {
  if (spread !== 'address' || partitions.length === 0) return defaultPartition;
  return partitionFor(poolOfAutoAddress(address) === undefined ? address : addressSeed, partitions);
}

/** A refusal if address, policy or partition do not allow it. */
export function placeServer(
  ingress: IndexedIngress,
  context: ExposureContext,
  candidate: Candidate,
): Placement | PlacementRefusal {
  const { report, merged, object } = candidate;
  const about = `${object} port ${report.port}`;
  const address = merged.wanted.virtualAddress;
  if (address === undefined) {
    const remedy =
      'set sluice.io/virtual-address on the Gateway, write an F5 ConfigMap for the port, ' +
      'or set virtualAddress of the ingress in sluice.yaml';
    return { code: 'GW130', message: `${about} has no virtual address: ${remedy}` };
  }
  const spot = addressRequest(context, address);
  if ('code' in spot) return { code: spot.code, message: `${about}: ${spot.message}` };
  const place: Placement = {
    address: spot.address,
    family: spot.family,
    port: merged.wanted.port ?? report.port,
    partition: merged.wanted.partition ?? usualPartition(context, spot.address),
    envoyPort: envoyPortOf(ingress, report),
  };
  const question = {
    namespace: candidate.namespace,
    port: place.port,
    listener: place.envoyPort,
    partition: place.partition,
  };
  const refusal = spot.judge(question);
  if (refusal !== undefined) return { code: refusal.code, message: `${about}: ${refusal.message}` };
  if (context.partitions.includes(place.partition)) return place;
  const said = merged.sources.partition ?? 'sluice.yaml';
  return {
    code: 'GW131',
    message:
      `${about}: ${said} requests partition ${place.partition}, ` +
      'which is not in devices[].partitions of every device of the ingress ' +
      `(${context.partitions.join(', ')})`,
  };
}

/**
 * Node port of a Service port that leads to the listener: the gateway's own number first, then the
 * lowest.
 */
function nodePortOf(
  pool: IndexedIngress,
  report: ServerReport,
  protocol: Protocol,
): number | undefined {
  const usable = report.servicePorts.filter((one) => {
    const declared = pool.service?.ports.find(
      (port) => port.port === one.port && port.nodePort === one.nodePort,
    );
    return (
      one.service === pool.name &&
      one.reachesListener &&
      (declared?.protocol ?? 'TCP').toLowerCase() === protocol
    );
  });
  const sorted = usable.toSorted(
    (a, b) => Number(b.port === report.port) - Number(a.port === report.port) || a.port - b.port,
  );
  return sorted.flatMap(({ nodePort }) => nodePort ?? [])[0];
}

/** The ingress Service leads to the listener, but no node does. */
function nodePortNotGiven(
  { name, service }: IndexedIngress,
  report: ServerReport,
  protocol: Protocol,
): string | undefined {
  const leading = report.servicePorts.find(
    (one) =>
      one.service === name &&
      one.reachesListener &&
      service?.ports.some(
        (port) => port.port === one.port && port.protocol.toLowerCase() === protocol,
      ) === true,
  );
  if (leading === undefined || service === undefined) return undefined;
  if (service.type !== 'LoadBalancer' && service.type !== 'NodePort') return undefined;
  return service.withoutNodePorts === true
    ? `Service ${name} has spec.allocateLoadBalancerNodePorts: ` +
        `false, so its port ${leading.port} has none; set it to true, or use members: ` +
        'pods for the ingress in sluice.yaml'
    : `none was given to port ${leading.port} of Service ${name} yet; ` +
        'if that stays so, set spec.ports[].nodePort, or use members: ' +
        'pods for the ingress in sluice.yaml';
}

/** A server with the place of its virtual server, for which members are wanted. */
export interface MemberRequest {
  /** The server, for messages and for its Service ports. */
  readonly candidate: Candidate;
  readonly place: Placement;
  /** `udp` for the additional virtual server of HTTP/3. */
  readonly protocol: Protocol;
}

/**
 * The pool members of a server: pods with the port of the listener, or nodes with the node port.
 * Refuses a server without a node port (GW138), whose members are all outside the networks of the
 * cluster (OWN325), or that has none in the family of its address.
 */
export function placedMembers(
  pool: IndexedIngress,
  { candidate, place, protocol }: MemberRequest,
): PoolMembers | PlacementRefusal {
  const { report, object } = candidate;
  const about = `${object} port ${report.port}`;
  const { family } = place;
  const nodes = pool.entry.members === 'nodes';
  const nodePort = nodes ? nodePortOf(pool, report, protocol) : 0;
  if (nodePort === undefined) {
    const missing = nodePortNotGiven(pool, report, protocol);
    if (missing !== undefined)
      return {
        code: 'GW138',
        message: `${about} has no node port: ${missing}`,
        verdict: 'no-service-port',
      };
    const message =
      `${about} has no node port: ` +
      `Service ${pool.name} needs a ${protocol.toUpperCase()} port ` +
      `that leads to ${place.envoyPort}, with type NodePort or LoadBalancer`;
    return { code: 'GW138', message, verdict: 'no-service-port' };
  }
  const members = nodes
    ? nodeMembers(pool, family, nodePort)
    : podMembers(pool, family, place.envoyPort);
  if (members.strangers.length > 0 && members.members.length === 0)
    return {
      code: 'OWN325',
      message: `${about}: ${formatForeignMembers(pool, members.strangers)}, so no member is left`,
    };
  if (!members.wrongFamily) return members;
  const who = nodes
    ? `no node has an IPv${family} ${pool.entry.nodeAddressType}`
    : `no gateway pod has an IPv${family} address`;
  return {
    code: 'GW139',
    message:
      `${about}: virtual address ${place.address} is IPv${family}, but ${who}; ` +
      'use an address of the other family',
  };
}

/** Objects named in one message; the others are counted. */
const MAX_NAMED = 3;

/**
 * The note about addresses outside the networks of the cluster. Names a few of them and the field
 * to extend.
 */
export function formatForeignMembers(
  { entry }: IndexedIngress,
  strangers: readonly string[],
): string {
  const more = strangers.length > MAX_NAMED ? ` and ${strangers.length - MAX_NAMED} more` : '';
  const field =
    entry.members === 'nodes'
      ? 'clusters[].nodeNetworks'
      : 'clusters[].podNetworks (or nodeNetworks, for pods on the host network)';
  return (
    `${strangers.slice(0, MAX_NAMED).join(', ')}${more} left out: ` +
    `outside ${field} of cluster ${entry.cluster}; ` +
    'add the network there if it belongs to the cluster'
  );
}

/** HTTP/3 adds a UDP listener to the TCP one; both are then exposed, the main one first. */
export function placementProtocols(
  pool: IndexedIngress,
  candidate: Candidate,
  place: Placement,
): readonly [Protocol, ...Protocol[]] {
  const transports = new Set(
    (pool.listeners.get(place.envoyPort) ?? []).map((one) => one.transport),
  );
  if (!transports.has('udp')) return ['tcp'];
  return candidate.merged.wanted.mode === 'udp' || !transports.has('tcp')
    ? ['udp']
    : ['tcp', 'udp'];
}
