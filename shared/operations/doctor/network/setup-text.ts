/** The text of `sluice network setup` for one unit, with everything that the unit says. */
import { formatCidr } from '../../../domain/net/cidr-list.ts';
import type { Cidr } from '../../../domain/net/ip.ts';
import { errorMessage } from '../../../telemetry/errors.ts';
import { networkSetup } from '../../network/setup.ts';
import { addressOf, type RoutedAddress } from './routed-address.ts';
import { type TunnelOn, vnisOf } from './tunnel-parts.ts';

/** A tunnel with the self IP from which it starts. */
export interface TunnelEnd extends TunnelOn {
  readonly seen: NonNullable<TunnelOn['seen']>;
  readonly local: RoutedAddress;
}

/** Names of Nodes have lower case. */
function nodeName({ unit, device }: TunnelEnd): string {
  const name = unit.name.toLowerCase();
  return /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name) ? name : device.name;
}

/** What the cluster must know, to copy; or why there is no text. `own`: pod network of the unit. */
export function setupText(
  end: TunnelEnd,
  own: Cidr | undefined,
): { readonly text: string } | { readonly why: string } {
  const { config, device, cluster, tunnel, local } = end;
  try {
    const { sections } = networkSetup(
      config,
      { device: device.name, cluster: cluster.id },
      {
        unit: nodeName(end),
        localAddress: `${addressOf(local)}/${local.cidr.bits}`,
        ...(own && { podNetwork: formatCidr(own) }),
        cni: end.cni?.name,
        vni: vnisOf(end)[0] ?? tunnel.key,
        ...(tunnel.mac !== undefined && { mac: tunnel.mac }),
      },
    );
    const text = sections.find(({ format }) => format === 'kubernetes')?.text;
    return text === undefined ? { why: 'there is no text for it' } : { text };
  } catch (error) {
    return { why: errorMessage(error) };
  }
}
