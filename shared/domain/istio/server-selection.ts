/** istio-port-mapping.md §1.1 and §3: the servers that point at some gateway pods, in age order, and which of them the pods read. */
import { namespacedName } from './object-age.ts';
import type { CodedReason, ReadServer } from './model.ts';
import type { Service } from '../snapshot/objects.ts';
import type { PortResolver } from './port-resolution.ts';
import { whyNotRead } from './selection.ts';
import type { Workload } from './workload.ts';
import type { GatewayConfig, ClusterModel } from './cluster-model.ts';

/** Gateway pods that are alike, and the Services that translate their ports. */
export interface WorkloadContext {
  readonly world: ClusterModel;
  readonly workload: Workload;
  /** In the order of istio-port-mapping.md §1.2.4. */
  readonly services: readonly Service[];
  readonly ports: PortResolver;
}

export interface ServerSelection {
  readonly config: GatewayConfig;
  readonly server: ReadServer;
  /** Undefined when the pods read it. */
  readonly notRead: CodedReason | undefined;
  /** Undefined when nothing says that istiod makes nothing of it. */
  readonly dropped: CodedReason | undefined;
}

/** The configurations whose labels or Services point at these pods. */
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

/** istiod knows of the Gateway only through a Service that brings it at least one port of these pods. */
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

const SIDECAR: CodedReason = {
  code: 'MAP205',
  reason:
    'the pods of its Service run as sidecars, and only pods started as "proxy router" open gateway ports',
};

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
    return config.servers.map((server) => ({
      config,
      server,
      notRead,
      dropped: 'spec' in server ? server.dropped : undefined,
    }));
  });
}
