/**
 * istio-port-mapping.md §2: whether a TCP-like server has a filter chain; without one there is no
 * listener.
 */
import { namespacedName } from './object-age.ts';
import { hostName, hostNamespace, hostsOverlap } from './hosts.ts';
import type { MeshOptions } from './mesh.ts';
import { isUnderHosts } from './mesh-services.ts';
import type { CodedReason, ServerSpec } from './model.ts';
import type { Service, VirtualService } from '../snapshot/objects.ts';
import type { BlocksByPort, BoundBlock, RouteTable } from './route-table.ts';

/**
 * Whether a TCP-like server has a route. `by` names the route for the message; otherwise code and
 * reason say what is missing.
 */
export type RouteVerdict =
  { readonly routed: true; readonly by: string } | ({ readonly routed: false } & CodedReason);

/**
 * What the search for a route needs besides the server: the routes, and the Services for
 * AUTO_PASSTHROUGH.
 */
export interface RouteContext {
  /** `emptyRouteCounts` decides about blocks without destinations. */
  readonly mesh: MeshOptions;
  /** What the gateway pods see of VirtualServices: exported to them, and read by their revision. */
  readonly table: RouteTable;
  /** Those that the mesh reads; with AUTO_PASSTHROUGH they are the routes. */
  readonly services: readonly Service[];
}

/**
 * A host of a server may name a namespace, as in `ns/host`; then only VirtualServices of that
 * namespace match.
 */
function overlaps(server: ServerSpec, virtualService: VirtualService): boolean {
  return server.hosts.some((host) => {
    const namespace = hostNamespace(host);
    if (namespace !== undefined && namespace !== virtualService.meta.namespace) return false;
    const name = hostName(host);
    return virtualService.hosts.some((other) => hostsOverlap(name, other));
  });
}

/** Whether the block makes a listener; before Istio 1.31, one with an empty route did. */
function counts(block: BoundBlock, mesh: MeshOptions): boolean {
  return block.destinations > 0 || mesh.emptyRouteCounts;
}

/** Blocks for this port, and those for any port. */
function listsFor(
  blocks: BlocksByPort | undefined,
  server: ServerSpec,
): readonly (readonly BoundBlock[])[] {
  const names = server.hosts.map(hostName);
  return [
    blocks?.get(server.number)?.candidates(names) ?? [],
    blocks?.get(0)?.candidates(names) ?? [],
  ];
}

/**
 * The first matching block of the first VirtualService decides; its existence creates the listener.
 */
function tcpRoute(server: ServerSpec, world: RouteContext): BoundBlock | undefined {
  const firsts = listsFor(world.table.tcp.get(server.gateway), server).flatMap(
    (list) =>
      list.find((block) => counts(block, world.mesh) && overlaps(server, block.virtualService)) ??
      [],
  );
  return firsts.sort((a, b) => a.order - b.order)[0];
}

interface SniAnswer {
  readonly by: BoundBlock | undefined;
  /** The first host that another chain already has, with its holder. */
  readonly taken: string | undefined;
}

/** One chain per match whose SNI hosts are all new on this listener. */
function passthroughRoutes(
  server: ServerSpec,
  world: RouteContext,
  sni: Map<string, string>,
): SniAnswer {
  const blocks = listsFor(world.table.tls.get(server.gateway), server)
    .flat()
    .sort((a, b) => a.order - b.order);
  let by: BoundBlock | undefined;
  let taken: string | undefined;
  for (const block of blocks) {
    if (!counts(block, world.mesh) || !overlaps(server, block.virtualService)) continue;
    const again = block.sniHosts.find((host) => sni.has(host));
    if (again !== undefined) {
      taken ??=
        `VirtualService ${sni.get(again) ?? ''} already routes SNI host ${again} of ` +
        `VirtualService ${namespacedName(block.virtualService.meta)}`;
      continue;
    }
    for (const host of block.sniHosts) sni.set(host, namespacedName(block.virtualService.meta));
    by ??= block;
  }
  return { by, taken };
}

/** Which block of VirtualServices decides; passthrough servers look at `tls`, others at `tcp`. */
type BlockKind = 'tcp' | 'tls';

/** The reason why a VirtualService does not route to a server. */
function whyNot(server: ServerSpec, virtualService: VirtualService, block: BlockKind): string {
  const name = `VirtualService ${namespacedName(virtualService.meta)}`;
  if (!overlaps(server, virtualService))
    return (
      `hosts of ${name} (${virtualService.hosts.join(', ') || 'none'}) do not overlap with ` +
      server.hosts.join(', ')
    );
  const blocks = virtualService[block];
  if (blocks.length === 0) return `${name} has no ${block} block`;
  if (blocks.every(({ destinations }) => destinations === 0))
    return `the ${block} blocks of ${name} have no destination`;
  return `no ${block} block of ${name} matches port ${server.number}`;
}

