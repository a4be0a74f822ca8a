/**
 * Which servers share a virtual server, and which are refused: address, port, settings, members,
 * networks of clients.
 */
import { namespacedName } from '../istio/object-age.ts';
import { type Candidate, serverInWords } from './sources/candidates.ts';
import type { ExposureContext } from './context.ts';
import { exposureKey, takesRedirectPort } from './exposure.ts';
import type { PoolMembers } from './members.ts';
import {
  type MemberRequest,
  isPlacementRefused,
  placedMembers,
  type Placement,
  placeServer,
  type Protocol,
  placementProtocols,
  type PlacementRefusal,
  formatForeignMembers,
} from './place.ts';
import type { IndexedIngress } from './indexed-ingress.ts';
import type { createResolver, ResolvedSettings } from './settings/resolve.ts';
import { allowsInternal } from './settings/policy.ts';
import {
  type Requirement,
  requirementRefusal,
  unmetOverUdp,
  unmetRequirements,
} from './settings/requirements.ts';
import { completeServer } from './required.ts';
import type { ClientNetwork } from './client-networks.ts';
import { networkOf, ANY_CLIENT, withNetwork, wrongNetwork } from './server-network.ts';
import { meshProxyProtocol } from './unjudged.ts';
import { whyWithheld, type Withheld } from './withheld.ts';
import { SETTING_NAMES, SETTING_ROWS } from './settings/catalogue/catalogue.ts';
import { namedSettings } from './settings/compose.ts';
import type { Note } from './settings/layers.ts';
import { ignoresPayload, sameValue, showValue } from './settings/values.ts';

/** An exposure under construction; its oldest server leads. */
export interface Group {
  readonly key: string;
  readonly place: Placement;
  readonly protocol: Protocol;
  readonly resolved: ResolvedSettings;
  readonly members: PoolMembers;
  readonly leader: Candidate;
  readonly servers: Set<Candidate>;
  readonly refusedIfNew?: PlacementRefusal | undefined;
  readonly network: ClientNetwork;
}

/** The state while the servers of one ingress are grouped; filled server by server. */
export interface Site {
  readonly pool: IndexedIngress;
  readonly context: ExposureContext;
  readonly groups: Map<string, Group>;
  /** The first group of each virtual address, whose partition applies to all. */
  readonly addresses: Map<string, Group>;
  readonly notes: Note[];
  /** Most servers have the same settings, which are resolved once. */
  readonly resolve: ReturnType<typeof createResolver>;
}

/**
 * The reason why a server cannot share an existing virtual server: another port in the pods,
 * another partition, or other clients.
 */
function clashWith(
  group: Group,
  { candidate, place, network }: GroupRequest,
): PlacementRefusal | undefined {
  // What the Service asks for is the same for both, so a problem with it makes no difference here.
  const [theirs = 'any', ours = 'any'] = [group.network, network].map((one) =>
    'source' in one ? one.source : undefined,
  );
  if (theirs !== ours)
    return {
      code: 'GW157',
      message:
        `${serverInWords(candidate)} lets ${ours} connect to ${group.key}, ` +
        `and ${serverInWords(group.leader)}, which comes first, lets ${theirs}; ` +
        'ask for the same network, or for another address or port',
    };
  if (group.place.envoyPort === place.envoyPort && group.place.partition === place.partition)
    return undefined;
  const other =
    group.place.envoyPort === place.envoyPort
      ? `has it in partition ${group.place.partition}`
      : `uses it for listener port ${group.place.envoyPort}`;
  return {
    code: 'GW135',
    message:
      `${serverInWords(candidate)} requests ${group.key}, ` +
      `but ${serverInWords(group.leader)} comes first and ${other}; ` +
      'choose another virtual port or address',
  };
}

/**
 * The oldest gateway decides the settings of a shared virtual server; different requests of younger
 * ones are reported.
 */
