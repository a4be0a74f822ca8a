/**
 * Builds the exposures of one ingress from its port mapping. Pure, and independent of the order of
 * its input.
 */
import { poolClaims } from './pool-claims.ts';
import type { AutoAddresses } from '../address-pools/auto-address.ts';
import type { FoundPaths } from '../paths/find-paths.ts';
import type { KubernetesObjects } from '../snapshot/objects.ts';
import type { IngressRef } from '../snapshot/snapshot.ts';
import type { PortMapping, ServerReport } from '../istio/port-mapping.ts';
import { collectCandidates } from './sources/candidates.ts';
import type { ExposureContext } from './context.ts';
import { defaultMonitors } from './settings/defaults.ts';
import type { Exposure } from './exposure.ts';
import { excludedNodes, type KeptMembers } from './members.ts';
import { indexIngress, type IndexedIngress } from './indexed-ingress.ts';
import { memberPaths } from './member-paths.ts';
import { misplaced } from './misplaced.ts';
import { redirectNotes, serverNameNotes } from './server-names.ts';
import { unjudgedNotes } from './unjudged.ts';
import { type Group, placeCandidates, type Site } from './groups.ts';
import { createResolver } from './settings/resolve.ts';
import type { Note } from './settings/layers.ts';

export type { ExposureContext } from './context.ts';

/** The exposures of one ingress with everything that is reported about them. */
export interface BuiltExposures {
  /** By address, port and protocol. */
  readonly exposures: readonly Exposure[];
  /** The servers of the mapping, with refusals as `rejected`, with code and message. */
  readonly servers: readonly ServerReport[];
  /** Each once, sorted by object, code and text. */
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
  /** Addresses of nodes that are excluded from load balancers; absent if there are none. */
  readonly excludedNodes?: readonly string[];
  /** Absent if Sluice keeps no paths to the members. */
  readonly reach?: Pick<FoundPaths, 'paths' | 'missing'>;
}

/**
 * The exposure of a group of servers. The default monitors depend on the number of exposures and
 * members, which is known only now.
 */
function exposureOf(site: Site, group: Group): Exposure {
  const { place, protocol, resolved, members, refusedIfNew, network } = group;
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
    ...(network.byService && resolved.settings.source !== undefined && { sourceByService: true }),
    ...(refusedIfNew && {
      refusedIfNew: { code: refusedIfNew.code, message: refusedIfNew.message },
    }),
  };
}

/** Partition and port always have a source, because every exposure has both. */
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

/** By address, port and protocol, so that the order of the input does not matter. */
function compare(a: Group, b: Group): number {
  if (a.place.address !== b.place.address) return a.place.address < b.place.address ? -1 : 1;
  return a.place.port - b.place.port || (a.protocol < b.protocol ? -1 : 1);
}

/** Exposures named in one note; the others are counted. */
const MAX_NAMED = 3;

/** The note that explains why members stay although Kubernetes reports them as not ready. */
function stayedSaid(keys: readonly string[], stayed: KeptMembers): string {
  const more = keys.length > MAX_NAMED ? ` and ${keys.length - MAX_NAMED} more` : '';
  const of = `${keys.slice(0, MAX_NAMED).join(', ')}${more}`;
  if (stayed.why === 'none-ready')
    return `no member of ${of} is ready, so all stay and BIG-IP's monitors decide`;
  return (
    `${stayed.doubted} of ${stayed.of} members of ${of} are not ready; ` +
    'Sluice never removes more than half of them at once, ' +
    "so all stay and BIG-IP's monitors decide"
  );
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

/** Users expect the number of the Service port if only that port leads to the listener. */
function otherNumbers(pool: IndexedIngress, groups: readonly Group[]): readonly Note[] {
  return groups.flatMap(({ key, servers }) =>
    [...servers].flatMap(({ object, report, merged }) => {
      const ports = report.servicePorts
        .filter(({ service, reachesListener }) => service === pool.name && reachesListener)
        .map(({ port }) => port);
      const [other] = ports;
      if (other === undefined || ports.includes(report.port) || merged.wanted.port !== undefined)
        return [];
      const message =
        `${key} has the number of the Gateway; ` +
        `port ${other} of Service ${pool.name} leads to the same listener. ` +
        `If clients are to use ${other}, set sluice.io/port: "${other}" on the Gateway, ` +
        `or write ${other} in it`;
      return [{ object, code: 'GW149', message }];
    }),
  );
}

/** What is told about exposures that are published. */
function groupNotes(pool: IndexedIngress, groups: readonly Group[]): readonly Note[] {
  return [
    ...stayedNotes(`Service ${pool.name}`, groups),
    ...otherNumbers(pool, groups),
    ...serverNameNotes(pool, groups),
    ...redirectNotes(groups),
  ];
}

/** Duplicate notes of several servers are reported once. */
function sortNotes(notes: readonly Note[]): readonly Note[] {
  const byText = new Map(
    notes.map((note) => [`${note.object}\u0000${note.code}\u0000${note.message}`, note]),
  );
  return [...byText.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, note]) => note);
}

/** Never throws: problems become refusals or notes. */
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
  const { candidates, notes } = collectCandidates(pool, context.mesh, context);
  const site: Site = {
    pool,
    context,
    groups: new Map(),
    addresses: new Map(),
    resolve: createResolver(context.policy),
    notes: [...notes, ...unjudgedNotes(pool, context.mesh), ...misplaced(pool)],
  };
  const refusals = placeCandidates(site, candidates);
  const groups = [...site.groups.values()].sort(compare);
  const firm = groups.filter(({ refusedIfNew }) => refusedIfNew === undefined);
  site.notes.push(...groupNotes(pool, firm));
  const exposures = groups.map((group) => exposureOf(site, group));
  const carried = poolClaims(exposures, pool.service, context);
  const excluded = excludedNodes(pool);
  const reach = memberPaths(pool, exposures, context.paths);
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
    notes: sortNotes([...site.notes, ...(carried?.notes ?? []), ...(reach?.notes ?? [])]),
    staying: new Map(
      groups
        .filter(({ refusedIfNew }) => refusedIfNew !== undefined)
        .flatMap(({ key, servers }) =>
          [...servers].map(({ position }) => [position, key] as const),
        ),
    ),
    sources: Object.fromEntries(groups.map((group) => [group.key, sourcesOf(group, context)])),
    ...(carried && { auto: carried.auto }),
    ...(excluded.length > 0 && { excludedNodes: excluded }),
    ...(reach && { reach: { paths: reach.paths, missing: reach.missing } }),
  };
}
