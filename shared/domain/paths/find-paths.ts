/**
 * The paths to the members of an ingress. Pure, independent of the order of its input, and one node
 * never affects the members on another one, unless both claim the same network or MAC.
 */
import { parseIp } from '../net/ip.ts';
import type { Node } from '../snapshot/objects.ts';
import type { NetworkSource } from '../snapshot/node-network.ts';
import {
  type Attempt,
  ciliumTunnel,
  flannelTunnel,
  type Lack,
  ownRoute,
  type PodMember,
  routeBy,
} from './attempt.ts';
import { inWords } from './in-words.ts';
import type { PathOptions } from './network-config.ts';
import { mergePaths, type Path, pathKey } from './path.ts';
import { HOST_ROW, rowOf, SOURCE_ROWS, type SourceRow } from './sources.ts';

export type { PodMember } from './attempt.ts';

/** A note about a node, as in `exposure.ts`. */
export interface PathNote {
  readonly object: string;
  readonly code: string;
  readonly message: string;
}

/** The paths of one ingress. */
export interface FoundPaths {
  /** Sorted, one for each object on a device. */
  readonly paths: readonly Path[];
  readonly notes: readonly PathNote[];
  /** Members without a path, sorted. */
  readonly missing: readonly string[];
}

/** What was found for one member. A remark is a lack that another source made up for. */
interface Finding {
  readonly member: PodMember;
  readonly path?: Path;
  readonly lack?: Lack;
  /** The code of the remark that its pod gets a route of its own. */
  readonly alone?: 'GW183' | 'GW185';
  readonly remarks: readonly Lack[];
}

/** Gateway pods on the host network have the address of their node, which needs no path. */
function isOnHost({ ip }: PodMember, node: Node | undefined): boolean {
  return (node?.addresses ?? []).some(({ address }) => {
    const own = parseIp(address);
    return own?.family === ip.family && own.value === ip.value;
  });
}

/** The first source that has a network with the pod in it; else a route of its own. */
function automatic(member: PodMember, node: Node, options: PathOptions): Finding {
  const remarks: Lack[] = [];
  for (const row of SOURCE_ROWS.filter(({ isSeen }) => isSeen(node))) {
    const tried = routeBy(row, member, node, options);
    if ('path' in tried) return { member, path: tried.path, remarks };
    if (tried.lack.code === 'GW181' || tried.lack.code === 'GW186') remarks.push(tried.lack);
  }
  return alone(member, ownRoute(HOST_ROW, member, node, options), { code: 'GW185', remarks });
}

function alone(
  member: PodMember,
  attempt: Attempt,
  { code, remarks }: { readonly code: 'GW183' | 'GW185'; readonly remarks: readonly Lack[] },
): Finding {
  return 'path' in attempt
    ? { member, path: attempt.path, alone: code, remarks }
    : { member, lack: attempt.lack, remarks };
}

/** By the source that sluice.yaml names, and by no other. */
function named(row: SourceRow, member: PodMember, node: Node, options: PathOptions): Finding {
  const tried = routeBy(row, member, node, options);
  if ('path' in tried) return { member, path: tried.path, remarks: [] };
  const { code } = tried.lack;
  if (!row.perPod || (code !== 'GW180' && code !== 'GW183'))
    return { member, lack: tried.lack, remarks: [] };
  const why = code === 'GW180' ? 'GW185' : 'GW183';
  return alone(member, ownRoute(row, member, node, options), { code: why, remarks: [] });
}

/** The sources that know tunnels. */
const TUNNELS: Partial<Record<NetworkSource, typeof flannelTunnel>> = {
  flannel: flannelTunnel,
  cilium: ciliumTunnel,
};