function join(site: Site, group: Group, candidate: Candidate): void {
  group.servers.add(candidate);
  for (const setting of SETTING_NAMES) {
    const wish = candidate.own.wanted[setting];
    const decided = group.leader.merged.wanted[setting];
    if (
      wish === undefined ||
      setting === 'port' ||
      setting === 'virtualAddress' ||
      setting === 'source' ||
      sameValue(wish, decided)
    )
      continue;
    const has = decided === undefined ? 'the default' : showValue(decided);
    const message =
      `requests ${setting} ${showValue(wish)} on ${group.key}; ` +
      `ignored, because ${group.leader.object} comes first and decides there (${has})`;
    site.notes.push({ object: candidate.object, code: 'GW136', message });
  }
}

/**
 * By the configuration of the pods. A default of the mesh only counts if something sends the
 * protocol, because whether it reached the pods is not known; otherwise it is reported.
 */
function expectsProxyProtocol(
  { pool, context, notes }: Site,
  { object, merged }: Candidate,
): boolean {
  if (pool.pods.some(({ pod }) => pod.proxyProtocol)) return true;
  const config = meshProxyProtocol(pool, context.mesh);
  if (config === undefined) return false;
  const { proxyProtocol, iRules = [] } = merged.wanted;
  if (proxyProtocol !== undefined || iRules.length > 0) return true;
  const message =
    `ConfigMap ${namespacedName(config.meta)} makes all proxies expect the PROXY ` +
    'protocol (defaultConfig.gatewayTopology), and the gateway pods have no ' +
    'PROXY_CONFIG that says otherwise; if they expect it, Envoy drops every ' +
    'connection: create the iRule that sends it, list it in policy.references and name ' +
    'it in sluice.io/proxy-protocol';
  notes.push({ object, code: 'GW141', message });
  return false;
}

/** A request, and the reason why it may only stay. */
interface GroupRequest extends MemberRequest {
  readonly network: ClientNetwork;
  readonly requirements: readonly Requirement[];
  readonly refusedIfNew?: PlacementRefusal | undefined;
}

/** The refusal of the virtual server for HTTP/3, if it cannot have the required settings. */
function lackingOverUdp(
  { notes }: Site,
  { candidate, place, protocol, requirements }: GroupRequest,
): PlacementRefusal | undefined {
  if (protocol === 'tcp') return undefined;
  const at = `no HTTP/3 virtual server on ${place.address}:${place.port}`;
  const refusal = requirementRefusal(at, unmetOverUdp(requirements));
  if (refusal !== undefined)
    notes.push({ object: candidate.object, code: 'GW145', message: refusal.message });
  return refusal;
}

/** Settings of the virtual address, which all exposures on it share. */
const ADDRESS_NAMES = SETTING_ROWS.flatMap(([name, { as3 }]) =>
  as3?.object === 'address' ? [name] : [],
);

/**
 * The reason why an exposure cannot stand beside the others on its address: it asks for another
 * virtual address, or the redirect of one needs the port of the other.
 */
function clashOnAddress(
  { addresses, groups }: Site,
  { candidate, place, protocol }: GroupRequest,
  settings: ResolvedSettings['settings'],
): PlacementRefusal | undefined {
  const neighbour = addresses.get(place.address);
  if (neighbour === undefined) return undefined;
  // Equal requests are resolved once, so that their settings are the same object.
  const isAlike = neighbour.resolved.settings === settings;
  const [theirs, ours] = isAlike
    ? [{}, {}]
    : [namedSettings(neighbour.resolved.settings), namedSettings(settings)];
  const other = ADDRESS_NAMES.find((name) => !sameValue(theirs[name], ours[name]));
  const show = (value: unknown): string => (value === undefined ? 'the default' : showValue(value));
  if (other !== undefined)
    return {
      code: 'GW169',
      message:
        `${serverInWords(candidate)} asks for ${other} ${show(ours[other])} of ${place.address}, ` +
        `and ${serverInWords(neighbour.leader)}, which comes first, for ${show(theirs[other])}; ` +
        'ask for the same on both',
    };
  if (!takesRedirectPort({ port: place.port, protocol, settings })) return undefined;
  const taken = [...groups.values()].find(
    (group) =>
      group.place.address === place.address &&
      takesRedirectPort({
        port: group.place.port,
        protocol: group.protocol,
        settings: group.resolved.settings,
      }),
  );
  if (taken === undefined) return undefined;
  return {
    code: 'GW135',
    message:
      `${serverInWords(candidate)} requests ${place.address}:${place.port}, but ${serverInWords(taken.leader)} ` +
      'comes first, and redirect80 of one of them needs port 80 of the address; ' +
      'remove redirect80, or choose another address',
  };
}

