/**
 * Three clusters and one BIG-IP that drops what has no path: two clusters with flannel, each with a
 * tunnel of its own, and one whose nodes BIG-IP reaches directly.
 */
import type { SiteNetwork } from '../../networks.ts';
import type { SiteOptions } from '../../site.ts';

function site(id: string, octet: number, network: SiteNetwork): SiteOptions {
  return {
    id,
    network,
    fleet: true,
    signed: true,
    podNetwork: `10.${octet}`,
    nodeAddresses: [1, 2].map((n) => `192.168.${octet}.1${n}`),
    answers: { 'tcp-echo-v1': id },
  };
}

/** Pod networks 10.244, 10.245 and 10.246. */
export const NETWORK_CLUSTERS: readonly [SiteOptions, ...SiteOptions[]] = [
  site('east', 244, { mode: 'vxlan', vni: 1 }),
  site('west', 245, { mode: 'vxlan', vni: 2 }),
  site('south', 246, { mode: 'routes' }),
];

/** One object that administrators of BIG-IP create once: its path in iControl REST, and its body. */
export interface Equipment {
  readonly collection: string;
  readonly body: { readonly name: string; readonly [field: string]: string | number };
}

const PROFILE = { name: 'flannel', port: 8472, floodingType: 'none' };

/** Like what `sluice network setup` prints. */
export const EQUIPMENT: readonly Equipment[] = [
  {
    collection: 'net/self',
    body: { name: 'nodes', address: '192.168.0.1/16', vlan: 'internal' },
  },
  { collection: 'net/tunnels/vxlan', body: PROFILE },
  ...NETWORK_CLUSTERS.flatMap(({ id, podNetwork, network }): readonly Equipment[] => {
    if (network?.mode !== 'vxlan') return [];
    const name = `${id}-pods`;
    return [
      {
        collection: 'net/tunnels/tunnel',
        body: { name, profile: PROFILE.name, key: network.vni, localAddress: '192.168.0.1' },
      },
      {
        collection: 'net/self',
        body: { name: `self-${name}`, address: `${podNetwork}.255.1/16`, vlan: name },
      },
    ];
  }),
];
