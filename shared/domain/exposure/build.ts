/**
 * Builds the exposures of one ingress from its port mapping. Pure, and independent of the order of
 * its input.
 */
import { poolClaims } from './pool-claims.ts';
import type { AutoAddresses } from '../address-pools/auto-address.ts';
import type { KubernetesObjects } from '../snapshot/objects.ts';
import type { IngressRef } from '../snapshot/snapshot.ts';
import type { PortMapping, ServerReport } from '../istio/port-mapping.ts';
import { type Candidate, collectCandidates } from './sources/candidates.ts';
import type { ExposureContext } from './context.ts';
import { defaultMonitors } from './settings/defaults.ts';
import { type Exposure, exposureKey } from './exposure.ts';
import type { PoolMembers, KeptMembers } from './members.ts';
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
import { indexIngress, type IndexedIngress } from './indexed-ingress.ts';
import { type ResolvedSettings, resolveSettings } from './settings/resolve.ts';
import { allowsInternal } from './settings/policy.ts';
import { unjudgedCertificates } from './unjudged.ts';
import { whyWithheld } from './withheld.ts';
import { SETTING_NAMES } from './settings/catalogue/catalogue.ts';
import type { Note } from './settings/layers.ts';
import { sameValue, showValue } from './settings/values.ts';

export type { ExposureContext } from './context.ts';

export interface BuiltExposures {
  readonly exposures: readonly Exposure[];
  /** The servers of the mapping, with refusals as `rejected`, with code and message. */
  readonly servers: readonly ServerReport[];
  readonly notes: readonly Note[];
  /** By exposure key and setting: the source. */
  readonly sources: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /**
   * By position in the mapping's servers: the key of the exposure of a server that is refused only
   * if new.
   */
  readonly staying: ReadonlyMap<number, string>;
  /** Absent if every exposure has a literal address. */
  readonly auto?: AutoAddresses;
}

/** An exposure under construction; its oldest server leads. */
interface Group {
  readonly key: string;
  readonly place: Placement;
  readonly protocol: Protocol;
  readonly resolved: ResolvedSettings;
  readonly members: PoolMembers;
  readonly leader: Candidate;
  readonly servers: Set<Candidate>;
  readonly refusedIfNew?: PlacementRefusal | undefined;
}

interface Site {
  readonly pool: IndexedIngress;
  readonly context: ExposureContext;
  readonly groups: Map<string, Group>;
  /** The first group of each virtual address, whose partition applies to all. */
  readonly addresses: Map<string, Group>;
  readonly notes: Note[];
}

function about({ object, report }: Candidate): string {
  return `${object} port ${report.port}`;
}

function clashWith(
  group: Group,
  { candidate, place }: MemberRequest,
): PlacementRefusal | undefined {
  if (group.place.envoyPort === place.envoyPort && group.place.partition === place.partition)
    return undefined;
  const other =
    group.place.envoyPort === place.envoyPort
      ? `has in partition ${group.place.partition}`
      : `uses for listener port ${group.place.envoyPort}`;
  return {
    code: 'GW135',
    message: `${about(candidate)} requests ${group.key}, which the older ${about(group.leader)} ${other}; choose another virtual port or address`,
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
      sameValue(wish, decided)
    )
      continue;
    const has = decided === undefined ? 'the default' : showValue(decided);
    const message = `requests ${setting} ${showValue(wish)} on ${group.key}; ignored, because the older ${group.leader.object} decides there (${has})`;
    site.notes.push({ object: candidate.object, code: 'GW136', message });
  }
}

/** A request, and the reason why it may only stay. */
interface GroupRequest extends MemberRequest {
  readonly refusedIfNew?: PlacementRefusal | undefined;
}

