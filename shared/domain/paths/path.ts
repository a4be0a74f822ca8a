/** How BIG-IP reaches a pool member: through a route, or through a VXLAN tunnel. */
import * as z from 'zod';
import { NetworkSource } from '../snapshot/node-network.ts';
import { Name } from '../text/bounded.ts';

const COMMON = {
  node: Name,
  /** Where the network or the endpoint is named. */
  source: NetworkSource,
  /** Members that are reached through it, as they stand in pools, sorted. */
  members: z.array(z.string()),
};

/** A route to the pods of a node, or to one pod. */
export const RoutePath = z.strictObject({
  kind: z.literal('route'),
  /** With the route domain, as BIG-IP writes it: `10.244.3.0%2/24`. */
  network: z.string(),
  /** Address of the node, in the same route domain. */
  via: z.string(),
  ...COMMON,
});
export type RoutePath = z.infer<typeof RoutePath>;

/** A forwarding record of a tunnel. The tunnel depends on the device (`devices[].networks`). */
export const TunnelPath = z.strictObject({
  kind: z.literal('vxlan'),
  /** In lower case. */
  mac: z.string(),
  /** Address of the node. Its route domain is that of the tunnel's local address. */
  endpoint: z.string(),
  /** Members need an ARP or NDP entry with this MAC each, because nothing answers for them. */
  neighbours: z.boolean(),
  ...COMMON,
});
export type TunnelPath = z.infer<typeof TunnelPath>;

/** A path, with the members that need it. */
export const Path = z.discriminatedUnion('kind', [RoutePath, TunnelPath]);
export type Path = z.infer<typeof Path>;

/** Equal for paths that are one object on a device. */
export function pathKey(path: Path): string {
  return path.kind === 'route' ? `route ${path.network}` : `vxlan ${path.mac}`;
}

/** Sorted; paths that are one object on a device are one path, with the members of all. */
export function mergePaths(paths: readonly Path[]): readonly Path[] {
  const byKey = Map.groupBy(paths, pathKey);
  return [...byKey]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, same]) => {
      const [first] = same.toSorted((a, b) => (a.node < b.node ? -1 : 1));
      const members = [...new Set(same.flatMap((path) => path.members))].sort();
      return first === undefined ? [] : [{ ...first, members }];
    });
}
