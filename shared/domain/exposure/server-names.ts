/**
 * Notes on TLS from BIG-IP that may not find its server: Envoy chooses a server with TLS by the name
 * in SNI (istio-port-mapping.md §2), and BIG-IP sends only the one of a server SSL profile.
 */
import { hostName } from '../istio/hosts.ts';
import type { ListenerKind } from '../istio/port-mapping.ts';
import type { Group } from './groups.ts';
import type { IndexedIngress } from './indexed-ingress.ts';
import type { Note } from './settings/layers.ts';
import { type Candidate, serverInWords } from './sources/candidates.ts';

/** The host names of a server, without namespaces; `*` for any. */
function hostsOf({ objects }: IndexedIngress, { report }: Candidate): readonly string[] {
  const isIts = ({ meta }: { readonly meta: { namespace: string; name: string } }): boolean =>
    `${meta.namespace}/${meta.name}` === report.gateway;
  if (report.api === 'gateway-api')
    return [objects.apiGateways.find(isIts)?.listeners[report.server]?.hostname ?? '*'];
  const server = objects.gateways.find(isIts)?.servers[report.server];
  return server === undefined || 'malformed' in server ? ['*'] : server.hosts.map(hostName);
}

const PASSING: readonly ListenerKind[] = ['TLS_PASSTHROUGH', 'TLS_AUTO_PASSTHROUGH'];
const TERMINATING: readonly ListenerKind[] = ['HTTPS', 'TLS_TERMINATE'];

/** Why the name that BIG-IP sends may be the wrong one; undefined if every name will do. */
function doubt(
  kinds: readonly ListenerKind[],
  hosts: readonly string[],
  { profiles, usesSni }: { readonly profiles: number; readonly usesSni: boolean },
): string | undefined {
  if (kinds.includes('TLS_AUTO_PASSTHROUGH'))
    return (
      'its server has mode AUTO_PASSTHROUGH, where the name is that of a mesh Service, which no ' +
      'client outside knows; remove the server SSL profile and let BIG-IP pass TLS through'
    );
  const isPassing = kinds.some((kind) => PASSING.includes(kind));
  if (!isPassing && (hosts.includes('*') || !kinds.some((kind) => TERMINATING.includes(kind))))
    return undefined;
  const named = hosts.filter((host) => !host.includes('*'));
  const isOpen = named.length < hosts.length;
  if (isOpen && isPassing)
    return (
      `its server passes TLS through by name for ${hosts.join(', ')}, and a profile has one name; ` +
      'name the hosts in the Gateway, each with a profile, or let BIG-IP pass TLS through'
    );
  if (hosts.length === 1)
    return `set Server Name of the profile on BIG-IP to ${isOpen ? `a name that ${hosts[0]} covers` : hosts[0]}`;
  return usesSni && profiles >= hosts.length
    ? `set Server Name of each profile on BIG-IP to one of ${hosts.join(', ')}`
    : `its server has the hosts ${hosts.join(', ')}, and a profile has one name; ` +
        'name one server SSL profile for each host, with Server Name set on BIG-IP, and set serverTlsUseSni';
}

/** One note for each server in front of which BIG-IP encrypts again. */
export function serverNameNotes(pool: IndexedIngress, groups: readonly Group[]): readonly Note[] {
  return groups.flatMap(({ place, protocol, resolved, servers, leader }) => {
    const { serverTls = [], serverTlsUseSni = false } = resolved.settings;
    if (serverTls.length === 0 || protocol !== 'tcp') return [];
    const kinds = (pool.listeners.get(place.envoyPort) ?? [])
      .filter(({ transport }) => transport === 'tcp')
      .flatMap((listener) => listener.kinds);
    const hosts = [...new Set([...servers].flatMap((server) => hostsOf(pool, server)))];
    const why = doubt(kinds, hosts, { profiles: serverTls.length, usesSni: serverTlsUseSni });
    if (why === undefined) return [];
    const message =
      `${serverInWords(leader)}: BIG-IP sends no server name (SNI) to the gateway, unless a ` +
      `server SSL profile (${serverTls.join(', ')}) has one, and the gateway chooses by it: ${why}`;
    return [{ object: leader.object, code: 'GW173', message }];
  });
}

/** BIG-IP's redirect drops the port. */
export function redirectNotes(groups: readonly Group[]): readonly Note[] {
  return groups
    .filter(({ place, resolved }) => resolved.settings.redirect80 === true && place.port !== 443)
    .map(({ place, leader }) => ({
      object: leader.object,
      code: 'GW174',
      message:
        `${serverInWords(leader)}: redirect80 leads clients to port 443 of ${place.address}, but ` +
        `the virtual server has port ${place.port}; set sluice.io/port: "443", or remove redirect80`,
    }));
}
