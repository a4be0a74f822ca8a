/** Whether the nodes know BIG-IP's end of the tunnel: a Node for flannel, values for Cilium. */
import { okFinding, type DoctorFinding } from '../finding.ts';
import { ciliumProblem } from './cilium-values.ts';
import { flannelProblem } from './flannel-node.ts';
import { problemFinding, type UnitAddress } from './reached.ts';
import { selfIpAt, type TunnelOn } from './tunnel-parts.ts';

/** The self IP by which the nodes know this unit, rather than the pair. */
function ownEnd(on: TunnelOn): UnitAddress | undefined {
  return selfIpAt(on, on.tunnel.secondaryAddress) ?? selfIpAt(on, on.tunnel.localAddress);
}

/** The row of one unit. A tunnel without a local address is reported already. */
export function wayBackChecks(on: TunnelOn): readonly DoctorFinding[] {
  const { cni, unit, seen, cluster } = on;
  const local = ownEnd(on);
  if (local === undefined) return [];
  const checked = { id: 'network-way-back', what: `way back from ${cluster.id} to ${unit.name}` };
  if (seen === undefined || cni === undefined)
    return [okFinding(checked, 'not checked: name a kubeconfig of the cluster with -k')];
  // Both units have the address, and the MAC is that of the unit with the traffic.
  if (local.isFloating && !unit.isActive)
    return [okFinding(checked, 'as for the active unit, whose local address it takes over')];
  const look = cni.name === 'flannel' ? flannelProblem : ciliumProblem;
  const found = look({ ...on, seen, local: local.at });
  return [typeof found === 'string' ? okFinding(checked, found) : problemFinding(checked, found)];
}
