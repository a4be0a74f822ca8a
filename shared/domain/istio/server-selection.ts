/**
 * istio-port-mapping.md §1.1 and §3: the servers that select some gateway pods, in age order, and
 * which of them the pods read.
 */
import { namespacedName } from './object-age.ts';
import type { CodedReason, ReadServer } from './model.ts';
import type { Service } from '../snapshot/objects.ts';
import type { PortResolver } from './port-resolution.ts';
import { whyNotRead } from './selection.ts';
import { matchesRevision, revisionLabelOf } from './mesh.ts';
import type { Workload } from './workload.ts';
import type { GatewayConfig, ClusterModel } from './cluster-model.ts';

/** Equivalent gateway pods, and the Services that translate their ports. */
export interface WorkloadContext {
  readonly world: ClusterModel;
  readonly workload: Workload;
  /** In the order of istio-port-mapping.md §1.2.4. */
  readonly services: readonly Service[];
  readonly ports: PortResolver;
}

/** A dropped server has no port, and takes none from others. */
export interface DroppedServer extends CodedReason {
  readonly verdict: 'rejected' | 'not-selected';
}

/** One server whose gateway selects the pods, whether or not they read it. */
export interface ServerSelection {
  readonly config: GatewayConfig;
  readonly server: ReadServer;
  /** Undefined if the pods read it. */
  readonly notRead: CodedReason | undefined;
  /**
   * The reason why istiod ignores it, by a rule that an earlier version did not have; undefined if
   * there is none.
   */
  readonly dropped: DroppedServer | undefined;
}

/** The configurations whose labels or Services select these pods. */
export function gatewayConfigsFor({ world, workload, services }: WorkloadContext): GatewayConfig[] {
  const unselective = workload.sidecar ? [] : world.istio.unselective;
  const api = services.flatMap(
    (service) => world.byService.get(namespacedName(service.meta)) ?? [],
  );
  const found = new Set<GatewayConfig>([
    ...world.istio.find(workload.labels),
    ...unselective,
    ...api,
  ]);
  return [...found].sort((a, b) => a.rank - b.rank);
}

/** istiod associates the Gateway only through a Service with at least one port of these pods. */
function managedGateway(
  configs: readonly GatewayConfig[],
  ports: PortResolver,
): string | undefined {
  for (const config of configs) {
    if (config.api === 'istio' || config.view.deployment.mode !== 'managed') continue;
    if (config.view.deployment.services.some((service) => ports.present.has(service)))
      return config.view.key;
  }
  return undefined;
}

/**
 * The namespace whose rules apply to a server: a ListenerSet may be in another one than its
 * Gateway.
 */
function namespaceOf(config: GatewayConfig, server: ReadServer): string {
  if (config.api === 'istio') return config.gateway.meta.namespace;
  return 'spec' in server ? server.spec.namespace : config.view.gateway.meta.namespace;
}

/**
 * Reasons by rules that an earlier version did not have: discoverySelectors, and the revision of
 * the pods.
 */
function unknownBefore(
  config: GatewayConfig,
  server: ReadServer,
  { world, workload }: WorkloadContext,
): CodedReason | undefined {
  const namespace = namespaceOf(config, server);
  const { reads, source } = world.discovery(workload.revision);
  const gateway = config.api === 'istio' ? namespacedName(config.gateway.meta) : config.view.key;
  if (!reads(namespace))
    return {
      code: 'MAP208',
      reason:
        `Gateway ${gateway} is not read: the mesh does not read namespace ${namespace}, ` +
        `whose labels none of its discoverySelectors matches (${source})`,
    };
  if (config.api !== 'istio' || !matchesRevision(config.gateway.meta, world.mesh)) return undefined;
  return matchesRevision(config.gateway.meta, workload)
    ? undefined
    : {
        code: 'MAP203',
        reason:
          `Gateway ${gateway} is not read: ` +
          `label istio.io/rev is ${revisionLabelOf(config.gateway.meta) ?? ''}, ` +
          `and the gateway pods say that revision ${workload.revision} serves them`,
      };
}

/** A listener that istiod drops for its own content, whatever pods there are. */
function droppedByItself(server: ReadServer): DroppedServer | undefined {
  const dropped = 'spec' in server ? server.dropped : undefined;
  return dropped && { verdict: 'rejected', ...dropped };
}

const SIDECAR: CodedReason = {
  code: 'MAP205',
  reason:
    'the pods of its Service run as sidecars, and only pods started as "proxy router" open gateway ports',
};

/**
 * Lists the servers of all gateways that select these pods, oldest gateway first. A gateway that
 * the pods do not read is included with the reason.
 */
export function selectServers(stage: WorkloadContext): ServerSelection[] {
  const configs = gatewayConfigsFor(stage);
  const context = {
    mesh: stage.world.mesh,
    workload: stage.workload,
    managedBy: managedGateway(configs, stage.ports),
  };
  const notReadBy = (config: GatewayConfig): CodedReason | undefined => {
    if (config.api === 'istio') return whyNotRead(config.gateway, context);
    return stage.workload.sidecar ? SIDECAR : undefined;
  };
  return configs.flatMap((config) => {
    const notRead = notReadBy(config);
    return config.servers.map((server) => {
      const unknown = unknownBefore(config, server, stage);
      const isNew =
        unknown !== undefined && (notRead === undefined || notRead.code === unknown.code);
      return {
        config,
        server,
        notRead: isNew ? undefined : notRead,
        dropped: isNew ? { verdict: 'not-selected', ...unknown } : droppedByItself(server),
      };
    });
  });
}
