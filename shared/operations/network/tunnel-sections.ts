/** What tunnels to nodes need once: on the device, and in the cluster. */
import { networkWithRouteDomain, withRouteDomain } from '../../domain/net/cluster-networks.ts';
import { contains, formatCidr } from '../../domain/net/cidr-list.ts';
import { type Cidr, formatIp } from '../../domain/net/ip.ts';
import { onboarding, partitionLine, rightSections } from './route-sections.ts';
import { TUNNEL_CNIS, type TunnelCni } from './tunnel-cnis.ts';
import { firstHost, type SetupSection, type SetupValues } from './setup-values.ts';

/** Throws if the configuration does not say which CNI it is, or which networks the pods have. */
export function tunnelSections(values: SetupValues): readonly SetupSection[] {
  const { cluster, device, podNetworks, cni } = values;
  const { from: named } = cluster.network;
  const from = named === 'auto' ? (cni ?? named) : named;
  if (from !== 'flannel' && from !== 'cilium')
    throw new Error(
      `clusters[].network.from of ${cluster.id} is ${from}: ` +
        'write flannel or cilium, because their tunnels differ',
    );
  const tunnel = device.networks.tunnels[cluster.id];
  if (tunnel === undefined)
    throw new Error(
      `devices[].networks.tunnels of ${device.name} has no tunnel for ${cluster.id}; name it first`,
    );
  if (podNetworks.length === 0)
    throw new Error(
      `clusters[].podNetworks of ${cluster.id} is empty: write the networks of its pods, ` +
        'because the self IP on the tunnel, or a route through it, must cover them',
    );
  const parts = { ...values, tunnel, from, self: selfIp(values, from) };
  return [
    {
      title: `On this unit: the tunnel to the nodes of ${cluster.id}; ${portWords(TUNNEL_CNIS[from])}`,
      format: 'tmsh',
      text: tmsh(parts),
    },
    onboarding(onboardingObjects(parts)),
    from === 'flannel' ? nodeSection(parts) : ciliumSection(parts),
    ...rightSections(values),
  ];
}

interface Parts extends SetupValues {
  /** Full path, such as `/Common/east`; its name is part of all names that are made. */
  readonly tunnel: string;
  readonly from: TunnelCni['name'];
  /** Address on the tunnel with its length. */
  readonly self: string;
}

/**
 * With flannel, the length of all pods: pods of other nodes would be off-link otherwise. With
 * Cilium, the length of the unit's own network.
 */
function selfIp({ cluster, podNetwork, podNetworks }: SetupValues, from: string): string {
  if (podNetwork === undefined)
    return `POD_NETWORK/${from === 'flannel' ? podNetworks[0]?.bits : 'LENGTH'}`;
  const whole = podNetworks.find((one) => contains(one, podNetwork));
  const bits = from === 'flannel' ? (whole ?? podNetwork).bits : podNetwork.bits;
  return `${withRouteDomain(formatIp(firstHost(podNetwork)), cluster.routeDomain)}/${bits}`;
}

/** No node says its port. */
function portWords({ port, portSetting }: TunnelCni): string {
  return `port ${port} is the default of the nodes, unless ${portSetting} has another one`;
}

/** Folder, separator and name. */
function nameIn(tunnel: string): string {
  return tunnel.split('/').at(-1) ?? tunnel;
}

/** The commands of tmsh that create the tunnel, its self IP and its routes. */
function tmsh(parts: Parts): string {
  const { tunnel, from, localAddress, self, podNetworks, cluster, vni } = parts;
  const cni = TUNNEL_CNIS[from];
  const routes = podNetworks.map(
    (network, i) =>
      `create net route ${tunnel}_pods${i === 0 ? '' : i + 1} network ` +
      `${networkWithRouteDomain(formatCidr(network), cluster.routeDomain)} interface ` +
      tunnel,
  );
  return [
    `create net tunnels vxlan ${tunnel}_profile port ${cni.port} flooding-type ${cni.flooding}`,
    `create net tunnels tunnel ${tunnel} key ${vni ?? cni.key} profile ${tunnel}_profile local-address ${localAddress}`,
    `create net self ${tunnel}_self address ${self} vlan ${tunnel} allow-service none ` +
      'traffic-group traffic-group-local-only',
    ...(from === 'cilium' ? routes : []),
    partitionLine(parts),
    'save sys config',
    `show net tunnels tunnel ${tunnel} all-properties`,
  ].join('\n');
}

