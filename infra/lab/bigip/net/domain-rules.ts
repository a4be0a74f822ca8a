/** mcpd's check of route domains at the end of a transaction. */
import { McpError } from '../ltm/error.ts';
import type { NetConfig } from './model.ts';

/** A route domain stays as long as an address is in it, or a partition has it as its default. */
export function checkDomains(
  before: NetConfig,
  after: NetConfig & { readonly defaultDomains: ReadonlyMap<string, number> },
): void {
  for (const [path, { id }] of before.routeDomains) {
    if (after.routeDomains.has(path)) continue;
    const user = usersOf(after).find(([, domain]) => domain === id)?.[0];
    if (user !== undefined)
      throw new McpError(
        400,
        '01070265:3',
        `The route domain (${path}) cannot be deleted because it is in use by ${user}.`,
      );
  }
}

function usersOf(
  config: NetConfig & { readonly defaultDomains: ReadonlyMap<string, number> },
): readonly (readonly [string, number])[] {
  const placed = (word: string, path: string, address: string): readonly [string, number] => [
    `${word} (${path})`,
    Number(/%(\d+)/.exec(address)?.[1] ?? 0),
  ];
  return [
    ...[...config.selfIps.values()].map(({ path, address }) => placed('self IP', path, address)),
    ...[...config.routes.values()].map(({ path, network }) => placed('route', path, network)),
    ...[...config.arps.values()].map((one) => placed('ARP entry', one.path, one.ipAddress)),
    ...[...config.ndps.values()].map((one) => placed('NDP entry', one.path, one.ipAddress)),
    ...[...config.tunnels.values()].map((one) => placed('tunnel', one.path, one.localAddress)),
    ...[...config.defaultDomains].map(([name, id]) => [`partition (${name})`, id] as const),
  ];
}
