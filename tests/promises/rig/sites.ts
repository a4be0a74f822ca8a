/** What a schedule runs on: how many devices and partitions, and who shares them. */
import { SluiceConfig } from '../../../shared/config/schema.ts';

export const CLUSTERS = ['east', 'west'] as const;
export type Cluster = (typeof CLUSTERS)[number];

/** Virtual addresses; the first one is that of the configuration. */
export const ADDRESSES = ['172.16.100.195', '172.16.100.196'] as const;

/** Every ingress is on all devices. */
export interface Site {
  readonly devices: readonly string[];
  /** Of each device; the first one is the default. */
  readonly partitions: readonly string[];
  /** The clusters share their exposures. */
  readonly fleet?: 'active-active' | 'ratio' | 'active-standby';
  /** How BIG-IP reaches pods; absent: the network does it. */
  readonly network?: 'routes' | 'vxlan';
}

const PLAIN: Site = { devices: ['bigip-1'], partitions: ['k8s'] };
const PAIR = ['bigip-1', 'bigip-2'];
const SEVERAL = ['k8s', 'more'];

/** The first one is where two clusters contend for one address of one device. */
export const SITES = {
  plain: PLAIN,
  fleet: { ...PLAIN, fleet: 'active-active' },
  'fleet with a standby': { ...PLAIN, devices: PAIR, fleet: 'active-standby' },
  partitions: { ...PLAIN, partitions: SEVERAL },
  devices: { ...PLAIN, devices: PAIR },
  routes: { ...PLAIN, network: 'routes' },
  tunnels: { ...PLAIN, network: 'vxlan' },
  all: { devices: PAIR, partitions: SEVERAL, fleet: 'ratio', network: 'routes' },
} as const satisfies Readonly<Record<string, Site>>;

export type SiteName = keyof typeof SITES;

const TUNNELS = Object.fromEntries(CLUSTERS.map((id) => [id, `/Common/${id}`]));

const configs = new Map<SiteName, SluiceConfig>();

/** Parsed once; each world has its own, because processes of one share what they know by it. */
export function configOf(name: SiteName): SluiceConfig {
  const known = configs.get(name) ?? parsedConfig(SITES[name]);
  configs.set(name, known);
  return { ...known };
}

function parsedConfig({ devices, partitions, fleet, network }: Site): SluiceConfig {
  const mode = network ?? 'none';
  return SluiceConfig.parse({
    generation: 1,
    devices: devices.map((name, i) => ({
      name,
      url: `https://192.0.2.${i + 1}`,
      username: 'u',
      password: 'env:P',
      partitions,
      networks: { tunnels: mode === 'vxlan' ? TUNNELS : {} },
    })),
    clusters: CLUSTERS.map((id) => ({ id, network: { mode } })),
    fleets: fleet === undefined ? [] : [{ name: 'production', clusters: CLUSTERS, mode: fleet }],
    ingresses: CLUSTERS.map((cluster) => ({
      cluster,
      service: 'istio-system/istio-ingressgateway',
      devices,
      virtualAddress: ADDRESSES[0],
    })),
  });
}
