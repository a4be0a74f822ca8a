/** State of each server of a Gateway, the reason, and the remedy. */
import type { SluiceConfig } from '../../config/schema.ts';
import { CODES } from '../../domain/codes/index.ts';
import type { KubernetesObjects } from '../../domain/snapshot/objects.ts';
import { mapAll } from '../../domain/istio/map-ingress.ts';
import type { MeshOptions } from '../../domain/istio/mesh.ts';
import type { ServerReport } from '../../domain/istio/port-mapping.ts';
import { offlineIngresses } from '../offline/ingresses.ts';

export interface WhyAnswer {
  readonly server: ServerReport;
  /** `address:port/protocol` at which it is reachable, with a configuration. */
  readonly exposures: readonly string[];
  readonly remedy: string;
}

export interface GatewayQuestion {
  /** `namespace/name` */
  readonly gateway: string;
  readonly objects: KubernetesObjects;
  readonly mesh: MeshOptions;
  /** Applies settings and policy of this cluster; absent: only Istio's rules. */
  readonly configured?: { readonly config: SluiceConfig; readonly clusterId: string } | undefined;
}

/** One answer per server; empty if there is no such Gateway. Pure. */
export function explainGateway({
  gateway,
  objects,
  mesh,
  configured,
}: GatewayQuestion): readonly WhyAnswer[] {
  const mapped = mapAll(objects, mesh).flatMap(({ servers }) => servers);
  const built =
    configured === undefined
      ? []
      : offlineIngresses(objects, { ...configured, mesh }).ingresses.map((i) => i.built);
  const judged = built.flatMap((b) => b.servers);
  const exposures = built
    .flatMap((b) => b.exposures)
    .filter(({ refusedIfNew }) => refusedIfNew === undefined);
  return mapped
    .filter((server) => server.gateway === gateway)
    .map((server) => {
      const own =
        judged.find(
          (other) =>
            other.gateway === gateway && other.api === server.api && other.server === server.server,
        ) ?? server;
      const reached = exposures.filter(
        (e) =>
          e.gateways.includes(gateway) &&
          (own.envoyPorts.includes(e.port) ||
            own.servicePorts.some((p) => p.port === e.port) ||
            e.port === own.port),
      );
      return {
        server: own,
        exposures: reached.map((e) => `${e.address}:${e.port}/${e.protocol}`),
        remedy: remedyOf(own),
      };
    });
}

function remedyOf(server: ServerReport): string {
  if (server.verdict !== 'listening')
    return CODES[server.code]?.fix ?? 'See docs/reference/codes.md.';
  return server.missingInService
    ? 'The watcher adds the port to the Service, unless servicePorts is observe.'
    : 'Nothing.';
}
