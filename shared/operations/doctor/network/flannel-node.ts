/** The Node by which flannel's nodes know a unit of BIG-IP. */
import { firstNamed } from '../../../domain/text/counts.ts';
import { type Cidr, cidrsOverlap, inCidr, parseCidr } from '../../../domain/net/ip.ts';
import { formatCidr } from '../../../domain/net/cidr-list.ts';
import type { Node } from '../../../domain/snapshot/objects.ts';
import { addressOf } from './routed-address.ts';
import type { Problem } from './reached.ts';
import { type TunnelEnd, setupText } from './setup-text.ts';
import { addressesOn } from './tunnel-parts.ts';

/** Networks of the pods of a node. */
function networksOf({ network }: Node): readonly Cidr[] {
  return (network?.podCIDRs ?? []).flatMap((text) => parseCidr(text) ?? []);
}

/** In the size of the other nodes' networks: its own is what the unit's self IP is in. */
function ownNetwork(end: TunnelEnd, others: readonly Node[]): Cidr | undefined {
  const [self] = addressesOn(end);
  if (self === undefined) return undefined;
  const { ip } = self.at.cidr;
  const alike = others.flatMap(networksOf).find((one) => one.ip.family === ip.family);
  return { ip, bits: alike?.bits ?? (ip.family === 4 ? 24 : 64) };
}

/** Whether the annotations of flannel lead to the tunnel. */
function endFaults({ local, tunnel }: TunnelEnd, { network }: Node): readonly string[] {
  const { backend = 'missing', mac4, mac6 } = network?.flannel ?? {};
  const mac = local.cidr.ip.family === 4 ? mac4 : mac6;
  return [
    ...(backend === 'vxlan' ? [] : [`its backend-type is ${backend}, not vxlan`]),
    ...(tunnel.mac === undefined || mac?.toLowerCase() === tunnel.mac
      ? []
      : [`its VtepMAC is ${mac ?? 'missing'}, and the MAC of the tunnel is ${tunnel.mac}`]),
  ];
}

/** Whether the network of the Node is that of the unit, and of nobody else. */
function networkFaults(end: TunnelEnd, node: Node, others: readonly Node[]): readonly string[] {
  const own = networksOf(node);
  const lost = addressesOn(end).filter(({ at }) => !own.some((one) => inCidr(at.cidr.ip, one)));
  const taken = others.filter((other) =>
    networksOf(other).some((one) => own.some((two) => cidrsOverlap(one, two))),
  );
  const said = own.map(formatCidr).join(', ') || '(none)';
  return [
    ...lost.map(({ at }) => `its podCIDR ${said} does not contain self IP ${addressOf(at)}`),
    ...(taken.length === 0
      ? []
      : [`its podCIDR is also that of ${firstNamed(taken.map(({ meta }) => meta.name))}`]),
  ];
}

/** A text: nothing is wrong. */
export function flannelProblem(end: TunnelEnd): Problem | string {
  const { seen, local, tunnel, unit } = end;
  const address = addressOf(local);
  const nodes = seen.nodes.map(({ node }) => node);
  const isOwn = ({ network }: Node): boolean =>
    network?.flannel?.addresses.includes(address) === true;
  const node = nodes.find(isOwn);
  const others = nodes.filter((one) => !isOwn(one));
  const faults = node && [...endFaults(end, node), ...networkFaults(end, node, others)];
  if (faults?.length === 0)
    return `Node ${node?.meta.name} has public-ip ${address}${tunnel.mac === undefined ? '' : ` and VtepMAC ${tunnel.mac}`}`;
  const setup = setupText(end, ownNetwork(end, others));
  const says =
    node === undefined
      ? `no Node has public-ip ${address}, so the nodes do not know ${unit.name}; nobody creates it but you`
      : `Node ${node.meta.name} does not lead to ${unit.name}: ${faults?.join('; ')}`;
  return {
    code: 'BIP484',
    says,
    ...('text' in setup
      ? { remedy: 'apply the YAML below', text: setup.text }
      : { remedy: `correct it; its YAML is not known: ${setup.why}` }),
  };
}