/** The same objects for Declarative Onboarding. */
function onboardingObjects({
  tunnel,
  from,
  localAddress,
  self,
  podNetworks,
  cluster,
  vni,
}: Parts): Readonly<Record<string, object>> {
  const cni = TUNNEL_CNIS[from];
  const name = nameIn(tunnel);
  const routes = podNetworks.map((network, i) => [
    `${name}_pods${i === 0 ? '' : i + 1}`,
    {
      class: 'Route',
      network: networkWithRouteDomain(formatCidr(network), cluster.routeDomain),
      target: name,
    },
  ]);
  return {
    [name]: {
      class: 'Tunnel',
      tunnelType: 'vxlan',
      key: vni ?? cni.key,
      port: cni.port,
      floodingType: cni.flooding,
      localAddress,
    },
    [`${name}_self`]: {
      class: 'SelfIp',
      address: self,
      vlan: name,
      allowService: 'none',
      trafficGroup: 'traffic-group-local-only',
    },
    ...(from === 'cilium' ? (Object.fromEntries(routes) as Record<string, object>) : {}),
  };
}

/** POD_NETWORK stands for a network that was not given. */
function networkText(network: Cidr | undefined): string {
  return network === undefined ? 'POD_NETWORK' : formatCidr(network);
}

/**
 * The Node by which flannel's nodes know BIG-IP. Flannel's agents learn tunnels from the
 * annotations of Nodes, so BIG-IP gets a Node of its own.
 */
function nodeSection({ unit, localAddress, mac, podNetwork, from, vni }: Parts): SetupSection {
  const six = podNetwork?.ip.family === 6;
  const network = networkText(podNetwork);
  const annotations = {
    [`flannel.alpha.coreos.com/public-ip${six ? 'v6' : ''}`]: localAddress,
    'flannel.alpha.coreos.com/backend-type': 'vxlan',
    [`flannel.alpha.coreos.com/backend-${six ? 'v6-' : ''}data`]: JSON.stringify({
      VNI: vni ?? TUNNEL_CNIS[from].key,
      VtepMAC: mac,
    }),
    'flannel.alpha.coreos.com/kube-subnet-manager': 'true',
  };
  return {
    title:
      'In the cluster: a Node for this unit, by which the nodes know the way back ' +
      '(cloud controllers and Rancher may delete it)',
    format: 'kubernetes',
    text: [
      'apiVersion: v1',
      'kind: Node',
      'metadata:',
      `  name: ${unit}`,
      '  annotations:',
      ...Object.entries(annotations).map(([name, value]) => `    ${name}: '${value}'`),
      'spec:',
      `  podCIDR: ${network}`,
      `  podCIDRs: ['${network}']`,
    ].join('\n'),
  };
}

/** Values of ConfigMap cilium-config; agents read them when they start. */
function ciliumSection({ localAddress, mac, podNetwork }: Parts): SetupSection {
  const mask = podNetwork === undefined ? 'MASK' : maskOf(podNetwork);
  return {
    title:
      'In the cluster: in ConfigMap kube-system/cilium-config, then restart the agents ' +
      '(one value for each unit, separated by blanks)',
    format: 'kubernetes',
    text: [
      'data:',
      "  enable-vtep: 'true'",
      `  vtep-endpoint: '${localAddress}'`,
      `  vtep-cidr: '${networkText(podNetwork)}'`,
      `  vtep-mask: '${mask}'`,
      `  vtep-mac: '${mac}'`,
    ].join('\n'),
  };
}

/** `255.255.255.0` */
function maskOf({ ip, bits }: Cidr): string {
  const width = ip.family === 4 ? 32 : 128;
  const all = (1n << BigInt(width)) - 1n;
  return formatIp({ family: ip.family, value: all ^ (all >> BigInt(bits)) });
}
