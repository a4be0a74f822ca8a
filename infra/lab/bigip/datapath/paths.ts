import type { Device } from '../device.ts';
import type { Member } from '../ltm/model.ts';
import { hopTo } from '../net/path.ts';

/** Why packets do not reach the member; undefined if they do, or if no networks are simulated. */
export function obstacleTo({ settings, store }: Device, { address }: Member): string | undefined {
  const { networks } = settings;
  if (networks === undefined) return undefined;
  const hop = hopTo(store.current(), address);
  if (typeof hop === 'string') return hop;
  if (networks.delivers?.(hop, address) !== false) return undefined;
  const end = { direct: address, gateway: 'the gateway', tunnel: 'the endpoint' }[hop.kind];
  return `${end} does not take packets for ${address}`;
}