/** VirtualServices named in one reason; the others are counted. */
const MAX_SHOWN = 3;

/** The reason for a server without a route, with the nearest VirtualService. */
function explainMissing(server: ServerSpec, table: RouteTable, block: BlockKind): CodedReason {
  const bound = table.bound.get(server.gateway) ?? [];
  const hidden = table.hidden.get(server.gateway) ?? [];
  const wanted = `a VirtualService with a ${block} block for port ${server.number} and gateways: [${server.gateway}]`;
  if (bound.length === 0 && hidden.length === 0) {
    return {
      code: 'MAP230',
      reason:
        'Envoy opens this port only if it has a route, ' +
        `and no VirtualService names Gateway ${server.gateway}; add ${wanted}`,
    };
  }
  const reasons = [
    ...bound.slice(0, MAX_SHOWN).map((virtualService) => whyNot(server, virtualService, block)),
    ...hidden
      .slice(0, MAX_SHOWN)
      .map(
        (virtualService) =>
          `VirtualService ${namespacedName(virtualService.meta)} is not exported to the namespace of the gateway pods`,
      ),
  ];
  const more = bound.length + hidden.length - reasons.length;
  const rest = more > 0 ? `, and ${more} more do not match` : '';
  return {
    code: 'MAP231',
    reason: `Envoy opens this port only if it has a route: ${reasons.join('; ')}${rest}; it needs ${wanted}`,
  };
}

/** With AUTO_PASSTHROUGH, Services are the routes. */
function autoPassthrough(server: ServerSpec, services: readonly Service[]): RouteVerdict {
  const names = server.hosts.map(hostName);
  const found = services.find((service) => isUnderHosts(service, names));
  if (found !== undefined) return { routed: true, by: `Service ${namespacedName(found.meta)}` };
  return {
    routed: false,
    code: 'MAP232',
    reason: `AUTO_PASSTHROUGH opens a port only for mesh Services, and no Service matches ${names.join(', ')}`,
  };
}

/** Gateway API: an attached route with a backend replaces the VirtualService. */
function attachedRoute(server: ServerSpec): RouteVerdict {
  const [first] = server.attachment?.routes ?? [];
  if (first !== undefined) return { routed: true, by: first };
  const kinds = server.kind === 'TCP' ? 'TCPRoute' : 'TLSRoute';
  return {
    routed: false,
    code: 'MAP233',
    reason:
      'Envoy opens this port only if it has a route, ' +
      `and no ${kinds} is attached to listener ${server.name} of Gateway ${server.gateway}`,
  };
}

/** Routes of a TLS server: passthrough by SNI, else TCP. */
function bySni(server: ServerSpec, world: RouteContext, sni: Map<string, string>): RouteVerdict {
  const { by, taken } = passthroughRoutes(server, world, sni);
  if (by !== undefined)
    return { routed: true, by: `VirtualService ${namespacedName(by.virtualService.meta)}` };
  if (taken !== undefined)
    return {
      routed: false,
      code: 'MAP234',
      reason: `${taken} on this port, so istiod creates no filter chain for this server`,
    };
  return { routed: false, ...explainMissing(server, world.table, 'tls') };
}

/** Routes of a server that is plain TCP or terminates TLS. */
function byTcp(server: ServerSpec, world: RouteContext): RouteVerdict {
  const block = tcpRoute(server, world);
  if (block !== undefined)
    return { routed: true, by: `VirtualService ${namespacedName(block.virtualService.meta)}` };
  return { routed: false, ...explainMissing(server, world.table, 'tcp') };
}

/** `sni`: chains of this server's listener so far; call for servers in istiod's building order. */
export function findRoute(
  server: ServerSpec,
  world: RouteContext,
  sni: Map<string, string>,
): RouteVerdict {
  switch (server.kind) {
    case 'HTTP':
    case 'HTTPS':
    case 'HTTP3':
      return { routed: true, by: '' };
    case 'TLS_AUTO_PASSTHROUGH':
      return autoPassthrough(server, world.services);
    case 'TLS_PASSTHROUGH':
      return server.attachment === undefined ? bySni(server, world, sni) : attachedRoute(server);
    case 'TCP':
    case 'TLS_TERMINATE':
      return server.attachment === undefined ? byTcp(server, world) : attachedRoute(server);
  }
}