/** Creates the group of the first server on an address and port, or refuses it. */
function found(site: Site, asked: GroupRequest): Group | PlacementRefusal {
  const { candidate, place, protocol } = asked;
  const { pool } = site;
  const refusedIfNew = asked.refusedIfNew ?? lackingOverUdp(site, asked);
  const neighbour = site.addresses.get(place.address);
  if (neighbour !== undefined && neighbour.place.partition !== place.partition) {
    const message =
      `${serverInWords(candidate)} requests ${place.address} in partition ${place.partition}, ` +
      `but ${neighbour.key} has that address in partition ${neighbour.place.partition}; ` +
      'an address can be in one partition only';
    return { code: 'GW142', message };
  }
  const kinds = (pool.listeners.get(place.envoyPort) ?? [])
    .filter((one) => one.transport === protocol)
    .flatMap((one) => one.kinds);
  const proxyProtocol = protocol === 'tcp' && expectsProxyProtocol(site, candidate);
  const resolved = site.resolve(withNetwork(candidate, asked.network), {
    protocol,
    kinds,
    proxyProtocol,
  });
  const [first] = resolved.refusals;
  if (first !== undefined)
    return {
      code: first.code,
      message: `${serverInWords(candidate)}: ${resolved.refusals.map((one) => one.message).join('; ')}`,
    };
  const clash = clashOnAddress(site, asked, resolved.settings);
  if (clash !== undefined) return clash;
  const members = placedMembers(pool, asked);
  if (isPlacementRefused(members)) return members;
  if (members.strangers.length > 0)
    site.notes.push({
      object: `Service ${pool.name}`,
      code: 'OWN325',
      message: formatForeignMembers(pool, members.strangers),
    });
  site.notes.push(...resolved.remarks.map((remark) => ({ object: candidate.object, ...remark })));
  return {
    key: exposureKey({ ...place, protocol }),
    place,
    protocol,
    resolved,
    members,
    leader: candidate,
    servers: new Set([candidate]),
    refusedIfNew,
    network: asked.network,
  };
}

/** The refusal of a server that shares a virtual server without the settings it must have. */
function lackedBy(
  { leader, key }: Group,
  { candidate, protocol, requirements }: GroupRequest,
): PlacementRefusal | undefined {
  const shares = `${serverInWords(candidate)} shares ${key} with ${serverInWords(leader)}, which decides its settings`;
  return requirementRefusal(shares, [
    ...unmetRequirements(leader.merged, requirements),
    ...(protocol === 'udp' ? unmetOverUdp(requirements) : []),
  ]);
}

/** Adds a server to the group on its address and port, and creates the group if there is none. */
function expose(site: Site, asked: GroupRequest): PlacementRefusal | undefined {
  const known = site.groups.get(exposureKey({ ...asked.place, protocol: asked.protocol }));
  // Servers that are not refused get the port.
  if (asked.refusedIfNew !== undefined && known !== undefined && known.refusedIfNew === undefined)
    return asked.refusedIfNew;
  if (known !== undefined) {
    const withheld = asked.refusedIfNew === undefined ? known.refusedIfNew : undefined;
    const clash = clashWith(known, asked) ?? withheld ?? lackedBy(known, asked);
    if (clash === undefined) join(site, known, asked.candidate);
    return clash;
  }
  const group = found(site, asked);
  if (isPlacementRefused(group)) return group;
  site.groups.set(group.key, group);
  if (!site.addresses.has(group.place.address)) site.addresses.set(group.place.address, group);
  return undefined;
}

