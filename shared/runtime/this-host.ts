/** Names and addresses under which a process reaches its own host. */
import { isIP } from 'node:net';

/** `host`: a name or an address, as URLs have it; IPv6 addresses may have brackets. */
export function isThisHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}
