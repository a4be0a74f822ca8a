/** The proxy for a server, by the environment rules of kubectl. */
import { BlockList, isIP } from 'node:net';
import type { Environment } from './process.ts';
import { isThisHost } from './this-host.ts';

/**
 * Undefined for a direct connection: no proxy is set, the server is excluded, or it is this host.
 */
export function proxyFor(server: string, env: Environment): string | undefined {
  const { protocol, hostname, port } = new URL(server);
  const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = read(env, name);
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (proxy === '' || isThisHost(host)) return undefined;
  const open = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  const excepted = read(env, 'NO_PROXY')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '');
  if (excepted.some((entry) => covers(entry.toLowerCase(), host, open))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function read(env: Environment, name: string): string {
  return (env[name] ?? env[name.toLowerCase()] ?? '').trim();
}

/**
 * `*`, an address, a range, a domain with its subdomains, or (with a leading dot) only subdomains;
 * each with an optional port.
 */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inRange(entry, host);
  const [, name = entry, only] =
    /^(?:\[)?(.*?)(?:\])?(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (only !== undefined && only !== port) return false;
  if (isIP(host) !== 0) return name === host;
  const domain = name.replace(/^\*/, '');
  return domain.startsWith('.')
    ? host.endsWith(domain)
    : host === domain || host.endsWith(`.${domain}`);
}

/** Whether an entry of NO_PROXY is a network that contains the host's address. */
function inRange(entry: string, host: string): boolean {
  const [network = '', bits = ''] = entry.split('/');
  const family = isIP(network);
  if (
    family === 0 ||
    isIP(host) !== family ||
    !/^\d{1,3}$/.test(bits) ||
    Number(bits) > (family === 4 ? 32 : 128)
  )
    return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(network, Number(bits), type);
  return list.check(host, type);
}
