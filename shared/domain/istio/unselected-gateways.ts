/** Gateways that no gateway pod reads. */
import { namespacedName } from './object-age.ts';
import { reportHead } from './model.ts';
import type { CodedReason } from './model.ts';
import type { Pod } from '../snapshot/objects.ts';
import { selectsNothing, selectsSidecars } from './selection.ts';
import type { ServerReport } from './port-mapping.ts';
import type { GatewayConfig, ClusterModel } from './cluster-model.ts';

/** The first sidecar with the labels of a gateway, which explains a common mistake. */
function sidecarsByConfig(world: ClusterModel): ReadonlyMap<GatewayConfig, Pod> {
  const found = new Map<GatewayConfig, Pod>();
  for (const pod of world.objects.pods) {
    if (pod.proxy !== 'sidecar') continue;
    for (const config of world.istio.find(pod.meta.labels)) {
      const there = found.get(config);
      if (there === undefined || namespacedName(pod.meta) < namespacedName(there.meta))
        found.set(config, pod);
    }
  }
  return found;
}

/** The reason why no workload has the gateway. */
function whyNowhere(config: GatewayConfig, sidecar: Pod | undefined): CodedReason {
  if (config.api === 'istio')
    return sidecar === undefined
      ? selectsNothing(config.gateway)
      : selectsSidecars(config.gateway, sidecar);
  const { deployment, key } = config.view;
  if (deployment.mode === 'none') return deployment;
  return {
    code: 'MAP207',
    reason:
      `Gateway ${key} opens no port: ` +
      `Service ${deployment.services.join(', ')} does not exist, has no ports, ` +
      'or selects no gateway pod',
  };
}

/** Servers that cannot be read are rejected for that, whoever would read the gateway. */
function reportsOf(config: GatewayConfig, why: CodedReason): ServerReport[] {
  return config.servers.map((server) => {
    const fault = 'fault' in server ? server.fault : undefined;
    return {
      ...reportHead(server.id),
      verdict: fault === undefined ? 'not-selected' : 'rejected',
      code: (fault ?? why).code,
      reason: (fault ?? why).reason,
      envoyPorts: [],
      servicePorts: [],
      missingInService: false,
    };
  });
}

/** Key of the gateway as in reports; both APIs may have the same name. */
function gatewayOf(config: GatewayConfig): string {
  return config.api === 'istio'
    ? `istio ${config.gateway.meta.namespace}/${config.gateway.meta.name}`
    : `gateway-api ${config.view.key}`;
}

/** Reports of the gateways that are not in `known`. */
export function unselectedGateways(
  world: ClusterModel,
  known: readonly ServerReport[],
): ServerReport[] {
  const seen = new Set(known.map(({ api, gateway }) => `${api} ${gateway}`));
  const sidecars = sidecarsByConfig(world);
  return world.configs
    .filter((config) => !seen.has(gatewayOf(config)))
    .flatMap((config) => reportsOf(config, whyNowhere(config, sidecars.get(config))));
}
