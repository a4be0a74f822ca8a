/** From the port mapping of one ingress to its exposures. Pure, and independent of the order of its input. */
import type { MeshOptions } from '../ingress/mesh.ts';
import type { KubernetesObjects, Service } from '../ingress/objects.ts';
import type { IngressRef } from '../ingress/snapshot.ts';
import type { PortMapping, ServerReport } from '../ingress/verdict.ts';
import { type Candidate, collectCandidates } from './candidates.ts';
import { defaultMonitors } from './defaults.ts';
import { type Exposure, exposureKey } from './exposure.ts';
import type { IngressEntry } from './ingress-entry.ts';
import { parseIp } from './ip.ts';
import { gatewayPods, type Members, nodeMembers, podMembers, type Pool } from './members.ts';
import { judgePolicy, type PolicyConfig } from './policy.ts';
import { type Resolved, resolveSettings } from './resolve.ts';
import { SETTING_NAMES } from './settings.ts';
import { type Note, type Refusal, sameValue, showValue } from './source.ts';

export interface ExposureContext {
  readonly ingress: IngressEntry;
  readonly policy: PolicyConfig;
  readonly mesh: MeshOptions;
  readonly defaultPartition: string;
  /** Partitions that are Sluice's own on every device of this ingress. */
  readonly partitions: readonly string[];
}

