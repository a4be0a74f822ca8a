/**
 * Which servers are valid. The webhook refuses others, but stored objects may predate it
 * (istio-port-mapping.md §7).
 */
import { isUnixSocket, isUsableBind, normaliseBind } from './bind.ts';
import { sanitiseHosts } from './hosts.ts';
import type { CodedReason, ReadServer, ServerId, ServerSpec } from './model.ts';
import { describeServer } from './model.ts';
import { namespacedName } from './object-age.ts';
import type { IstioGateway, Server } from '../snapshot/objects.ts';
import { protocolFamily, listenerKindOf, KNOWN_PROTOCOLS, tlsModeOf } from './protocol.ts';

type Written = Exclude<Server, { malformed: string }>;

/** Whether the number is a TCP or UDP port, 1 to 65535. */
export function isPort(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65_535;
}

/** One rule of istiod's validation with its code. `says` is the second half of the sentence. */
interface Check {
  readonly code: string;
  readonly fails: (server: Written, bind: string) => boolean;
  readonly says: (server: Written) => string;
}

/** In the order in which faults are reported. */
const CHECKS: readonly Check[] = [
  {
    code: 'GW114',
    fails: (_, bind) => !isUsableBind(bind),
    says: (s) => `bind ${JSON.stringify(s.bind)} is neither an IP address nor unix://PATH`,
  },
  {
    code: 'GW111',
    fails: (s, bind) =>
      isUnixSocket(bind) ? s.port.number !== 0 && !isPort(s.port.number) : !isPort(s.port.number),
    says: (s) =>
      `port.number is ${s.port.number}; it must be a whole number from 1 to 65535 (0 only with a unix:// bind)`,
  },
  {
    code: 'GW112',
    fails: (s) => protocolFamily(s.port.protocol) === undefined,
    says: (s) =>
      `port.protocol ${JSON.stringify(s.port.protocol)} is not served by Istio gateways; use one of ${KNOWN_PROTOCOLS}`,
  },
  {
    code: 'GW113',
    fails: (s) => s.hosts.length === 0,
    says: () => 'hosts is empty; add at least one host, "*" for all',
  },
  {
    code: 'GW115',
    fails: (s) => s.tls !== undefined && tlsModeOf(s.tls.mode) === undefined,
    says: (s) => `tls.mode ${JSON.stringify(s.tls?.mode)} is not known to Istio`,
  },
];

/**
 * The first rule that a server breaks, as code and sentence; undefined if it is valid. The order of
 * `CHECKS` decides which of several faults is reported.
 */
function faultOf(server: Server, id: ServerId): CodedReason | undefined {
  if ('malformed' in server)
    return { code: 'GW110', reason: `${describeServer(id)} cannot be read: ${server.malformed}` };
  const bind = normaliseBind(server.bind);
  const check = CHECKS.find((candidate) => candidate.fails(server, bind));
  return check === undefined
    ? undefined
    : { code: check.code, reason: `${describeServer(id)}: ${check.says(server)}` };
}

/** What identifies a server in reports, also if it cannot be read. */
function idOf(gateway: IstioGateway, server: Server, index: number): ServerId {
  const about = { gateway: namespacedName(gateway.meta), api: 'istio' as const, index };
  if ('malformed' in server) return { ...about, name: '', number: 0, protocol: '' };
  return {
    ...about,
    name: server.name ?? server.port.name,
    number: server.port.number,
    protocol: server.port.protocol,
  };
}

/**
 * A valid server in the form in which servers are compared and merged. `configName` is the name
 * under which istiod knows the port.
 */
function specOf(gateway: IstioGateway, server: Written, id: ServerId): ServerSpec {
  const family = protocolFamily(server.port.protocol) ?? 'tcp';
  const tls = server.tls === undefined ? undefined : tlsModeOf(server.tls.mode);
  return {
    ...id,
    namespace: gateway.meta.namespace,
    family,
    tls,
    kind: listenerKindOf(family, tls),
    hosts: sanitiseHosts(server.hosts, gateway.meta.namespace),
    bind: normaliseBind(server.bind),
    configName: `${server.port.name}.${namespacedName(gateway.meta)}`,
  };
}

/**
 * Reads the servers of an Istio Gateway in their order. An invalid server gets code and reason, and
 * does not affect the others.
 */
export function readServers(gateway: IstioGateway): ReadServer[] {
  return gateway.servers.map((server, index) => {
    const id = idOf(gateway, server, index);
    const fault = faultOf(server, id);
    if (fault !== undefined || 'malformed' in server)
      return {
        id,
        fault: fault ?? { code: 'GW110', reason: `${describeServer(id)} cannot be read` },
      };
    return { id, spec: specOf(gateway, server, id) };
  });
}
