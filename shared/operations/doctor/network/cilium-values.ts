/** The values by which Cilium's agents know a unit of BIG-IP. */
import { type Cidr, formatIp, inCidr, parseCidr } from '../../../domain/net/ip.ts';
import { wordsIn } from '../../../domain/text/words.ts';
import { formatCidr } from '../../../domain/net/cidr-list.ts';
import { addressOf } from './routed-address.ts';
import type { Problem } from './reached.ts';
import { setupText, type TunnelEnd } from './setup-text.ts';
import { addressesOn } from './tunnel-parts.ts';

/** Lists that belong together: the first of each is the first VTEP. */
function listed(values: Readonly<Record<string, string>>, name: string): readonly string[] {
  return wordsIn(values[name] ?? '');
}

/** What no unit could be reached with. */
function protocolFaults(values: Readonly<Record<string, string>>): readonly string[] {
  return values['tunnel-protocol'] === 'geneve'
    ? ['tunnel-protocol is geneve, and BIG-IP sends VXLAN']
    : [];
}

/** What is wrong with the values, for this unit. */
function faultsOf(
  { local, tunnel }: TunnelEnd,
  values: Readonly<Record<string, string>>,
  own: Cidr | undefined,
): readonly string[] {
  const address = addressOf(local);
  const at = listed(values, 'vtep-endpoint').indexOf(address);
  if (values['enable-vtep'] !== 'true') return ['enable-vtep is not true'];
  if (at < 0) return [`vtep-endpoint has no ${address}`];
  const mac = listed(values, 'vtep-mac')[at];
  const network = listed(values, 'vtep-cidr')[at] ?? '';
  const cidr = parseCidr(network);
  return [
    ...(tunnel.mac === undefined || mac?.toLowerCase() === tunnel.mac
      ? []
      : [
          `vtep-mac of ${address} is ${mac ?? 'missing'}, and the MAC of the tunnel is ${tunnel.mac}`,
        ]),
    ...(own === undefined || (cidr !== undefined && inCidr(own.ip, cidr))
      ? []
      : [
          `vtep-cidr of ${address} is ${network || 'missing'}, and the self IP is ${formatIp(own.ip)}`,
        ]),
  ];
}

/** A text: nothing is wrong, or nothing is known. */
export function ciliumProblem(end: TunnelEnd): Problem | string {
  const { seen, unit } = end;
  const own = addressesOn(end)[0]?.at.cidr;
  const setup = setupText(end, own && { ...own, ip: parseCidr(formatCidr(own))?.ip ?? own.ip });
  const text = 'text' in setup ? { text: setup.text } : {};
  if (seen.settings === undefined || 'unread' in seen.settings) {
    const why = seen.settings?.unread ?? 'nothing was read';
    return `not checked: ${why}; "sluice network setup" prints the values to compare`;
  }
  const { values } = seen.settings;
  const faults = [...protocolFaults(values), ...faultsOf(end, values, own)];
  if (faults.length === 0) return `cilium-config has vtep-endpoint ${addressOf(end.local)}`;
  return {
    code: 'BIP484',
    says: `cilium-config in kube-system does not lead to ${unit.name}: ${faults.join('; ')}`,
    remedy:
      'text' in setup
        ? 'set the values below, one of each list for each unit, and restart the agents'
        : `correct them; they are not known here: ${setup.why}`,
    ...text,
  };
}
