/** What Sluice would expose in a cluster, with the Service ports to which it leads. */
import { exposureKey, type Exposure } from '../../domain/exposure/exposure.ts';
import { ownerKey } from '../../domain/snapshot/snapshot.ts';
import type { OfflineIngress } from '../offline/ingresses.ts';

/** A Gateway of an exposure. */
export interface AskingGateway {
  readonly api: 'istio' | 'gateway-api';
  /** `namespace/name` */
  readonly gateway: string;
  /** All ports that it opens. */
  readonly ports: readonly number[];
}

/** One exposure as `map` would request it. */
export interface AskedExposure {
  /** `cluster/namespace/service` */
  readonly owner: string;
  /** `namespace/name` */
  readonly service: string;
  readonly key: string;
  readonly exposure: Exposure;
  readonly gateways: readonly AskingGateway[];
  /** Ports of the Service behind it; undefined if it has no members from which to tell. */
  readonly servicePorts: readonly number[] | undefined;
}

/** Of one cluster. */
export function askedExposures(
  cluster: string,
  ingresses: readonly OfflineIngress[],
): readonly AskedExposure[] {
  return ingresses.flatMap((ingress) =>
    ingress.built.exposures.map((exposure) => askedBy(cluster, ingress, exposure)),
  );
}

function askedBy(
  cluster: string,
  { ref, built: { servers } }: OfflineIngress,
  exposure: Exposure,
): AskedExposure {
  const service = `${ref.namespace}/${ref.service}`;
  const own = servers.filter(({ gateway }) => exposure.gateways.includes(gateway));
  const ports = new Set(exposure.members.map(({ port }) => port));
  const behind = own
    .flatMap(({ servicePorts }) => servicePorts)
    .filter((one) => one.service === service)
    .filter(({ targetPort, nodePort }) => ports.has(targetPort) || ports.has(nodePort ?? 0));
  return {
    owner: ownerKey(cluster, ref),
    service,
    key: exposureKey(exposure),
    exposure,
    gateways: gatewaysOf(own),
    servicePorts: ports.size === 0 ? undefined : [...new Set(behind.map(({ port }) => port))],
  };
}

function gatewaysOf(servers: OfflineIngress['built']['servers']): readonly AskingGateway[] {
  const byGateway = Map.groupBy(servers, ({ api, gateway }) => `${api} ${gateway}`);
  return [...byGateway.values()].flatMap((all) =>
    all.slice(0, 1).map(({ api, gateway }) => ({
      api,
      gateway,
      ports: [...new Set(all.map(({ port }) => port))].toSorted((a, b) => a - b),
    })),
  );
}
