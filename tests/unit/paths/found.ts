import { withRouteDomain } from '../../../shared/domain/net/cluster-networks.ts';
import { parseCidr, parseIp } from '../../../shared/domain/net/ip.ts';
import { findPaths, type PodMember } from '../../../shared/domain/paths/find-paths.ts';
import type { PathOptions } from '../../../shared/domain/paths/network-config.ts';
import { pathInWords } from '../../../shared/domain/paths/entry.ts';
import { normaliseObjects } from '../../../shared/kubernetes/objects/index.ts';

/** What of the configuration differs from the defaults. */
export interface Asked {
  readonly mode?: PathOptions['mode'];
  readonly from?: PathOptions['from'];
  readonly routeDomain?: number;
  readonly nodeNetworks?: readonly string[];
  readonly podNetworks?: readonly string[];
  readonly leaving?: boolean;
}

function member(address: string, nodeName: string, { routeDomain = 0, leaving }: Asked): PodMember {
  const ip = parseIp(address);
  if (ip === undefined) throw new Error(address);
  return {
    address: withRouteDomain(address, routeDomain),
    ip,
    nodeName,
    leaving: leaving ?? false,
  };
}

/** Addresses of pods by node. */
export type Given = Readonly<Record<string, string>>;

/** The paths in words, with their sources; `raw` are Nodes and objects of CNIs. */
export function found(
  raw: readonly object[],
  pods: Given | readonly Given[],
  asked: Asked = {},
): { readonly lines: readonly string[]; readonly notes: string; readonly missing: object } {
  const {
    mode = 'routes',
    from = 'auto',
    routeDomain = 0,
    nodeNetworks = [],
    podNetworks = [],
  } = asked;
  const given = [pods].flat() as readonly Given[];
  const members = given.flatMap((one) =>
    Object.entries(one).map(([node, address]) => member(address, node, asked)),
  );
  const { paths, notes, missing } = findPaths(members, normaliseObjects(raw).objects, {
    about: 'Service a/b',
    cluster: 'east',
    mode,
    from,
    routeDomain,
    nodeNetworks: nodeNetworks.flatMap((text) => parseCidr(text) ?? []),
    podNetworks: podNetworks.flatMap((text) => parseCidr(text) ?? []),
  });
  return {
    lines: paths.flatMap((path) =>
      pathInWords(path, '/Common/east').map((line) => `${line} (${path.source})`),
    ),
    notes: notes.map(({ object, code, message }) => `${object}: ${message} (${code})`).join('\n'),
    missing,
  };
}
