import type {
  LtmConfig,
  Monitor,
  Node,
  Pool,
  SnatPool,
  Virtual,
  VirtualAddress,
} from '../ltm/model.ts';
import { PLAIN } from '../ltm/plain.ts';
import { Invalid } from './parse.ts';
import type { Application, Tenant } from './parse.ts';
import { renderPool } from './render-pool.ts';
import { renderMonitor } from './render-monitor.ts';
import { renderService } from './render-service.ts';
import type { ServiceClass, ServiceAddress } from './schema.ts';

/** Desired objects of one tenant. Nodes follow from the members. */
export interface Desired {
  readonly partition: string;
  readonly folders: ReadonlySet<string>;
  readonly monitors: Map<string, Monitor>;
  readonly pools: Map<string, Pool>;
  readonly nodes: Map<string, Pick<Node, 'path' | 'address'>>;
  readonly virtualAddresses: Map<string, VirtualAddress>;
  readonly virtuals: Map<string, Virtual>;
  readonly snatPools: Map<string, SnatPool>;
  /** In the order in which AS3 looks them up. */
  readonly references: Reference[];
}

/** An object outside the declaration that it refers to. */
export interface Reference {
  readonly kind: 'iRules' | 'persistence' | 'profiles' | 'snatPools' | 'objects';
  /** Of `objects`: where it may be. */
  readonly collections?: readonly string[];
  /** The type of a profile. */
  readonly type?: 'http' | 'fastl4' | 'tcp' | 'udp';
  readonly path: string;
  /** The property that refers to it. */
  readonly at: string;
}

/** The objects that mcpd should have in the partition. Throws `Invalid` for what names nothing. */
export function render(tenant: Tenant, device: LtmConfig): Desired {
  const desired: Desired = {
    partition: tenant.name,
    folders: new Set(
      tenant.applications.map((application) => `/${tenant.name}/${application.name}`),
    ),
    monitors: new Map(),
    pools: new Map(),
    nodes: new Map(),
    virtualAddresses: new Map(),
    virtuals: new Map(),
    snatPools: new Map(),
    references: [],
  };
  const nodes = Map.groupBy(device.nodes.values(), (node) => node.address);
  for (const application of tenant.applications)
    renderApplication({ tenant, application, device, nodes, desired });
  return desired;
}

/** What is known while the objects of one application are rendered. */
export interface Rendering {
  readonly tenant: Tenant;
  readonly application: Application;
  readonly device: LtmConfig;
  /** The device's, by address. */
  readonly nodes: ReadonlyMap<string, readonly Node[]>;
  readonly desired: Desired;
}

function renderApplication(rendering: Rendering): void {
  const { tenant, application, desired } = rendering;
  for (const [name, item] of application.items) {
    const path = `/${tenant.name}/${application.name}/${name}`;
    switch (item.class) {
      case 'Pool':
        desired.pools.set(path, renderPool(rendering, path, item));
        break;
      case 'Monitor':
        desired.monitors.set(path, renderMonitor(path, item));
        break;
      case 'Service_Address':
        renderAddress(rendering, name, item);
        break;
      case 'SNAT_Pool':
        desired.snatPools.set(path, { path, addresses: item.snatAddresses });
        break;
      default:
        renderService(rendering, path, item satisfies ServiceClass);
    }
  }
}

function renderAddress(
  { tenant, device, desired, application }: Rendering,
  name: string,
  item: ServiceAddress,
): void {
  const path = `/${tenant.name}/${item.useIpName ? item.virtualAddress : name}`;
  const existing = device.virtualAddresses.get(path);
  if (existing !== undefined && existing.address !== item.virtualAddress) {
    throw new Invalid(
      `/${tenant.name}/${application.name}/${name}/virtualAddress`,
      `the address of a Service_Address cannot be changed (it is ${existing.address}); use a new name`,
    );
  }
  desired.virtualAddresses.set(path, {
    path,
    address: item.virtualAddress,
    enabled: true,
    arp: item.arpEnabled,
    icmpEcho: item.icmpEcho,
    routeAdvertisement: item.routeAdvertisement,
    spanning: item.spanningEnabled,
    trafficGroup: item.trafficGroup,
    plain: {
      ...PLAIN.virtualAddresses,
      serverScope: item.serverScope,
      inheritedTrafficGroup: String(item.trafficGroup === 'default'),
    },
  });
}
