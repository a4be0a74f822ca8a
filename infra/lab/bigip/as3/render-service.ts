import { anySource } from '../ltm/model.ts';
import type { Attached, Snat, Virtual, VirtualAddress, Vlans } from '../ltm/model.ts';
import { isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { PLAIN } from '../ltm/plain.ts';
import { Invalid } from './parse.ts';
import { itemAt, pointerPath } from './pointers.ts';
import type { PointerPlace } from './pointers.ts';
import { metadataList } from './render-pool.ts';
import type { Reference, Rendering } from './render.ts';
import type { ServiceClass } from './schema.ts';
import { additionsOf, lookupsOf } from './services.ts';

/** Adds the virtual server, its addresses and, with `redirect80`, the second virtual server. */
export function renderService(rendering: Rendering, path: string, item: ServiceClass): void {
  if (item.virtualAddresses === undefined)
    throw new Invalid(path, "should have required property 'virtualAddresses'");
  rendering.desired.references.push(...referencesOf(path, item));
  const place: PointerPlace = {
    tenant: rendering.tenant,
    application: rendering.application,
    path,
  };
  const addresses = item.virtualAddresses;
  for (const [index, address] of addresses.entries()) {
    // The first address has the item's name; the others get a number.
    const own = index === 0 ? path : `${path}-${index}-`;
    const destination = renderDestination(
      rendering,
      { ...place, path: `${path}/virtualAddresses/${index}` },
      address,
    );
    rendering.desired.virtuals.set(own, {
      ...common(rendering, place, item),
      ...destination,
      ...(item.sourceAddress !== undefined && { source: item.sourceAddress }),
      path: own,
    });
    if (item.class === 'Service_HTTPS' && item.redirect80)
      rendering.desired.virtuals.set(`${own}-Redirect-`, {
        ...redirect(rendering, place, item),
        ...destination,
        path: `${own}-Redirect-`,
      });
  }
}

/** The second virtual server of a Service_HTTPS: only an iRule that redirects. */
function redirect(
  rendering: Rendering,
  place: PointerPlace,
  item: ServiceClass,
): Omit<Virtual, 'path' | keyof Destination> {
  const { pool: _pool, ...rest } = common(rendering, place, item);
  return {
    ...rest,
    port: 80,
    rules: ['/Common/_sys_https_redirect'],
    profiles: profilesOf({ ...item, class: 'Service_HTTP', profileHTTP: 'basic' } as ServiceClass),
    policies: [],
    persist: [],
    snat: { type: 'automap' },
    connectionLimit: 0,
    mirror: false,
    lastHop: 'default',
    serviceDownImmediateAction: 'none',
    plain: PLAIN.virtuals,
  };
}

type Target = Omit<Reference, 'at' | 'path'>;

function referencesOf(path: string, item: ServiceClass): readonly Reference[] {
  const at = (property: string, value: unknown, target: Target): readonly Reference[] =>
    isObject(value) && typeof value['bigip'] === 'string'
      ? [{ ...target, path: value['bigip'], at: `${path}/${property}` }]
      : [];
  const inList = (
    property: string,
    values: readonly unknown[],
    target: Target,
  ): readonly Reference[] =>
    values.flatMap((value, index) => at(`${property}/${index}`, value, target));
  const profiles = PROFILE_TYPES.flatMap(([property, type]) =>
    at(property, (item as Json)[property], { kind: 'profiles', type }),
  );
  return [
    ...inList('persistenceMethods', item.persistenceMethods, { kind: 'persistence' }),
    ...profiles,
    ...at('snat', item.snat, { kind: 'snatPools' }),
    ...at('fallbackPersistenceMethod', item.fallbackPersistenceMethod, { kind: 'persistence' }),
    ...lookupsOf(item).map(({ collections, path: object, at: property }) => ({
      kind: 'objects' as const,
      collections,
      path: object,
      at: `${path}/${property}`,
    })),
    ...inList('iRules', item.iRules, { kind: 'iRules' }),
  ];
}

const PROFILE_TYPES = [
  ['profileHTTP', 'http'],
  ['profileTCP', 'tcp'],
  ['profileL4', 'fastl4'],
  ['profileUDP', 'udp'],
] as const;

type Destination = Pick<Virtual, 'virtualAddress' | 'address' | 'source'>;
type Address = NonNullable<ServiceClass['virtualAddresses']>[number];

function renderDestination(rendering: Rendering, place: PointerPlace, given: Address): Destination {
  if (typeof given === 'string' || Array.isArray(given)) {
    const [destination, source] = typeof given === 'string' ? [given] : given;
    const at = implicitAddress(rendering, destination.replace(/\/\d+$/, ''));
    return { ...at, source: source ?? anySource(at.address) };
  }
  const path = pointerPath(given, ['Service_Address'], place);
  const item = itemAt(rendering.tenant, path);
  if ('use' in given && item?.class === 'Service_Address') {
    return {
      virtualAddress: `/${rendering.tenant.name}/${item.useIpName ? item.virtualAddress : path.slice(path.lastIndexOf('/') + 1)}`,
      address: item.virtualAddress,
      source: anySource(item.virtualAddress),
    };
  }
  const existing = rendering.device.virtualAddresses.get(path);
  if (existing === undefined)
    throw new Invalid(place.path, `contains path to non-existent virtual-address ${path}`);
  return {
    virtualAddress: path,
    address: existing.address,
    source: anySource(existing.address),
  };
}

function implicitAddress(
  { tenant, device, desired }: Rendering,
  address: string,
): Pick<Virtual, 'virtualAddress' | 'address'> {
  const shared = device.virtualAddresses.get(`/Common/${address}`);
  if (shared !== undefined) return { virtualAddress: shared.path, address };
  const path = `/${tenant.name}/${address}`;
  desired.virtualAddresses.set(path, virtualAddress(path, address));
  return { virtualAddress: path, address };
}

/** With mcpd's defaults, as if a virtual server created it. */
export function virtualAddress(path: string, address: string): VirtualAddress {
  return {
    path,
    address,
    enabled: true,
    arp: true,
    icmpEcho: 'enable',
    routeAdvertisement: 'disable',
    spanning: false,
    trafficGroup: 'default',
    plain: PLAIN.virtualAddresses,
  };
}

function common(
  rendering: Rendering,
  place: PointerPlace,
  item: ServiceClass,
): Omit<Virtual, 'path' | keyof Destination> {
  const added = additionsOf(item, place.path);
  const fallback = item.fallbackPersistenceMethod;
  const pool =
    item.pool === undefined
      ? {}
      : { pool: pointerPath(item.pool, ['Pool'], { ...place, path: `${place.path}/pool` }) };
  return {
    port: item.virtualPort,
    protocol: item.layer4,
    ...pool,
    enabled: item.adminState === 'enable',
    rules: item.iRules.map((rule) =>
      pointerPath(rule, [], { ...place, path: `${place.path}/iRules` }),
    ),
    profiles: [...profilesOf(item), ...added.profiles],
    policies: added.policies,
    persist: item.persistenceMethods.map(persistence),
    snat: snatOf(rendering, place, item),
    vlans: vlansOf(item),
    translateAddress: item.translateServerAddress,
    translatePort: item.translateServerPort,
    connectionLimit: item.maxConnections,
    rateLimit: item.rateLimit,
    mirror: item.mirroring === 'L4',
    lastHop: typeof item.lastHop === 'string' ? item.lastHop : 'default',
    serviceDownImmediateAction: item.serviceDownImmediateAction,
    description: item.remark ?? rendering.application.name,
    metadata: metadataList(item.metadata),
    plain: {
      ...PLAIN.virtuals,
      ...added.plain,
      ...(fallback !== undefined && { fallbackPersistence: profile(fallback, PERSISTENCE) }),
    },
  };
}

const TCP_PROFILES = {
  normal: '/Common/f5-tcp-progressive',
  lan: '/Common/f5-tcp-lan',
  wan: '/Common/f5-tcp-wan',
  mobile: '/Common/f5-tcp-mobile',
} as const;

function profile(
  given: string | { readonly use: string } | { readonly bigip: string },
  known: Readonly<Record<string, string>>,
): string {
  if (typeof given === 'string') return known[given] ?? given;
  return 'bigip' in given ? given.bigip : given.use;
}

function profilesOf(item: ServiceClass): readonly Attached[] {
  const all = (path: string): Attached => ({ path, context: 'all' });
  switch (item.class) {
    case 'Service_TCP':
      return tcpProfiles(item.profileTCP);
    case 'Service_L4':
      return [all(profile(item.profileL4, { basic: '/Common/fastL4' }))];
    case 'Service_HTTP':
    case 'Service_HTTPS':
      return [
        ...tcpProfiles(item.profileTCP),
        all(profile(item.profileHTTP, { basic: '/Common/http' })),
      ];
    case 'Service_UDP':
      return [all(profile(item.profileUDP, { normal: '/Common/udp' }))];
  }
}

/** One for both sides, or one for each. */
function tcpProfiles(
  given: Extract<ServiceClass, { class: 'Service_TCP' }>['profileTCP'],
): readonly Attached[] {
  if (typeof given === 'object' && 'ingress' in given)
    return [
      { path: profile(given.ingress, TCP_PROFILES), context: 'clientside' },
      { path: profile(given.egress, TCP_PROFILES), context: 'serverside' },
    ];
  return [{ path: profile(given, TCP_PROFILES), context: 'all' }];
}

const PERSISTENCE: Readonly<Record<string, string>> = {
  'source-address': '/Common/source_addr',
  'destination-address': '/Common/dest_addr',
  cookie: '/Common/cookie',
  msrdp: '/Common/msrdp',
  'tls-session-id': '/Common/ssl',
};

function persistence(method: ServiceClass['persistenceMethods'][number]): string {
  return profile(method, PERSISTENCE);
}

function snatOf({ desired }: Rendering, place: PointerPlace, item: ServiceClass): Snat {
  if (item.snat === 'none') return { type: 'none' };
  if (item.snat === 'auto') return { type: 'automap' };
  if (item.snat !== 'self')
    return {
      type: 'snat',
      pool: pointerPath(item.snat, ['SNAT_Pool'], { ...place, path: `${place.path}/snat` }),
    };
  const pool = `${place.path}-self`;
  const addresses = (item.virtualAddresses ?? []).flatMap((address) =>
    typeof address === 'string' ? [address] : [],
  );
  desired.snatPools.set(pool, { path: pool, addresses });
  return { type: 'snat', pool };
}

function vlansOf(item: ServiceClass): Vlans {
  const paths = (list: NonNullable<ServiceClass['allowVlans']>): readonly string[] =>
    list.map((vlan) => (typeof vlan === 'string' ? vlan : vlan.bigip));
  if (item.allowVlans !== undefined) return { mode: 'allow', list: paths(item.allowVlans) };
  if (item.rejectVlans !== undefined) return { mode: 'reject', list: paths(item.rejectVlans) };
  return { mode: 'all', list: [] };
}