function found(site: Site, asked: GroupRequest): Group | PlacementRefusal {
  const { candidate, place, protocol, refusedIfNew } = asked;
  const { pool, context } = site;
  const neighbour = site.addresses.get(place.address);
  if (neighbour !== undefined && neighbour.place.partition !== place.partition) {
    const message = `${about(candidate)} requests ${place.address} in partition ${place.partition}, but ${neighbour.key} has that address in partition ${neighbour.place.partition}; an address can be in one partition only`;
    return { code: 'GW142', message };
  }
  const kinds = (pool.listeners.get(place.envoyPort) ?? [])
    .filter((one) => one.transport === protocol)
    .flatMap((one) => one.kinds);
  const proxyProtocol = protocol === 'tcp' && pool.pods.some(({ pod }) => pod.proxyProtocol);
  const resolved = resolveSettings(
    candidate.merged,
    { protocol, kinds, proxyProtocol },
    context.policy,
  );
  const [first] = resolved.refusals;
  if (first !== undefined)
    return {
      code: first.code,
      message: `${about(candidate)}: ${resolved.refusals.map((one) => one.message).join('; ')}`,
    };
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
  };
}

function expose(site: Site, asked: GroupRequest): PlacementRefusal | undefined {
  const known = site.groups.get(exposureKey({ ...asked.place, protocol: asked.protocol }));
  // Servers that are not refused get the port.
  if (asked.refusedIfNew !== undefined && known !== undefined && known.refusedIfNew === undefined)
    return asked.refusedIfNew;
  if (known !== undefined) {
    const clash = clashWith(known, asked);
    if (clash === undefined) join(site, known, asked.candidate);
    return clash;
  }
  const group = found(site, asked);
  if (isPlacementRefused(group)) return group;
  site.groups.set(group.key, group);
  if (!site.addresses.has(group.place.address)) site.addresses.set(group.place.address, group);
  return undefined;
}

function placeOf(site: Site, candidate: Candidate): Placement | PlacementRefusal {
  const [first] = candidate.refusals;
  if (first !== undefined)
    return { code: first.code, message: candidate.refusals.map((one) => one.message).join('; ') };
  return placeServer(site.pool, site.context, candidate);
}

/** Unrefused servers first, so that they get resources that others also request. */
function judgeAll(
  site: Site,
  candidates: readonly Candidate[],
): ReadonlyMap<number, PlacementRefusal | undefined> {
  const asked = candidates.map((candidate) => {
    const place = placeOf(site, candidate);
    const withheld = isPlacementRefused(place)
      ? { refusal: candidate.doubt ?? place, onlyAnew: false }
      : whyWithheld(site.pool, candidate, () => opensInternal(site, candidate, place));
    return { candidate, place, withheld };
  });
  const judge = ({ candidate, place, withheld }: (typeof asked)[number]) => {
    if (isPlacementRefused(place) || (withheld !== undefined && !withheld.onlyAnew))
      return [candidate.position, withheld?.refusal] as const;
    const refused = offer(withheld === undefined ? site : { ...site, notes: [] }, {
      candidate,
      place,
      refusedIfNew: withheld?.refusal,
    });
    return [candidate.position, withheld?.refusal ?? refused] as const;
  };
  const firm = asked.filter(({ withheld }) => withheld === undefined);
  return new Map([...firm, ...asked.filter((one) => !firm.includes(one))].map(judge));
}

function opensInternal({ context }: Site, candidate: Candidate, place: Placement): boolean {
  const { address, port, partition, envoyPort: listener } = place;
  const { namespace } = candidate;
  return allowsInternal(context.policy, { namespace, address, port, listener, partition });
}

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

function exposureOf(site: Site, group: Group): Exposure {
  const { place, protocol, resolved, members, refusedIfNew } = group;
  const { mesh, ingress } = site.context;
  const { service } = site.pool;
  const healthCheckNodePort =
    service?.externalTrafficPolicy === 'Local' ? service.healthCheckNodePort : undefined;
  const targets = site.groups.size * members.members.length;
  const monitors =
    resolved.monitors ??
    defaultMonitors({
      members: ingress.members,
      protocol,
      statusPort: mesh.statusPort,
      healthCheckNodePort,
      targets,
    });
  return {
    address: place.address,
    port: place.port,
    protocol,
    partition: place.partition,
    settings: { ...resolved.settings, monitors: [...monitors] },
    members: [...members.members],
    gateways: [...new Set([...group.servers].map((one) => one.report.gateway))],
    since: group.leader.created,
    ...(refusedIfNew && {
      refusedIfNew: { code: refusedIfNew.code, message: refusedIfNew.message },
    }),
  };
}

