/**
 * Kubernetes nodes as members: cordoned nodes are drained, and the guard covers cordon and
 * readiness together. Pure.
 */
import type { BuiltExposures } from '../exposure/build.ts';
import type { Exposure, Member } from '../exposure/exposure.ts';
import { formatIp } from '../net/ip.ts';
import { withoutRouteDomain } from '../net/cluster-networks.ts';
import { parseIps } from '../exposure/indexed-ingress.ts';
import type { Node } from '../snapshot/objects.ts';
import type { IngressRef } from '../snapshot/snapshot.ts';
import { takesTooMany } from '../exposure/member-guard.ts';

/** The exposures with adapted members. */
export interface CordonedMembers {
  /** In the given order; only availabilities differ. */
  readonly exposures: readonly Exposure[];
  /** Members kept although their node is cordoned or not ready, because too many would leave. */
  readonly stayed: readonly string[];
}

/** Nodes whose members may leave, by the reason. */
interface Suspects {
  /** Addresses of nodes that are ready and take no new pods. */
  readonly cordoned: ReadonlySet<string>;
  /** Addresses of nodes that are not ready, whatever else they are. */
  readonly notReady: ReadonlySet<string>;
}

/** The exposures of one ingress; with pods as members, nodes change nothing. */
export function withCordons(
  built: BuiltExposures,
  { namespace, service }: IngressRef,
  { nodes, members }: { readonly nodes: readonly Node[]; readonly members: 'pods' | 'nodes' },
): BuiltExposures {
  if (members !== 'nodes') return built;
  const { exposures, stayed } = drainCordoned(built.exposures, nodes);
  if (stayed.length === 0) return { ...built, exposures };
  const message =
    `cordoned or not ready, but kept as members: ${stayed.join(', ')}; ` +
    'removing them would take out the last member or more than half of a pool, ' +
    "so BIG-IP's monitors decide";
  return {
    ...built,
    exposures,
    notes: [...built.notes, { object: `Service ${namespace}/${service}`, code: 'GW140', message }],
  };
}

/** For ingresses with nodes as members; members with other addresses are not changed. */
export function drainCordoned(
  exposures: readonly Exposure[],
  nodes: readonly Node[],
): CordonedMembers {
  const suspects = {
    cordoned: addressesOf(nodes.filter((node) => node.ready && node.unschedulable)),
    notReady: addressesOf(nodes.filter((node) => !node.ready)),
  };
  if (suspects.cordoned.size === 0 && suspects.notReady.size === 0)
    return { exposures, stayed: [] };
  const judged = exposures.map((exposure) => ({ exposure, ...judge(exposure.members, suspects) }));
  return {
    exposures: judged.map(({ exposure, members }) => ({ ...exposure, members: [...members] })),
    stayed: [...new Set(judged.flatMap(({ stayed }) => stayed))].sort(),
  };
}

function addressesOf(nodes: readonly Node[]): ReadonlySet<string> {
  return new Set(
    nodes.flatMap((node) => parseIps(node.addresses.map(({ address }) => address)).map(formatIp)),
  );
}

/** The members after nodes were cordoned; at least one member stays. */
function judge(
  members: readonly Member[],
  { cordoned, notReady }: Suspects,
): { readonly members: readonly Member[]; readonly stayed: readonly string[] } {
  const drained = members.map((member): Member =>
    cordoned.has(withoutRouteDomain(member.address)) && member.availability === 'ready'
      ? { ...member, availability: 'draining' }
      : member,
  );
  const isSuspect = ({ address }: Member): boolean =>
    cordoned.has(withoutRouteDomain(address)) || notReady.has(withoutRouteDomain(address));
  const leaving = drained.filter((member) => member.availability !== 'ready' && isSuspect(member));
  const staying = drained.filter((member) => member.availability === 'ready').length;
  if (!takesTooMany(leaving.length, staying)) return { members: drained, stayed: [] };
  return {
    members: drained.map((member): Member =>
      leaving.includes(member) ? { ...member, availability: 'ready' } : member,
    ),
    stayed: leaving.map(({ address }) => address),
  };
}
