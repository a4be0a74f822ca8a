/**
 * The paths to the members of an ingress. Pure, independent of the order of its input, and one node
 * never affects the members on another one, unless both claim the same network or MAC.
 */
import { parseIp } from '../net/ip.ts';
import type { KubernetesObjects } from '../snapshot/objects.ts';
import type { NetworkSource } from '../snapshot/node-network.ts';
import {
  type PathAttempt,
  type MissingPath,
  ownRoute,
  type PodMember,
  routeBy,
} from './attempt.ts';
import { type NetworkNode, networkNodes } from './cni-objects.ts';
import { firstNamed } from '../text/counts.ts';
import type { PathOptions } from './network-config.ts';
import { mergePaths, type Path, pathKey } from './path.ts';
import { type Finding, pathNotes, type PathNote } from './path-notes.ts';
import { ciliumTunnel, flannelTunnel } from './tunnels.ts';
import { HOST_ROW, sourceRow, SOURCE_ROWS, type SourceRow } from './sources.ts';

export type { PodMember } from './attempt.ts';

/** The paths of one ingress. */
export interface FoundPaths {
  /** Sorted, one for each object on a device. */
  readonly paths: readonly Path[];
  /** What a person could correct, by node and reason. */
  readonly notes: readonly PathNote[];
  /** Members without a path, sorted. */
  readonly missing: readonly string[];
}

/** Gateway pods on the host network have the address of their node, which needs no path. */
function isOnHost({ ip }: PodMember, node: NetworkNode | undefined): boolean {
  return (node?.addresses ?? []).some(({ address }) => {
    const own = parseIp(address);
    return own?.family === ip.family && own.value === ip.value;
  });
}

/** The first source that has a network with the pod in it; else a route of its own. */
function automatic(member: PodMember, node: NetworkNode, options: PathOptions): Finding {
  const remarks: MissingPath[] = [];
  for (const row of SOURCE_ROWS.filter(({ isSeen }) => isSeen(node))) {
    const tried = routeBy(row, member, node, options);
    if ('path' in tried) return { member, path: tried.path, remarks };
    if (tried.lack.code === 'GW181' || tried.lack.code === 'GW186') remarks.push(tried.lack);
  }
  return alone(member, ownRoute(HOST_ROW, member, node, options), { code: 'GW185', remarks });
}

/** The outcome of a route for the pod alone, with the code of the remark that says so. */
function alone(
  member: PodMember,
  attempt: PathAttempt,
  { code, remarks }: { readonly code: 'GW183' | 'GW185'; readonly remarks: readonly MissingPath[] },
): Finding {
  return 'path' in attempt
    ? { member, path: attempt.path, alone: code, remarks }
    : { member, lack: attempt.lack, remarks };
}

/** By the source that sluice.yaml names; what only its networks lack costs no pod its route. */
function named(
  row: SourceRow,
  member: PodMember,
  node: NetworkNode,
  options: PathOptions,
): Finding {
  const tried = routeBy(row, member, node, options);
  if ('path' in tried) return { member, path: tried.path, remarks: [] };
  if (!row.perPod) return { member, lack: tried.lack, remarks: [] };
  const own = ownRoute(row, member, node, options);
  const { code } = tried.lack;
  if (code === 'GW180' || code === 'GW183')
    return alone(member, own, { code: 'GW183', remarks: [] });
  // Without an address of the node, the pod has no route of its own either.
  return 'path' in own
    ? { member, path: own.path, remarks: [tried.lack] }
    : { member, lack: own.lack, remarks: [] };
}

/** The sources that know tunnels. */
const TUNNELS: Partial<Record<NetworkSource, typeof flannelTunnel>> = {
  flannel: flannelTunnel,
  cilium: ciliumTunnel,
};

/** A tunnel has one source: its records would not reach nodes of another CNI. */
function tunnelled(member: PodMember, node: NetworkNode, options: PathOptions): Finding {
  const seen = node.network?.flannel === undefined ? node.network?.cilium && 'cilium' : 'flannel';
  const source = options.from === 'auto' ? seen : options.from;
  const row = source && sourceRow(source);
  const tunnel = source && TUNNELS[source];
  if (row === undefined || tunnel === undefined)
    return {
      member,
      lack: {
        code: 'GW180',
        what: 'it has annotations neither of flannel nor of Cilium',
        remedy: `name the CNI in clusters[].network.from of ${options.cluster}: flannel or cilium`,
      },
      remarks: [],
    };
  const tried = tunnel(row, member, node, options);
  return 'path' in tried
    ? { member, path: tried.path, remarks: [] }
    : { member, lack: tried.lack, remarks: [] };
}

