/** The CNIs whose nodes are reached through VXLAN, and what BIG-IP's end of the tunnel must be like. */

/** What a CNI expects of the other end of its tunnels. */
export interface TunnelCni {
  /** As in `clusters[].network.from`. */
  readonly name: 'flannel' | 'cilium';
  /** VNI, unless the nodes say another one. Cilium's is fixed. */
  readonly key: number;
  /** Flooding type of the VXLAN profile on BIG-IP. */
  readonly flooding: 'none' | 'multipoint';
  /** Why. */
  readonly because: string;
  /** UDP port of the nodes on Linux, unless the setting says another one. */
  readonly port: number;
  /** Where a person looks for the setting: no node says its port. */
  readonly portSetting: string;
  /** ConfigMaps that have it, in order; some distributions have none. */
  readonly settings: readonly { readonly namespace: string; readonly name: string }[];
}

/** By the name in the configuration. */
export const TUNNEL_CNIS: Readonly<Record<TunnelCni['name'], TunnelCni>> = {
  flannel: {
    name: 'flannel',
    key: 1,
    flooding: 'none',
    because: "flannel's nodes answer no ARP, so it must be none",
    port: 8472,
    portSetting: 'Backend.Port in net-conf.json of flannel (Talos sets 4789)',
    settings: [
      { namespace: 'kube-flannel', name: 'kube-flannel-cfg' },
      { namespace: 'kube-system', name: 'kube-flannel-cfg' },
    ],
  },
  cilium: {
    name: 'cilium',
    key: 2,
    flooding: 'multipoint',
    because: 'BIG-IP must ask the nodes of Cilium by ARP, so it must be multipoint',
    port: 8472,
    portSetting: 'tunnel-port in cilium-config of kube-system',
    settings: [{ namespace: 'kube-system', name: 'cilium-config' }],
  },
};

/** CNIs whose tunnels end at their own nodes. By the field of a Node that shows them. */
export const OTHER_TUNNELS = {
  ovn: 'OVN-Kubernetes, which uses Geneve (UDP 6081)',
  antrea: 'Antrea, which by default uses Geneve (UDP 6081)',
  calico: 'Calico, which uses IP-in-IP or VXLAN (UDP 4789) between its own nodes only',
} as const;
