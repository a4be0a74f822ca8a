/**
 * istio-port-mapping.md §2, binding of VirtualServices: the tcp and tls blocks visible in a gateway
 * pod's namespace, by gateway and match port.
 */
import { sortByAge } from './object-age.ts';
import type { MeshOptions } from './mesh.ts';
import type { RouteBlock, VirtualService } from '../snapshot/objects.ts';
import { HostIndex } from './host-index.ts';
import { matchesRevision } from './mesh.ts';

/** One tcp or tls block of a VirtualService that is bound to a gateway. */
export interface BoundBlock {
  readonly virtualService: VirtualService;
  readonly sniHosts: readonly string[];
  /** Number of destinations; without one there is no route. */
  readonly destinations: number;
  /** Position in istiod's order; smaller comes first. */
  readonly order: number;
}

/** Blocks of one gateway by match port; 0 holds those for any port. */
export type BlocksByPort = ReadonlyMap<number, HostIndex<BoundBlock>>;

/** The VirtualServices of a namespace by `namespace/name` of the gateway they refer to. */
export interface RouteTable {
  readonly tcp: ReadonlyMap<string, BlocksByPort>;
  readonly tls: ReadonlyMap<string, BlocksByPort>;
  /** Visible VirtualServices that refer to the gateway. */
  readonly bound: ReadonlyMap<string, readonly VirtualService[]>;
  /** VirtualServices that refer to it but are not exported to the pods' namespace. */
  readonly hidden: ReadonlyMap<string, readonly VirtualService[]>;
}

/**
 * `ns/name`; `name` and `./name` in the VirtualService's namespace; `name.ns.svc…` in the old
 * format. Undefined for the mesh.
 */
export function gatewayName(name: string, namespace: string): string | undefined {
  if (name === 'mesh') return undefined;
  if (name.startsWith('./')) return `${namespace}/${name.slice(2)}`;
  if (name.includes('/')) return name;
  const [gateway = '', in_] = name.split('.');
  return `${in_ ?? namespace}/${gateway}`;
}

/**
 * 0 private, 1 exported by name, 2 public, in this order; undefined if the namespace does not see
 * it.
 */
function visibility(
  virtualService: VirtualService,
  namespace: string,
  mesh: MeshOptions,
): number | undefined {
  const exportTo =
    virtualService.exportTo.length > 0
      ? virtualService.exportTo
      : mesh.defaultVirtualServiceExportTo;
  const own = virtualService.meta.namespace === namespace;
  if (exportTo.includes('*')) return 2;
  if (own && (exportTo.includes('.') || exportTo.includes(namespace))) return 0;
  return exportTo.includes(namespace) ? 1 : undefined;
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, [item]);
  else there.push(item);
}

type Growing = Map<string, Map<number, HostIndex<BoundBlock>>>;

/** A VirtualService and one Gateway that it names, in the order in which istiod reads them. */
interface Binding {
  readonly virtualService: VirtualService;
  readonly gateway: string;
  readonly order: number;
}

/** Adds a block to those of a gateway and port. */
function place(
  blocks: Growing,
  gateway: string,
  port: number | undefined,
  block: BoundBlock,
): void {
  const byPort = blocks.get(gateway) ?? new Map<number, HostIndex<BoundBlock>>();
  blocks.set(gateway, byPort);
  const index = byPort.get(port ?? 0) ?? new HostIndex<BoundBlock>();
  byPort.set(port ?? 0, index);
  index.add(block, block.virtualService.hosts);
}

type Match = RouteBlock['match'][number];

/** A match without gateways applies to all Gateways of the VirtualService. */
function namesGateway(match: Match, gateway: string, namespace: string): boolean {
  if (match.gateways === undefined || match.gateways.length === 0) return true;
  return match.gateways.some((name) => gatewayName(name, namespace) === gateway);
}

/** Adds a block to every port that its matches name. */
function addBlock(
  blocks: Growing,
  block: RouteBlock,
  binding: Binding,
  matches: readonly Match[],
): void {
  const { virtualService, gateway, order } = binding;
  for (const match of matches) {
    if (!namesGateway(match, gateway, virtualService.meta.namespace)) continue;
    place(blocks, gateway, match.port, {
      virtualService,
      sniHosts: match.sniHosts ?? [],
      destinations: block.destinations,
      order,
    });
  }
}

/**
 * A tcp block without a match list matches; a tls block has one chain per match, so none without
 * matches.
 */
function addBlocks(tcp: Growing, tls: Growing, binding: Binding): void {
  for (const block of binding.virtualService.tcp)
    addBlock(tcp, block, binding, block.match.length > 0 ? block.match : [{}]);
  for (const block of binding.virtualService.tls) addBlock(tls, block, binding, block.match);
}

/**
 * Builds the table for gateway pods in `namespace`. Applies `exportTo`, the revision and istiod's
 * order: private VirtualServices first, then exported ones, then public ones, each by age.
 */
export function routeTable(
  virtualServices: readonly VirtualService[],
  namespace: string,
  mesh: MeshOptions,
): RouteTable {
  const [tcp, tls]: [Growing, Growing] = [new Map(), new Map()];
  const [bound, hidden] = [
    new Map<string, VirtualService[]>(),
    new Map<string, VirtualService[]>(),
  ];
  const read = sortByAge(virtualServices, ({ meta }) => meta).filter((vs) =>
    matchesRevision(vs.meta, mesh),
  );
  const seen = read.map((vs) => ({ vs, rank: visibility(vs, namespace, mesh) }));
  const inOrder = [0, 1, 2].flatMap((rank) => seen.filter((one) => one.rank === rank));
  const named = (vs: VirtualService): Set<string> =>
    new Set(vs.gateways.flatMap((name) => gatewayName(name, vs.meta.namespace) ?? []));
  inOrder.forEach(({ vs }, order) => {
    for (const gateway of named(vs)) {
      push(bound, gateway, vs);
      addBlocks(tcp, tls, { virtualService: vs, gateway, order });
    }
  });
  for (const { vs, rank } of seen)
    if (rank === undefined) for (const gateway of named(vs)) push(hidden, gateway, vs);
  return { tcp, tls, bound, hidden };
}
