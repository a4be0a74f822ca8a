import { McpError } from './error.ts';

/** Undeclared objects in /Common; declarations may refer only to these. */
export interface CommonObjects {
  readonly iRules: Set<string>;
  readonly profiles: Set<string>;
  readonly vlans: Set<string>;
  readonly snatPools: Set<string>;
  readonly monitors: Set<string>;
  readonly persistence: Set<string>;
  /** By id. */
  readonly routeDomains: Set<string>;
  /** Of any other kind: its collection and its path, such as `asm/policies /Common/waf`. */
  readonly objects: Set<string>;
  /** Provisioned, such as `asm`. */
  readonly modules: Set<string>;
}

const BUILT_IN: Record<keyof CommonObjects, readonly string[]> = {
  iRules: ['/Common/_sys_https_redirect'],
  profiles: [
    '/Common/tcp',
    '/Common/f5-tcp-progressive',
    '/Common/f5-tcp-lan',
    '/Common/f5-tcp-wan',
    '/Common/f5-tcp-mobile',
    '/Common/fastL4',
    '/Common/http',
    '/Common/udp',
    '/Common/rba',
    '/Common/websso',
    '/Common/websecurity',
    '/Common/ppp',
    '/Common/httprouter',
  ],
  vlans: ['/Common/internal', '/Common/external'],
  snatPools: [],
  monitors: [
    '/Common/tcp',
    '/Common/http',
    '/Common/https',
    '/Common/udp',
    '/Common/tcp_half_open',
    '/Common/gateway_icmp',
    '/Common/icmp',
  ],
  persistence: [
    '/Common/source_addr',
    '/Common/dest_addr',
    '/Common/cookie',
    '/Common/msrdp',
    '/Common/ssl',
  ],
  routeDomains: ['0'],
  objects: [
    'ltm/profile/client-ssl /Common/clientssl',
    'ltm/profile/server-ssl /Common/serverssl',
    'ltm/profile/http2 /Common/http2',
    'ltm/profile/http-compression /Common/httpcompression',
    'ltm/profile/web-acceleration /Common/webacceleration',
    'ltm/profile/one-connect /Common/oneconnect',
    'ltm/profile/websocket /Common/websocket',
    'cm/traffic-group /Common/traffic-group-1',
  ],
  modules: ['ltm'],
};

/** The types of the profiles that BIG-IP brings; others are of the type that is asked for. */
const PROFILE_TYPES: Readonly<Record<string, string>> = {
  '/Common/tcp': 'tcp',
  '/Common/f5-tcp-progressive': 'tcp',
  '/Common/f5-tcp-lan': 'tcp',
  '/Common/f5-tcp-wan': 'tcp',
  '/Common/f5-tcp-mobile': 'tcp',
  '/Common/fastL4': 'fastl4',
  '/Common/http': 'http',
  '/Common/udp': 'udp',
};

/** Whether the device has the profile, of this type if its type is known. */
export function isProfile(common: CommonObjects, path: string, type: string | undefined): boolean {
  return (
    common.objects.has(`ltm/profile/${type} ${path}`) ||
    (common.profiles.has(path) && (PROFILE_TYPES[path] ?? type) === type)
  );
}

/** Whether the device has it in one of these collections. */
export function hasObject(
  common: CommonObjects,
  collections: readonly string[],
  path: string,
): boolean {
  return collections.some((one) => common.objects.has(`${one} ${path}`));
}

/** The types of the persistence profiles that BIG-IP brings; others are of any type. */
const PERSISTENCE_TYPES: Readonly<Record<string, string>> = {
  '/Common/source_addr': 'source-addr',
  '/Common/dest_addr': 'dest-addr',
  '/Common/cookie': 'cookie',
  '/Common/msrdp': 'msrdp',
  '/Common/ssl': 'ssl',
};

/** Whether iControl REST has the object in the collection, such as `net/vlan`. */
export function isThere(common: CommonObjects, collection: string, path: string): boolean {
  const [, persistence] = /^ltm\/persistence\/(.+)$/.exec(collection) ?? [];
  if (persistence !== undefined)
    return common.persistence.has(path) && (PERSISTENCE_TYPES[path] ?? persistence) === persistence;
  if (collection === 'net/vlan') return common.vlans.has(path);
  if (collection === 'ltm/snatpool') return common.snatPools.has(path);
  return hasObject(common, [collection], path);
}

/** Profiles of some modules are not among those of LTM. */
export function isKnownProfile(common: CommonObjects, path: string): boolean {
  return (
    common.profiles.has(path) || [...common.objects].some((object) => object.endsWith(` ${path}`))
  );
}

/** mcpd's names of each kind in messages about missing objects. */
export const KIND_NAMES: Record<keyof CommonObjects, string> = {
  iRules: 'iRule',
  profiles: 'profile',
  vlans: 'VLAN',
  snatPools: 'SNAT Pool',
  monitors: 'monitor',
  persistence: 'persistence profile',
  routeDomains: 'route domain',
  objects: 'object',
  modules: 'module',
};

/** What a new BIG-IP has in `/Common`, with more objects by kind. */
export function commonObjects(
  extra: Partial<Record<keyof CommonObjects, readonly string[]>> = {},
): CommonObjects {
  const set = (kind: keyof CommonObjects): Set<string> =>
    new Set([...BUILT_IN[kind], ...(extra[kind] ?? [])]);
  return {
    iRules: set('iRules'),
    profiles: set('profiles'),
    vlans: set('vlans'),
    snatPools: set('snatPools'),
    monitors: set('monitors'),
    persistence: set('persistence'),
    routeDomains: set('routeDomains'),
    objects: set('objects'),
    modules: set('modules'),
  };
}

/** Of an address or a network. The wording is from memory and was not verified on a device. */
export function requireRouteDomain(
  address: string,
  {
    common,
    config,
  }: {
    readonly common: CommonObjects;
    readonly config: { readonly routeDomains: ReadonlyMap<string, { readonly id: number }> };
  },
): void {
  const id = /%(\d+)/.exec(address)?.[1];
  if (id === undefined || common.routeDomains.has(id)) return;
  if (![...config.routeDomains.values()].some((one) => String(one.id) === id))
    throw new McpError(
      400,
      '01070973:3',
      `The specified route domain (${id}) does not exist for address (${address}).`,
    );
}