export interface BuiltExposures {
  readonly exposures: readonly Exposure[];
  /** The mapping's servers, with refusals turned into `rejected`, their code and a sentence. */
  readonly servers: readonly ServerReport[];
  readonly notes: readonly Note[];
  /** By exposure key and setting: who said it, in words. */
  readonly sources: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

type Protocol = Exposure['protocol'];
type Refused = Refusal & { readonly verdict?: ServerReport['verdict'] };

interface Place {
  readonly address: string;
  readonly port: number;
  readonly partition: string;
  readonly envoyPort: number;
}

interface Group {
  readonly key: string;
  readonly place: Place;
  readonly protocol: Protocol;
  readonly resolved: Resolved;
  readonly members: Members;
  readonly servers: Candidate[];
}

interface Site {
  readonly pool: Pool;
  readonly context: ExposureContext;
  readonly service: Service | undefined;
  readonly proxyProtocol: boolean;
  readonly groups: Map<string, Group>;
  readonly refused: Map<number, Refused>;
  readonly notes: Note[];
}

function isRefused(value: object): value is Refused {
  return 'code' in value;
}

/** With several, the one the ingress Service's own port leads to; else the lowest. */
function envoyPortOf(site: Site, report: ServerReport): number {
  const { ref } = site.pool;
  const wired = report.servicePorts.find((one) => one.service === `${ref.namespace}/${ref.service}` && one.port === report.port && report.envoyPorts.includes(one.targetPort));
  return wired?.targetPort ?? Math.min(...report.envoyPorts);
}

function placeOf(site: Site, candidate: Candidate): Place | Refused {
  const { report, merged, object } = candidate;
  const { context } = site;
  const address = merged.wanted.virtualAddress;
  if (address === undefined) {
    const remedy = 'set sluice.io/virtual-address on the Gateway, write an F5 ConfigMap for the port, or set virtualAddress of the ingress in sluice.yaml';
    return { code: 'GW130', message: `${object} port ${report.port} has no virtual address: ${remedy}` };
  }
  const place = { address, port: merged.wanted.port ?? report.port, partition: merged.wanted.partition ?? context.defaultPartition, envoyPort: envoyPortOf(site, report) };
  const said = merged.sources.partition ?? 'sluice.yaml';
  const question = { namespace: candidate.namespace, port: place.port, listener: place.envoyPort, address, partition: place.partition };
  const refusal = judgePolicy(context.policy, question);
  if (refusal !== undefined) return { code: refusal.code, message: `${object} port ${report.port}: ${refusal.message}` };
  if (context.partitions.includes(place.partition)) return place;
  return { code: 'GW131', message: `${said} asks for partition ${place.partition}, which is not one of Sluice's on the device (${context.partitions.join(', ')})` };
}

/** Node port of the Service port that leads to the listener: the gateway's own number first, then the lowest. */
function nodePortOf(site: Site, report: ServerReport, protocol: Protocol): number | undefined {
  const { ref } = site.pool;
  const usable = report.servicePorts.filter((one) => {
    const declared = site.service?.ports.find((port) => port.port === one.port && port.nodePort === one.nodePort);
    return one.service === `${ref.namespace}/${ref.service}` && one.reachesListener && (declared?.protocol ?? 'TCP').toLowerCase() === protocol;
  });
  const sorted = usable.sort((a, b) => Number(b.port === report.port) - Number(a.port === report.port) || a.port - b.port);
  return sorted.find((one) => one.nodePort !== null)?.nodePort ?? undefined;
}

function membersOf(site: Site, candidate: Candidate, place: Place, protocol: Protocol): Members | Refused {
  const { pool, context } = site;
  const { report, object } = candidate;
  const family = parseIp(place.address)?.family ?? 4;
  const nodes = context.ingress.members === 'nodes';
  const nodePort = nodes ? nodePortOf(site, report, protocol) : 0;
  if (nodePort === undefined) {
    const service = `${pool.ref.namespace}/${pool.ref.service}`;
    const message = `${object} port ${report.port} has no node port: Service ${service} needs a ${protocol.toUpperCase()} port that leads to ${place.envoyPort}, with type NodePort or LoadBalancer`;
    return { code: 'GW138', message, verdict: 'no-service-port' };
  }
  const members = nodes ? nodeMembers(pool, family, nodePort) : podMembers(pool, family, place.envoyPort);
  if (!members.wrongFamily) return members;
  const who = nodes ? `no node has an IPv${family} ${context.ingress.nodeAddressType}` : `no gateway pod has an IPv${family} address`;
  return { code: 'GW139', message: `${object} port ${report.port}: virtual address ${place.address} is IPv${family}, but ${who}; use an address of the other family` };
}

function clashWith(group: Group, candidate: Candidate, place: Place): Refused | undefined {
  const leader = group.servers[0];
  if (leader === undefined || (group.place.envoyPort === place.envoyPort && group.place.partition === place.partition)) return undefined;
  const other = group.place.envoyPort === place.envoyPort ? `in partition ${group.place.partition}` : `to listener port ${group.place.envoyPort}`;
  const message = `${candidate.object} port ${candidate.report.port} wants ${group.key}, which the older ${leader.object} port ${leader.report.port} leads ${other}; choose another virtual port or address`;
  return { code: 'GW135', message };
}

/** The oldest gateway decides how a shared virtual server behaves; a younger one that asks for something else is told. */
function join(site: Site, group: Group, candidate: Candidate): void {
  const leader = group.servers[0];
  if (leader !== undefined && !group.servers.includes(candidate)) {
    for (const setting of SETTING_NAMES) {
      const wish = candidate.own.wanted[setting];
      const decided = leader.merged.wanted[setting];
      if (wish === undefined || setting === 'port' || setting === 'virtualAddress' || sameValue(wish, decided)) continue;
      const has = decided === undefined ? 'the default' : showValue(decided);
      const message = `asks for ${setting} ${showValue(wish)} on ${group.key}; ignored, because ${leader.object}, which is older, decides there (${has})`;
      site.notes.push({ object: candidate.object, code: 'GW136', message });
    }
  }
  group.servers.push(candidate);
}

function found(site: Site, candidate: Candidate, place: Place, protocol: Protocol): Group | Refused {
  const key = exposureKey({ ...place, protocol });
  const neighbour = [...site.groups.values()].find((group) => group.place.address === place.address && group.place.partition !== place.partition);
  if (neighbour !== undefined) {
    const message = `${candidate.object} port ${candidate.report.port} wants ${place.address} in partition ${place.partition}, but ${neighbour.key} has that address in partition ${neighbour.place.partition}; an address belongs to one partition`;
    return { code: 'GW142', message };
  }
  const kinds = site.pool.mapping.listeners.filter((one) => one.port === place.envoyPort && one.transport === protocol).flatMap((one) => one.kinds);
  const at = { protocol, kinds, proxyProtocol: site.proxyProtocol && protocol === 'tcp' };
  const resolved = resolveSettings(candidate.merged, at, site.context.policy);
  const [first] = resolved.refusals;
  if (first !== undefined) return { code: first.code, message: `${candidate.object} port ${candidate.report.port}: ${resolved.refusals.map((one) => one.message).join('; ')}` };
  const members = membersOf(site, candidate, place, protocol);
  if (isRefused(members)) return members;
  site.notes.push(...resolved.remarks.map((remark) => ({ object: candidate.object, ...remark })));
  return { key, place, protocol, resolved, members, servers: [] };
}

function expose(site: Site, candidate: Candidate, place: Place, protocol: Protocol): Refused | undefined {
  const known = site.groups.get(exposureKey({ ...place, protocol }));
  const clash = known && clashWith(known, candidate, place);
  if (clash !== undefined) return clash;
  const group = known ?? found(site, candidate, place, protocol);
  if (isRefused(group)) return group;
  site.groups.set(group.key, group);
  join(site, group, candidate);
  return undefined;
}

function protocolsOf(site: Site, candidate: Candidate, place: Place): readonly [Protocol, ...Protocol[]] {
  const transports = new Set(site.pool.mapping.listeners.filter((one) => one.port === place.envoyPort).map((one) => one.transport));
  if (!transports.has('udp')) return ['tcp'];
  return candidate.merged.wanted.mode === 'udp' || !transports.has('tcp') ? ['udp'] : ['tcp', 'udp'];
}

function judge(site: Site, candidate: Candidate): Refused | undefined {
  const [first] = candidate.refusals;
  if (first !== undefined) return { code: first.code, message: candidate.refusals.map((one) => one.message).join('; ') };
  const place = placeOf(site, candidate);
  if (isRefused(place)) return place;
  const [main, twin] = protocolsOf(site, candidate, place);
  const refused = expose(site, candidate, place, main);
  if (refused !== undefined || twin === undefined) return refused;
  const without = expose(site, candidate, place, twin);
  if (without !== undefined) site.notes.push({ object: candidate.object, code: 'GW145', message: `HTTP/3 is not offered on ${place.address}:${place.port}: ${without.message}` });
  return undefined;
}

function exposureOf(site: Site, group: Group): Exposure {
  const { place, protocol, resolved, members, servers } = group;
  const { mesh, ingress } = site.context;
  const local = site.service?.externalTrafficPolicy === 'Local' ? site.service.healthCheckNodePort : undefined;
  const targets = site.groups.size * members.members.length;
  const monitors = resolved.monitors ?? defaultMonitors({ members: ingress.members, protocol, statusPort: mesh.statusPort, healthCheckNodePort: local, targets });
  return {
    address: place.address,
    port: place.port,
    protocol,
    partition: place.partition,
    settings: { ...resolved.settings, monitors: [...monitors] },
    members: [...members.members],
    gateways: [...new Set(servers.map((one) => one.report.gateway))],
    since: servers[0]?.created ?? '',
  };
}

function sourcesOf(group: Group): Readonly<Record<string, string>> {
  const { sources } = group.resolved;
  const leader = group.servers[0];
  const partition = leader?.merged.sources.partition ?? 'sluice.yaml (devices)';
  return { ...sources, partition, port: leader?.merged.sources.port ?? leader?.object ?? sources['port'] ?? '' };
}

function compare(a: Group, b: Group): number {
  const address = a.place.address === b.place.address ? 0 : a.place.address < b.place.address ? -1 : 1;
  return address || a.place.port - b.place.port || (a.protocol < b.protocol ? -1 : 1);
}

function sortNotes(notes: readonly Note[]): readonly Note[] {
  const byText = new Map(notes.map((note) => [`${note.object}\u0000${note.code}\u0000${note.message}`, note]));
  return [...byText.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, note]) => note);
}

