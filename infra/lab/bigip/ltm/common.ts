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

export function isProfile(common: CommonObjects, path: string, type: string | undefined): boolean {
  return common.profiles.has(path) && (PROFILE_TYPES[path] ?? type) === type;
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
};

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
  };
}
