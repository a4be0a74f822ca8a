import { BlockList, isIP } from 'node:net';
import { loopbackOf } from '../../loopback.ts';
import { withoutDomain } from './place.ts';

/**
 * Whether the source network of a virtual server admits a client. Both are compared at their place
 * in 127/8: 10.20.0.0/16 are the clients from 127.20.0.0/16. Where all clients have the address
 * 127.0.0.1, they count as 10.0.0.1.
 */
export function admits(source: string, client: string): boolean {
  const [network = '', length] = source.split('/');
  if (length === '0') return true;
  const address = loopbackOf(withoutDomain(network));
  const whole = isIP(address) === 6 ? 128 : 32;
  const admitted = new BlockList();
  admitted.addSubnet(address, length === undefined ? whole : Number(length), familyOf(address));
  return admitted.check(client, familyOf(client));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
