/** Mode `vxlan`: the tunnel on a unit, and whether the nodes know the way back. */
import type { DoctorFinding } from '../finding.ts';
import { problemFinding, type ReachedFrom, rowsOf } from './reached.ts';
import { snatInWords } from './snat-checks.ts';
import { addressesOn, portOf, TUNNEL_PARTS, type TunnelOn, vnisOf } from './tunnel-parts.ts';
import { TUNNEL_CNIS, type TunnelCni } from '../../network/tunnel-cnis.ts';
import { wayBackChecks } from './way-back.ts';

/** As the configuration says, or as the cluster shows. */
function cniOf({ cluster: { network }, seen }: ReachedFrom): TunnelCni | undefined {
  const name = network.from === 'auto' ? seen?.cni : network.from;
  return name === 'flannel' || name === 'cilium' ? TUNNEL_CNIS[name] : undefined;
}

/** Which port the nodes have, and how that is known. */
function portInWords(on: TunnelOn): readonly string[] {
  const nodes = portOf(on);
  if (on.cni === undefined || nodes === undefined) return [];
  return [
    nodes.where === undefined
      ? `port ${nodes.port} of the nodes is assumed, the default of ${on.cni.name} on Linux: ${on.cni.portSetting} may have another one`
      : `the nodes have port ${nodes.port} (${nodes.where})`,
  ];
}

/** The rows of one unit. */
export function tunnelChecks(from: ReachedFrom): readonly DoctorFinding[] {
  const { cluster, device, unit } = from;
  const path = device.networks.tunnels[cluster.id];
  // Configurations without a tunnel are refused.
  if (path === undefined) return [];
  const checked = { id: 'network-tunnel', what: `tunnel ${path} on ${unit.name}` };
  const tunnel = unit.tunnels.find((one) => one.path === path);
  if (tunnel === undefined)
    return [
      problemFinding(checked, {
        code: 'BIP477',
        says: 'does not exist',
        remedy:
          `create it on ${unit.name}; "sluice network setup --device ${device.name} ` +
          `--cluster ${cluster.id}" prints how`,
      }),
    ];
  const on = { ...from, tunnel, cni: cniOf(from) };
  const rows = rowsOf(
    checked,
    TUNNEL_PARTS.map((part) => part(on)),
    inOrder(on),
  );
  return [...rows, ...wayBackChecks(on)];
}

/** Everything that was looked at, and what cannot be seen from here. */
function inOrder(on: TunnelOn): string {
  const { tunnel, cni, snat } = on;
  const { key, localAddress, vxlan, mtu } = tunnel;
  const own = addressesOn(on).map(({ at }) => `${at.cidr.bits}`);
  return [
    `VNI ${key}, port ${vxlan?.port}, flooding ${vxlan?.floodingType}`,
    `local address ${localAddress}`,
    `MTU ${mtu === 0 ? 'by path' : mtu}`,
    `self IP of length ${own.join(', ')}`,
    ...(cni === undefined ? ['VNI, port and flooding not checked without -k or network.from'] : []),
    ...(cni !== undefined && vnisOf(on).length === 0
      ? ['VNI not checked, because no node was read that names one']
      : []),
    ...portInWords(on),
    `UDP ${vxlan?.port} between BIG-IP and nodes is not checked`,
    ...(snat.includes('none') ? [snatInWords(snat)] : []),
  ].join('; ');
}
