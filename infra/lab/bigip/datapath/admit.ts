import { BlockList, isIP } from 'node:net';
import { hostOf } from './probe.ts';

/**
 * Whether the source network of a virtual server admits a client. Both are compared at their place
 * on loopback: 10.20.0.0/16 are the clients from 127.20.0.0/16.
 */
export function admits(source: string, client: string): boolean {
  const [network = '', length] = source.split('/');
  if (length === '0') return true;
  const address = hostOf(network);
  const whole = isIP(address) === 6 ? 128 : 32;
  const admitted = new BlockList();
  admitted.addSubnet(address, length === undefined ? whole : Number(length), familyOf(address));
  return admitted.check(client, familyOf(client));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
