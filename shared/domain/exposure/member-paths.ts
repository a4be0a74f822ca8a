/** The paths to the pod members of an ingress. */
import { withRouteDomain } from '../net/cluster-networks.ts';
import { formatIp } from '../net/ip.ts';
import { findPaths, type FoundPaths, type PodMember } from '../paths/find-paths.ts';
import { firstNamed } from '../text/counts.ts';
import type { PathOptions } from '../paths/network-config.ts';
import type { PathNote } from '../paths/path-notes.ts';
import { type Exposure, exposureKey, type Slice } from './exposure.ts';
import type { IndexedIngress } from './indexed-ingress.ts';

/**
 * The pods whose addresses are members. Of two pods with one address, the one that stays has it.
 */
function podMembers(
  { pods }: IndexedIngress,
  exposures: readonly Exposure[],
  routeDomain: number,
): readonly PodMember[] {
  const used = new Set(exposures.flatMap(({ members }) => members.map(({ address }) => address)));
  const byAddress = new Map<string, PodMember>();
  const sorted = pods.toSorted((a, b) => (a.pod.meta.name < b.pod.meta.name ? -1 : 1));
  for (const { pod, ips } of sorted) {
    const leaving = pod.gone === true || pod.terminating;
    for (const ip of ips) {
      const address = withRouteDomain(formatIp(ip), routeDomain);
      const known = byAddress.get(address);
      if (!used.has(address) || (known !== undefined && (leaving || !known.leaving))) continue;
      byAddress.set(address, { address, ip, nodeName: pod.nodeName, leaving });
    }
  }
  return [...byAddress.values()];
}

/**
 * Nodes reach clients by their own routes. Without translation, answers pass BIG-IP only if these
 * lead there, and that is not seen from here.
 */
function answerNotes(
  exposures: readonly Exposure[],
  { paths, missing }: FoundPaths,
  { cluster, about }: { readonly cluster: string; readonly about: string },
): readonly PathNote[] {
  const routed = new Set([...paths.flatMap(({ members }) => members), ...missing]);
  const kept = exposures
    .filter(
      ({ settings, members }) =>
        settings.snat === 'none' && members.some(({ address }) => routed.has(address)),
    )
    .map(exposureKey);
  if (kept.length === 0) return [];
  const message =
    `snat: none of ${firstNamed(kept)} keeps client addresses, and nodes answer by their own ` +
    `routes; let the nodes of cluster ${cluster} route answers to clients through BIG-IP, or use ` +
    'snat: auto';
  return [{ object: about, code: 'GW188', message }];
}

/** Undefined if Sluice keeps no paths: by configuration, or because nodes are the members. */
export function memberPaths(
  pool: IndexedIngress,
  exposures: readonly Exposure[],
  options: PathOptions | undefined,
): FoundPaths | undefined {
  if (options === undefined || pool.entry.members === 'nodes') return undefined;
  const named = { ...options, about: `Service ${pool.name}` };
  const found = findPaths(podMembers(pool, exposures, options.routeDomain), pool.objects, named);
  return { ...found, notes: [...found.notes, ...answerNotes(exposures, found, named)] };
}

/** The fields of a slice. */
export function pathFields({
  reach,
}: {
  readonly reach?: Pick<FoundPaths, 'paths' | 'missing'> | undefined;
}): Pick<Slice, 'paths' | 'pathless'> {
  if (reach === undefined) return {};
  return {
    paths: [...reach.paths],
    ...(reach.missing.length > 0 && { pathless: [...reach.missing] }),
  };
}
