/** The parts of a VXLAN tunnel that must suit the nodes, one function for each part. */
import type { TunnelFacts } from '../../../device/network-facts.ts';
import { contains } from '../../../domain/net/cidr-list.ts';
import {
  addressOf,
  familiesOf,
  isSameAddress,
  parseRoutedAddress,
  type RoutedAddress,
} from './routed-address.ts';
import {
  addressesOf,
  placedNetworks,
  type Problem,
  type ReachedFrom,
  type UnitAddress,
} from './reached.ts';
import { OTHER_TUNNELS, type TunnelCni } from '../../network/tunnel-cnis.ts';
import { type NodePort, nodePort } from './cni-settings.ts';
import { floatingProblem } from './snat-checks.ts';

/** Bytes that VXLAN adds to a packet, by the family of the outer one. */
const OVERHEAD = { 4: 50, 6: 70 } as const;

/** A tunnel of a cluster on one unit. */
export interface TunnelOn extends ReachedFrom {
  /** As the unit shows it. */
  readonly tunnel: TunnelFacts;
  /** Undefined if neither the configuration nor the nodes say it. */
  readonly cni: TunnelCni | undefined;
}

/** One property of the tunnel; undefined if it suits the nodes, or nothing is known about them. */
type Part = (on: TunnelOn) => Problem | undefined;

function unsuitable(says: string, remedy: string): Problem {
  return { code: 'BIP481', says, remedy };
}

/** By what the nodes know the units. */
function endsOf({ facts, tunnel: { path } }: TunnelOn): ReadonlySet<string> {
  const same = facts.units.flatMap(({ tunnels }) => tunnels.filter((one) => one.path === path));
  const ends = same.flatMap(({ localAddress, secondaryAddress }) =>
    [localAddress, secondaryAddress].flatMap((text) => parseRoutedAddress(text) ?? []),
  );
  return new Set(ends.map(addressOf));
}

/** VNIs that the nodes name; those of BIG-IP's own Nodes do not count. Empty if none is known. */
export function vnisOf(on: TunnelOn): readonly number[] {
  const { seen, cni } = on;
  if (cni?.name === 'cilium') return [cni.key];
  const ends = endsOf(on);
  const nodes = (seen?.nodes ?? []).flatMap(({ node: { network } }) => network?.flannel ?? []);
  return nodes
    .filter(({ addresses }) => !addresses.some((one) => ends.has(one)))
    .flatMap(({ vni4, vni6 }) => vni4 ?? vni6 ?? []);
}

/** Compared only if the nodes say their VNI, as flannel's annotations do. */
const vni: Part = (on) => {
  const { key } = on.tunnel;
  const vnis = vnisOf(on);
  return vnis.length === 0 || vnis.includes(key)
    ? undefined
    : unsuitable(
        `its key (VNI) is ${key}, and the nodes use ${vnis[0]}`,
        `set key ${vnis[0]} at ${on.tunnel.path}`,
      );
};

/** Undefined if the CNI is not known. */
export function portOf({ cni, seen }: TunnelOn): NodePort | undefined {
  return cni && nodePort(cni, seen?.settings);
}

/** A port that is only assumed is no fault, because no node says its own. */
const port: Part = (on) => {
  const { vxlan, path } = on.tunnel;
  if (vxlan === undefined)
    return unsuitable('it is no VXLAN tunnel', `create ${path} with a VXLAN profile`);
  const nodes = portOf(on);
  if (on.cni === undefined || nodes === undefined || vxlan.port === nodes.port) return undefined;
  const says = `its profile has port ${vxlan.port}`;
  const remedy = `set port ${nodes.port} in its VXLAN profile`;
  if (nodes.where !== undefined)
    return unsuitable(`${says}, and the nodes use ${nodes.port} (${nodes.where})`, remedy);
  return {
    ...unsuitable(
      `${says}, and ${nodes.port} is assumed for the nodes, the default of ${on.cni.name} on Linux`,
      `${remedy}, unless ${on.cni.portSetting} is ${vxlan.port}`,
    ),
    state: 'warn',
  };
};

/** Tunnels of most CNIs end at their own nodes. */
const otherCni: Part = ({ cni, seen, cluster }) => {
  if (cni !== undefined || seen === undefined) return undefined;
  const other = (['ovn', 'antrea', 'calico'] as const).find((name) =>
    seen.nodes.some(({ node }) => node.network?.[name] !== undefined),
  );
  return other === undefined
    ? undefined
    : unsuitable(
        `the nodes are of ${OTHER_TUNNELS[other]}`,
        `set network.mode of ${cluster.id} to routes; tunnels lead to nodes of flannel and Cilium`,
      );
};

const flooding: Part = ({ tunnel: { vxlan }, cni }) =>
  vxlan === undefined || cni === undefined || vxlan.floodingType === cni.flooding
    ? undefined
    : unsuitable(
        `the flooding type of its profile is ${vxlan.floodingType}; ${cni.because}`,
        `set flooding-type ${cni.flooding} in its VXLAN profile`,
      );

