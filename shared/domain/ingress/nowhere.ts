/** Gateways that no gateway pod reads, wherever it is. */
import { keyOf } from './age.ts';
import { headOf } from './model.ts';
import type { Reasoned } from './model.ts';
import type { Pod } from './objects.ts';
import { selectsNothing, selectsSidecars } from './selection.ts';
import type { ServerReport } from './verdict.ts';
import type { Config, World } from './world.ts';

/** The first sidecar that carries the labels of a gateway, which explains a common mistake. */
function sidecarsByConfig(world: World): ReadonlyMap<Config, Pod> {
  const found = new Map<Config, Pod>();
  for (const pod of world.objects.pods) {
    if (pod.proxy !== 'sidecar') continue;
    for (const config of world.istio.find(pod.meta.labels)) {
      const there = found.get(config);
      if (there === undefined || keyOf(pod.meta) < keyOf(there.meta)) found.set(config, pod);
    }
  }
  return found;
}

function whyNowhere(config: Config, sidecar: Pod | undefined): Reasoned {
  if (config.api === 'istio')
    return sidecar === undefined
      ? selectsNothing(config.gateway)
      : selectsSidecars(config.gateway, sidecar);
  const { deployment, key } = config.view;
  if (deployment.mode === 'none') return deployment;
  return {
    code: 'MAP207',
    reason: `Gateway ${key} opens no port: Service ${deployment.services.join(', ')} is not there, has no ports, or selects no gateway pod`,
  };
}

function reportsOf(config: Config, why: Reasoned): ServerReport[] {
  return config.servers.map((server) => {
    const fault = 'fault' in server ? server.fault : undefined;
    return {
      ...headOf(server.id),
      verdict: fault === undefined ? 'not-selected' : 'rejected',
      code: (fault ?? why).code,
      reason: (fault ?? why).reason,
      envoyPorts: [],
      servicePorts: [],
      missingInService: false,
    };
  });
}

function gatewayOf(config: Config): string {
  return config.api === 'istio'
    ? `istio ${config.gateway.meta.namespace}/${config.gateway.meta.name}`
    : `gateway-api ${config.view.key}`;
}

/** Reports of the gateways that are in none of `known`. */
export function unselected(world: World, known: readonly ServerReport[]): ServerReport[] {
  const seen = new Set(known.map(({ api, gateway }) => `${api} ${gateway}`));
  const sidecars = sidecarsByConfig(world);
  return world.configs
    .filter((config) => !seen.has(gatewayOf(config)))
    .flatMap((config) => reportsOf(config, whyNowhere(config, sidecars.get(config))));
}