/**
 * A server with an invalid source is refused before it is placed. All its problems are in one
 * message.
 */
function placeOf(site: Site, candidate: Candidate): Placement | PlacementRefusal {
  const [first] = candidate.refusals;
  if (first !== undefined)
    return { code: first.code, message: candidate.refusals.map((one) => one.message).join('; ') };
  return placeServer(site.pool, site.context, candidate);
}

/** Unrefused servers first, so that they get resources that others also request. */
export function placeCandidates(
  site: Site,
  candidates: readonly Candidate[],
): ReadonlyMap<number, PlacementRefusal | undefined> {
  const asked = candidates.map((given) => {
    const place = placeOf(site, given);
    if (isPlacementRefused(place)) {
      const withheld = { refusal: given.doubt ?? place, onlyAnew: false };
      return { candidate: given, place, withheld };
    }
    const [protocol] = placementProtocols(site.pool, given, place);
    const { candidate, requirements, lacking } = completeServer(site.context, given, {
      place,
      protocol,
    });
    const network = networkOf(site.pool, candidate, place);
    const withheld =
      whyWithheld(site.pool, candidate, () => opensInternal(site, candidate, place)) ??
      wrongNetwork(candidate, network) ??
      deafMonitor(candidate) ??
      lacking;
    return { candidate, place, withheld, network, requirements };
  });
  const judge = ({
    candidate,
    place,
    withheld,
    network = ANY_CLIENT,
    requirements = [],
  }: (typeof asked)[number]) => {
    if (isPlacementRefused(place) || (withheld !== undefined && !withheld.onlyAnew))
      return [candidate.position, withheld?.refusal] as const;
    const refused = offer(withheld === undefined ? site : { ...site, notes: [] }, {
      candidate,
      place,
      network,
      requirements,
      refusedIfNew: withheld?.refusal,
    });
    return [candidate.position, withheld?.refusal ?? refused] as const;
  };
  const firm = asked.filter(({ withheld }) => withheld === undefined);
  return new Map([...firm, ...asked.filter((one) => !firm.includes(one))].map(judge));
}

/** Releases up to 0.1.0 declared such a monitor, and BIG-IP did not look at the answer. */
function deafMonitor(candidate: Candidate): Withheld | undefined {
  const { wanted, sources } = candidate.merged;
  const deaf = wanted.monitors?.find(ignoresPayload);
  if (deaf === undefined) return undefined;
  const message =
    `${serverInWords(candidate)}: ${sources.monitors ?? 'sluice.yaml'} sets send ` +
    `or receive on a monitor of type ${deaf.type}, which ignores both; ` +
    'remove them, or use type tcp or http';
  return { refusal: { code: 'GW137', message }, onlyAnew: true };
}

/** Whether a policy rule explicitly allows the internal port. */
function opensInternal({ context }: Site, candidate: Candidate, place: Placement): boolean {
  const { address, port, partition, envoyPort: listener } = place;
  const { namespace } = candidate;
  return allowsInternal(context.policy, { namespace, address, port, listener, partition });
}

/**
 * Offers the server in its own protocol, and with HTTP/3 also in the other one. If only the second
 * is refused, that is a note: the first serves all clients.
 */
function offer(site: Site, asked: Omit<GroupRequest, 'protocol'>): PlacementRefusal | undefined {
  const { candidate, place } = asked;
  const [main, twin] = placementProtocols(site.pool, candidate, place);
  const refused = expose(site, { ...asked, protocol: main });
  if (refused !== undefined || twin === undefined) return refused;
  const without = expose(site, { ...asked, protocol: twin });
  if (without !== undefined)
    site.notes.push({
      object: candidate.object,
      code: 'GW145',
      message: `no HTTP/3 virtual server on ${place.address}:${place.port}: ${without.message}`,
    });
  return undefined;
}