/** The self IP of the unit with this address. */
export function selfIpAt({ unit }: TunnelOn, address: string): UnitAddress | undefined {
  const wanted = parseRoutedAddress(address);
  return addressesOf(unit).find(({ at }) => wanted !== undefined && isSameAddress(at, wanted));
}

/** Nodes send to this address, so it must be one that the unit has and keeps. */
const localAddress: Part = (on) => {
  const { tunnel, unit } = on;
  const remedy = `set its local-address to a self IP of ${unit.name} that the nodes reach`;
  if (parseRoutedAddress(tunnel.localAddress) === undefined)
    return unsuitable(
      `its local address is ${tunnel.localAddress}, so the nodes cannot know it`,
      remedy,
    );
  return selfIpAt(on, tunnel.localAddress) === undefined
    ? unsuitable(`its local address ${tunnel.localAddress} is no self IP of ${unit.name}`, remedy)
    : undefined;
};

/** The device's own default (0) always fits; a larger one loses packets without a message. */
const mtu: Part = (on) => {
  const local = selfIpAt(on, on.tunnel.localAddress);
  const outer = local && on.unit.mtus.get(local.link);
  if (local === undefined || outer === undefined || on.tunnel.mtu === 0) return undefined;
  const most = outer - OVERHEAD[local.at.cidr.ip.family];
  return on.tunnel.mtu <= most
    ? undefined
    : unsuitable(
        `its MTU is ${on.tunnel.mtu}, but ${local.link} carries ${outer} bytes, so large answers are lost`,
        `set its mtu to ${most} or less, or to 0`,
      );
};

/** Addresses of this unit on the tunnel, in the route domain of the pods. */
export function addressesOn({ tunnel, unit, cluster }: TunnelOn): readonly UnitAddress[] {
  return addressesOf(unit).filter(
    ({ link, at, isFloating }) =>
      link === tunnel.path && at.routeDomain === cluster.routeDomain && !isFloating,
  );
}

function covers(all: readonly RoutedAddress[], network: RoutedAddress): boolean {
  return all.some(
    (one) => one.routeDomain === network.routeDomain && contains(one.cidr, network.cidr),
  );
}

/** With flannel, the self IP makes all pods on-link; with Cilium, a route does. */
const selfIp: Part = (on) => {
  const { cluster, unit, cni, device } = on;
  const own = addressesOn(on);
  const remedy = `"sluice network setup --device ${device.name} --cluster ${cluster.id}" prints how`;
  if (own.length === 0)
    return { code: 'BIP482', says: `${unit.name} has no self IP of its own on it`, remedy };
  const places = own.map(({ at }) => at);
  const networks = placedNetworks(cluster.podNetworks, cluster);
  const said = own.map(({ at }) => `${addressOf(at)}/${at.cidr.bits}`).join(', ');
  if (cni?.name === 'cilium') return throughTunnel(on, places, networks);
  const outside = cluster.podNetworks.filter((_, i) => {
    const network = networks[i];
    return network !== undefined && !covers(places, network);
  });
  return outside.length === 0
    ? undefined
    : {
        code: 'BIP482',
        says: `its self IP ${said} does not cover ${outside.join(', ')}, so pods of other nodes are not on the tunnel`,
        remedy: `give it the length of clusters[].podNetworks; ${remedy}`,
      };
};

/** With Cilium, the network of the unit is none of the pods', which need a route. */
function throughTunnel(
  { tunnel, unit, cluster }: TunnelOn,
  own: readonly RoutedAddress[],
  networks: readonly RoutedAddress[],
): Problem | undefined {
  const inside = own.find((one) => covers(networks, one));
  if (inside !== undefined)
    return {
      code: 'BIP482',
      says: `its self IP ${addressOf(inside)} is in clusters[].podNetworks, which Cilium assigns`,
      remedy: 'choose a network outside of them',
    };
  const routed = unit.routes.flatMap(({ network, link }) =>
    link === tunnel.path ? (parseRoutedAddress(network) ?? []) : [],
  );
  const lost = cluster.podNetworks.filter((_, i) => {
    const network = networks[i];
    return network !== undefined && !covers(routed, network);
  });
  return lost.length === 0
    ? undefined
    : {
        code: 'BIP482',
        says: `${unit.name} has no route to ${lost.join(', ')} through it`,
        remedy: `create a route with this network and interface ${tunnel.path}`,
      };
}

const floating: Part = (on) => {
  const { tunnel, cluster } = on;
  const families = familiesOf(addressesOn(on).map(({ at }) => at));
  return floatingProblem(on, { link: tunnel.path, routeDomain: cluster.routeDomain, families });
};

/** In the order of the output. */
export const TUNNEL_PARTS: readonly Part[] = [
  otherCni,
  vni,
  port,
  flooding,
  localAddress,
  mtu,
  selfIp,
  floating,
];