export function buildExposures(ref: IngressRef, objects: KubernetesObjects, mapping: PortMapping, context: ExposureContext): BuiltExposures {
  const pool: Pool = { ref, objects, mapping, entry: context.ingress };
  const { candidates, notes } = collectCandidates(pool);
  const service = objects.services.find((one) => one.meta.namespace === ref.namespace && one.meta.name === ref.service);
  const proxyProtocol = gatewayPods(pool).some((pod) => pod.proxyProtocol);
  const site: Site = { pool, context, service, proxyProtocol, groups: new Map(), refused: new Map(), notes: [...notes] };
  for (const candidate of candidates) {
    const refused = judge(site, candidate);
    if (refused !== undefined) site.refused.set(candidate.position, refused);
  }
  const groups = [...site.groups.values()].sort(compare);
  for (const group of groups.filter((one) => one.members.allStayed)) {
    const object = `Service ${ref.namespace}/${ref.service}`;
    site.notes.push({ object, code: 'GW140', message: `no member of ${group.key} is ready; all stay and BIG-IP's monitors judge them` });
  }
  return {
    exposures: groups.map((group) => exposureOf(site, group)),
    servers: mapping.servers.map((report, position) => {
      const refused = site.refused.get(position);
      return refused === undefined ? report : { ...report, verdict: refused.verdict ?? 'rejected', code: refused.code, reason: refused.message };
    }),
    notes: sortNotes(site.notes),
    sources: Object.fromEntries(groups.map((group) => [group.key, sourcesOf(group)])),
  };
}