function sourcesOf(
  { resolved, leader }: Group,
  { spread }: ExposureContext,
): Readonly<Record<string, string>> {
  const {
    partition = spread === 'address' ? 'sluice.yaml (devices[].spread)' : 'sluice.yaml (devices)',
    port = leader.object,
  } = leader.merged.sources;
  return { ...resolved.sources, partition, port };
}

function compare(a: Group, b: Group): number {
  if (a.place.address !== b.place.address) return a.place.address < b.place.address ? -1 : 1;
  return a.place.port - b.place.port || (a.protocol < b.protocol ? -1 : 1);
}

const NAMED = 3;

function stayedSaid(keys: readonly string[], stayed: KeptMembers): string {
  const more = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : '';
  const of = `${keys.slice(0, NAMED).join(', ')}${more}`;
  if (stayed.why === 'nobody-ready')
    return `no member of ${of} is ready, so all stay and BIG-IP's monitors decide`;
  return `${stayed.doubted} of ${stayed.of} members of ${of} are not ready; Sluice never removes more than half of them at once, so all stay and BIG-IP's monitors decide`;
}

/** Cached, because exposures of one ingress mostly have the same members. */
function stayedNotes(object: string, groups: readonly Group[]): readonly Note[] {
  const stayed = groups.flatMap(({ key, members }) =>
    members.stayed === undefined ? [] : [{ key, stayed: members.stayed }],
  );
  const alike = [...Map.groupBy(stayed, (one) => JSON.stringify(one.stayed)).values()];
  return alike.flatMap((same) =>
    same[0] === undefined
      ? []
      : [
          {
            object,
            code: 'GW140',
            message: stayedSaid(
              same.map(({ key }) => key),
              same[0].stayed,
            ),
          },
        ],
  );
}

/** Duplicate notes of several servers are reported once. */
function sortNotes(notes: readonly Note[]): readonly Note[] {
  const byText = new Map(
    notes.map((note) => [`${note.object}\u0000${note.code}\u0000${note.message}`, note]),
  );
  return [...byText.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, note]) => note);
}

export function buildExposures(
  ref: IngressRef,
  objects: KubernetesObjects,
  mapping: PortMapping,
  context: ExposureContext,
): BuiltExposures {
  const pool = indexIngress({
    ref,
    objects,
    mapping,
    entry: context.ingress,
    networks: context.networks,
  });
  const { candidates, notes } = collectCandidates(pool, context.otherIngresses);
  const site: Site = {
    pool,
    context,
    groups: new Map(),
    addresses: new Map(),
    notes: [...notes, ...unjudgedCertificates(objects, context.mesh)],
  };
  const refusals = judgeAll(site, candidates);
  const groups = [...site.groups.values()].sort(compare);
  const firm = groups.filter(({ refusedIfNew }) => refusedIfNew === undefined);
  site.notes.push(...stayedNotes(`Service ${pool.name}`, firm));
  const exposures = groups.map((group) => exposureOf(site, group));
  const carried = poolClaims(exposures, pool.service, context);
  return {
    exposures,
    servers: mapping.servers.map((report, position) => {
      const refused = refusals.get(position);
      return refused === undefined
        ? report
        : {
            ...report,
            verdict: refused.verdict ?? 'rejected',
            code: refused.code,
            reason: refused.message,
          };
    }),
    notes: sortNotes([...site.notes, ...(carried?.notes ?? [])]),
    staying: new Map(
      groups
        .filter(({ refusedIfNew }) => refusedIfNew !== undefined)
        .flatMap(({ key, servers }) =>
          [...servers].map(({ position }) => [position, key] as const),
        ),
    ),
    sources: Object.fromEntries(groups.map((group) => [group.key, sourcesOf(group, context)])),
    ...(carried && { auto: carried.auto }),
  };
}