/** The path of one member, or why it has none. */
function findingOf(
  member: PodMember,
  node: NetworkNode | undefined,
  options: PathOptions,
): Finding {
  if (node === undefined)
    return {
      member,
      lack: {
        code: 'GW180',
        what: 'the node is not known',
        remedy: 'wait until it is, or add it to the files',
      },
      remarks: [],
    };
  if (options.mode === 'vxlan') return tunnelled(member, node, options);
  const row = sourceRow(options.from);
  return row === undefined ? automatic(member, node, options) : named(row, member, node, options);
}

/** What stands on the device for a path, beside its key. */
function target(path: Path): string {
  return path.kind === 'route' ? path.via : path.endpoint;
}

/** Keys that nodes claim for different targets: each node with its claim. */
function contested(findings: readonly Finding[]): ReadonlyMap<string, readonly string[]> {
  const claims = new Map<string, Map<string, string>>();
  for (const { path } of findings) {
    if (path === undefined) continue;
    const key = pathKey(path);
    const nodes = claims.get(key) ?? new Map<string, string>();
    claims.set(key, nodes.set(target(path), path.node));
  }
  return new Map(
    [...claims]
      .filter(([, nodes]) => nodes.size > 1)
      .map(([key, nodes]) => [key, [...new Set(nodes.values())].sort()]),
  );
}

/**
 * Of nodes with one network or MAC, which one is right cannot be known. With `auto` and with sources
 * that allow it, their pods get routes of their own, which are right in any case.
 */
function settle(
  findings: readonly Finding[],
  nodes: ReadonlyMap<string, NetworkNode>,
  options: PathOptions,
): { readonly findings: readonly Finding[]; readonly notes: readonly PathNote[] } {
  const disputes = contested(findings);
  const { mode, from } = options;
  const isReplaced = mode === 'routes' && (from === 'auto' || sourceRow(from)?.perPod === true);
  const notes = [...disputes].map(([key, names]): PathNote => {
    const [kind = '', what = ''] = key.split(' ');
    const object = kind === 'route' ? 'pod network' : 'MAC';
    const effect = isReplaced
      ? 'each of their pods gets a route of its own'
      : 'there is no path to their pods';
    return {
      object: `Node ${names[0]}`,
      code: 'GW182',
      message:
        `nodes ${firstNamed(names)} have the same ${object} ${what}, so ${effect}; ` +
        'correct the node that does not use it',
    };
  });
  const settled = findings.map((finding): Finding => {
    const { member, path, remarks } = finding;
    if (path === undefined || !disputes.has(pathKey(path))) return finding;
    const node = nodes.get(path.node);
    if (!isReplaced || node === undefined) return { member, remarks };
    const own = ownRoute(sourceRow(path.source) ?? HOST_ROW, member, node, options);
    return 'path' in own
      ? { member, path: own.path, remarks }
      : { member, lack: own.lack, remarks };
  });
  return { findings: settled, notes };
}

/**
 * Needs of `objects` the nodes, and of the optional kinds those of the CNI. `about` is the object of
 * notes that concern no single node.
 */
export function findPaths(
  members: readonly PodMember[],
  objects: Pick<KubernetesObjects, 'nodes' | 'optionalKinds'>,
  options: PathOptions & { readonly about: string },
): FoundPaths {
  const { nodes, unread } = networkNodes(objects, options);
  const byName = new Map(nodes.map((node) => [node.meta.name, node]));
  const asked = members.filter((one) => !isOnHost(one, byName.get(one.nodeName)));
  const first = asked.map((one) => findingOf(one, byName.get(one.nodeName), options));
  const { findings, notes } = settle(first, byName, options);
  return {
    paths: mergePaths(findings.flatMap(({ path }) => path ?? [])),
    notes: [...pathNotes(findings, { ...options, unread }), ...notes],
    missing: [
      ...new Set(
        findings.filter(({ path }) => path === undefined).map(({ member }) => member.address),
      ),
    ].sort(),
  };
}
