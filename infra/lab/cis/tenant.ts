/** The AS3 tenant that F5 CIS posts: everything in one application, nodes in /Common. */
import type { CisInput, CisServer } from './objects.ts';

const CLASSES = { http: 'Service_HTTP', tcp: 'Service_TCP', performance: 'Service_L4' } as const;

interface ServiceSpec {
  readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[];
}

/** Members are the node ports of the Service on every node that is ready. */
function membersOf(
  { service, servicePort }: CisServer,
  services: readonly CisInput[],
  nodes: readonly string[],
): readonly object[] {
  const found = services.find(
    ({ metadata }) => `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}` === service,
  );
  const { ports = [] } = (found?.['spec'] ?? {}) as ServiceSpec;
  const nodePort = ports.find(({ port }) => port === servicePort)?.nodePort;
  if (nodePort === undefined) return [];
  return nodes.map((address) => ({
    addressDiscovery: 'static',
    servicePort: nodePort,
    serverAddresses: [address],
    shareNodes: true,
  }));
}

function objectsOf(
  server: CisServer,
  partition: string,
  members: readonly object[],
): Readonly<Record<string, object>> {
  const path = (name: string): object => ({ use: `/${partition}/Shared/${name}` });
  const monitors = server.monitors.map((one, i) => ({ ...one, name: `${server.pool}_${i}` }));
  const { mode, address, port, snat, pool } = server;
  return {
    [server.name]: {
      class: CLASSES[mode],
      ...(mode === 'performance' && { profileL4: 'basic', layer4: 'tcp' }),
      virtualAddresses: [address],
      virtualPort: port,
      snat,
      pool: path(pool),
    },
    [pool]: {
      class: 'Pool',
      loadBalancingMode: server.balance,
      minimumMonitors: monitors.length === 0 ? 'all' : 1,
      members,
      ...(monitors.length > 0 && { monitors: monitors.map(({ name }) => path(name)) }),
    },
    ...Object.fromEntries(
      monitors.map(({ name, type, interval }) => [
        name,
        { class: 'Monitor', monitorType: type, interval, timeout: 3 * interval + 1 },
      ]),
    ),
  };
}

/** Without servers, CIS flushes its default partition and keeps it. */
export function tenantOf(
  partition: string,
  servers: readonly CisServer[],
  services: readonly CisInput[],
  nodes: readonly string[],
): object {
  const objects = servers.map((one) => objectsOf(one, partition, membersOf(one, services, nodes)));
  return {
    class: 'Tenant',
    label: partition,
    defaultRouteDomain: 0,
    useCommonRouteDomainTenant: true,
    Shared: { class: 'Application', template: 'shared', ...Object.assign({}, ...objects) },
  };
}