function tunnelled(member: PodMember, node: Node, options: PathOptions): Finding {
  const seen = node.network?.flannel === undefined ? node.network?.cilium && 'cilium' : 'flannel';
  const source = options.from === 'auto' ? seen : options.from;
  const row = source && rowOf(source);
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

function findingOf(member: PodMember, node: Node | undefined, options: PathOptions): Finding {
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
  const row = rowOf(options.from);
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
 * Of nodes with one network or MAC, which one is right cannot be known. With `auto`, their pods get
 * routes of their own, which are right in any case.
 */
function settle(
  findings: readonly Finding[],
  nodes: ReadonlyMap<string, Node>,
  options: PathOptions,
): { readonly findings: readonly Finding[]; readonly notes: readonly PathNote[] } {
  const disputes = contested(findings);
  const notes = [...disputes].map(([key, names]): PathNote => {
    const [kind = '', what = ''] = key.split(' ');
    const object = kind === 'route' ? 'pod network' : 'MAC';
    const effect =
      options.mode === 'routes' && options.from === 'auto'
        ? 'each of their pods gets a route of its own'
        : 'there is no path to their pods';
    return {
      object: `Node ${names[0]}`,
      code: 'GW182',
      message:
        `nodes ${inWords(names)} have the same ${object} ${what}, so ${effect}; ` +
        'correct the node that does not use it',
    };
  });
  const settled = findings.map((finding): Finding => {
    const { member, path, remarks } = finding;
    if (path === undefined || !disputes.has(pathKey(path))) return finding;
    const node = nodes.get(path.node);
    if (options.mode === 'vxlan' || options.from !== 'auto' || node === undefined)
      return { member, remarks };
    const own = ownRoute(rowOf(path.source) ?? HOST_ROW, member, node, options);
    return 'path' in own
      ? { member, path: own.path, remarks }
      : { member, lack: own.lack, remarks };
  });
  return { findings: settled, notes };
}

/** One note for each node and reason. */
function lackNotes(findings: readonly Finding[]): readonly PathNote[] {
  const told = findings
    .filter(({ member }) => !member.leaving)
    .flatMap(({ member, lack, path, remarks }) => [
      ...(lack === undefined ? [] : [{ member, lack, effect: 'no path to' }]),
      ...remarks.map((remark) => ({
        member,
        lack: remark,
        effect: path === undefined ? 'no path to' : 'another source serves',
      })),
    ]);
  const alike = Map.groupBy(told, ({ member, lack, effect }) =>
    JSON.stringify([member.nodeName, lack, effect]),
  );
  return [...alike.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { member, lack, effect } = first;
    const all = [...new Set(same.map((one) => one.member.address))].sort();
    return [
      {
        object: `Node ${member.nodeName}`,
        code: lack.code,
        message: `${effect} ${inWords(all)}: ${lack.what}; ${lack.remedy}`,
      },
    ];
  });
}

/** Why pods get a route of their own, in one note for each reason. */
const ALONE = {
  GW183: 'has an address outside the networks of its node',
  GW185: 'is in no network that its node names',
} as const;

function aloneNotes(
  findings: readonly Finding[],
  about: string,
  from: PathOptions['from'],
): readonly PathNote[] {
  return (['GW183', 'GW185'] as const).flatMap((code) => {
    const members = findings
      .filter((one) => one.alone === code && !one.member.leaving)
      .map(({ member }) => `${member.address} (node ${member.nodeName})`);
    if (members.length === 0) return [];
    const message =
      `network.from: ${from}: a route of its own for each of ` +
      `${inWords([...new Set(members)].sort())}, which ${ALONE[code]}`;
    return [{ object: about, code, message }];
  });
}

/** `about` is the object of notes that concern no single node. */
export function findPaths(
  members: readonly PodMember[],
  nodes: readonly Node[],
  options: PathOptions & { readonly about: string },
): FoundPaths {
  const byName = new Map(nodes.map((node) => [node.meta.name, node]));
  const asked = members.filter((one) => !isOnHost(one, byName.get(one.nodeName)));
  const first = asked.map((one) => findingOf(one, byName.get(one.nodeName), options));
  const { findings, notes } = settle(first, byName, options);
  return {
    paths: mergePaths(findings.flatMap(({ path }) => path ?? [])),
    notes: [...lackNotes(findings), ...aloneNotes(findings, options.about, options.from), ...notes],
    missing: [
      ...new Set(
        findings.filter(({ path }) => path === undefined).map(({ member }) => member.address),
      ),
    ].sort(),
  };
}
