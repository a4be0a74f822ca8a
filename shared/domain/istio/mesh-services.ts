/**
 * istio-port-mapping.md §2: AUTO_PASSTHROUGH creates a filter chain for each mesh Service that
 * matches the hosts of a server; a listener needs one.
 */
import { creationTime, compareByCodeUnits, namespacedName } from './object-age.ts';
import { isAutoPassthrough } from './gateway-api/listener-tls.ts';
import { hostName, isSubsetOf } from './hosts.ts';
import type { KubernetesObjects, Service } from '../snapshot/objects.ts';

/** AUTO_PASSTHROUGH matches host names of Services, which end like this. */
const MESH_DOMAIN = 'svc.cluster.local';

/** A server or listener that opens its port only for mesh Services. */
export interface MeshServiceDemand {
  /** `namespace/name` of the gateway. */
  readonly gateway: string;
  readonly api: 'istio' | 'gateway-api';
  /** Host names without the namespace prefixes of servers. */
  readonly names: readonly string[];
}

/** Whether one of `names` matches the Service. */
export function isUnderHosts({ meta, type, ports }: Service, names: readonly string[]): boolean {
  const host = `${meta.name}.${meta.namespace}.${MESH_DOMAIN}`;
  return (
    type !== 'ExternalName' &&
    ports.some(({ protocol }) => protocol !== 'UDP') &&
    names.some((name) => isSubsetOf(host, name))
  );
}

/** istio-port-mapping.md §1.2.4, in the order of `serviceDirectory`. */
export function isOlderService(a: Service, b: Service): boolean {
  const [bornA, bornB] = [creationTime(a.meta), creationTime(b.meta)];
  return bornA === bornB
    ? compareByCodeUnits(
        `${a.meta.name}.${a.meta.namespace}`,
        `${b.meta.name}.${b.meta.namespace}`,
      ) < 0
    : bornA < bornB;
}

/**
 * The only Service (`namespace/name`) or namespace that a host name can match; undefined if there
 * may be several.
 */
export function scopeOfHost(
  name: string,
): { readonly service: string } | { readonly namespace: string } | undefined {
  const parts = name.endsWith(`.${MESH_DOMAIN}`)
    ? name.slice(0, -MESH_DOMAIN.length - 1).split('.')
    : [];
  const [service = '', namespace] = parts;
  if (parts.length !== 2 || namespace === undefined) return undefined;
  if (service === '*') return { namespace };
  return service.startsWith('*') ? undefined : { service: `${namespace}/${service}` };
}

/**
 * The mesh Services that these gateways need, including those of servers that are refused for
 * another reason.
 */
export function meshServiceDemands({
  gateways,
  apiGateways,
  listenerSets,
}: Pick<KubernetesObjects, 'gateways' | 'apiGateways' | 'listenerSets'>): MeshServiceDemand[] {
  const istio = gateways.flatMap(({ meta, servers }) =>
    servers.flatMap((server): MeshServiceDemand[] =>
      'malformed' in server || server.tls?.mode !== 'AUTO_PASSTHROUGH'
        ? []
        : [{ gateway: namespacedName(meta), api: 'istio', names: server.hosts.map(hostName) }],
    ),
  );
  const api = apiGateways.flatMap((gateway) => {
    const sets = listenerSets.filter(
      ({ parent }) => namespacedName(parent) === namespacedName(gateway.meta),
    );
    return [...gateway.listeners, ...sets.flatMap(({ listeners }) => listeners)]
      .filter((listener) => isAutoPassthrough(gateway, listener))
      .map(({ hostname }): MeshServiceDemand => ({
        gateway: namespacedName(gateway.meta),
        api: 'gateway-api',
        names: [hostname === undefined || hostname === '' ? '*' : hostname],
      }));
  });
  return [...istio, ...api];
}
