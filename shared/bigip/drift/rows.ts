/**
 * Every property of the device that a declaration decides: where it is read, what the declaration
 * makes of it, and how a change by hand is healed. Measured on AS3 3.56 (as3.md §9.6).
 */
import type { As3Monitor, As3Pool, As3Service } from '../as3/types.ts';
import {
  type DeclaredSettings,
  type DeclaredVirtual,
  type DriftRow,
  fixedRow,
  isItem,
  type LiveItem,
  objectPath,
  objectPaths,
  asText,
} from './row.ts';
import {
  effectsIn,
  inContext,
  liveClonePools,
  pathsOfValue,
  settingRows,
  wantedClonePools,
  wantedPolicies,
} from './setting-rows.ts';

/**
 * Profiles that AS3 attaches for the methods that it names by a word; a method that is not here is
 * a path already.
 */
const PERSISTENCE: Readonly<Record<string, string>> = {
  'source-address': '/Common/source_addr',
  'destination-address': '/Common/dest_addr',
  cookie: '/Common/cookie',
  msrdp: '/Common/msrdp',
  'tls-session-id': '/Common/ssl',
};

/**
 * A declaration without methods gets AS3's default, which differs between classes (as3.md §3.3).
 */
function wantedPersistence({ service }: DeclaredVirtual): readonly string[] {
  const isHttp = service.class === 'Service_HTTP' || service.class === 'Service_HTTPS';
  const usual = isHttp ? ['cookie'] : ['source-address'];
  const methods = service['persistenceMethods'] ?? usual;
  return objectPaths(methods).map((method) => PERSISTENCE[method] ?? method);
}

/** AS3's profiles of a class, where the declaration names none. */
const PROFILES: Readonly<Record<As3Service['class'], Readonly<Record<string, string>>>> = {
  Service_TCP: { profileTCP: '/Common/f5-tcp-progressive' },
  Service_L4: { profileL4: '/Common/fastL4' },
  Service_HTTP: { profileTCP: '/Common/f5-tcp-progressive', profileHTTP: '/Common/http' },
  Service_HTTPS: { profileTCP: '/Common/f5-tcp-progressive', profileHTTP: '/Common/http' },
  Service_UDP: { profileUDP: '/Common/udp' },
};

/** The profiles of the class, in which one TCP profile may be for clients, another for members. */
function classProfiles({ service, settings }: DeclaredVirtual): readonly string[] {
  const towardsMembers = pathsOfValue(settings['profileTcpServer']);
  return Object.entries(PROFILES[service.class]).flatMap(([property, usual]) => {
    if (property !== 'profileTCP' || towardsMembers.length === 0)
      return service[property] === undefined ? usual : objectPath(service[property]);
    const [towardsClients = usual] = pathsOfValue(settings['profileTcp']);
    return [
      inContext(towardsClients, 'clientside'),
      ...towardsMembers.map((path) => inContext(path, 'serverside')),
    ];
  });
}

/** The profiles that AS3 attaches for these settings, with their contexts. */
function wantedProfiles(declared: DeclaredVirtual): readonly string[] {
  const attached = effectsIn(declared.settings).flatMap(({ effect, value }) =>
    'profile' in effect
      ? [
          ...(effect.instead ?? pathsOfValue(value)).map((path) => inContext(path, effect.profile)),
          ...(effect.others ?? []),
        ]
      : [],
  );
  return [...new Set([...classProfiles(declared), ...attached])].filter(isCompared).toSorted();
}

/** AS3 adds it by itself where ASM is provisioned and an LTM policy is attached. */
function isCompared(path: string): boolean {
  return path !== '/Common/websecurity';
}

/**
 * Undefined if the collection was not expanded: then nothing is known about it, and nothing is
 * compared.
 */
function liveProfiles({ profilesReference }: LiveItem): readonly string[] | undefined {
  const items = isItem(profilesReference) ? profilesReference['items'] : undefined;
  if (!Array.isArray(items)) return undefined;
  return items
    .map((item: unknown) => inContext(objectPath(item), isItem(item) ? item['context'] : undefined))
    .filter(isCompared)
    .toSorted();
}

/** An expanded collection without policies has no items. */
function livePolicies({ policiesReference }: LiveItem): readonly string[] {
  return isItem(policiesReference) ? objectPaths(policiesReference['items']).toSorted() : [];
}

/**
 * The words of AS3 as `liveSnat` shows them: `automap`, `none`, or `snat` with the path of a pool.
 * For `self` AS3 makes a pool beside the virtual server, named after it.
 */
function wantedSnat({ service, path }: DeclaredVirtual): string {
  const { snat = 'auto' } = service;
  if (snat === 'auto') return 'automap';
  if (snat === 'none') return 'none';
  return `snat ${snat === 'self' ? `${path}-self` : objectPath(snat)}`;
}

/** Type and pool of the translation in one text; undefined if the device does not show it. */
function liveSnat({ sourceAddressTranslation: snat }: LiveItem): string | undefined {
  if (!isItem(snat)) return undefined;
  return [snat['type'], snat['pool']]
    .map(asText)
    .filter((part) => part !== '')
    .join(' ');
}

/** Mode and names as one value. `all but` no VLAN is every VLAN, and is shown as `all`. */
function vlans(mode: string, names: readonly string[]): readonly string[] {
  return names.length === 0 && mode === 'all but' ? ['all'] : [mode, ...names.toSorted()];
}

/** Undefined if the device shows neither flag; the two exclude each other. */
function liveVlans(item: LiveItem): readonly string[] | undefined {
  if (item['vlansEnabled'] === undefined && item['vlansDisabled'] === undefined) return undefined;
  return vlans(item['vlansEnabled'] === true ? 'only' : 'all but', objectPaths(item['vlans']));
}

/** Properties of a virtual server that are compared with the declaration. */
export const VIRTUAL_ROWS: readonly DriftRow<DeclaredVirtual>[] = [
  {
    field: 'sourceAddressTranslation',
    words: 'snat',
    heal: 'declare',
    wanted: wantedSnat,
    live: liveSnat,
  },
  {
    field: 'rules',
    words: 'iRules',
    heal: 'declare',
    wanted: ({ service }) => objectPaths(service['iRules']),
    live: ({ rules }) => objectPaths(rules),
  },
  {
    field: 'vlans',
    words: 'VLANs',
    heal: 'declare',
    wanted: ({ service: { allowVlans, rejectVlans } }) =>
      allowVlans === undefined
        ? vlans('all but', objectPaths(rejectVlans))
        : vlans('only', objectPaths(allowVlans)),
    live: liveVlans,
  },
  {
    field: 'persist',
    words: 'persistence',
    heal: 'declare',
    wanted: wantedPersistence,
    live: ({ persist }) => objectPaths(persist),
  },
  {
    field: 'fallbackPersistence',
    words: 'fallback persistence',
    heal: 'declare',
    wanted: ({ service }) => {
      const method = objectPath(service['fallbackPersistenceMethod'] ?? 'none');
      return PERSISTENCE[method] ?? method;
    },
    live: ({ fallbackPersistence = 'none' }) => objectPath(fallbackPersistence),
  },
  {
    field: 'profiles',
    words: 'profiles',
    heal: 'declare',
    wanted: wantedProfiles,
    live: liveProfiles,
  },
  {
    field: 'policies',
    words: 'LTM policies',
    heal: 'declare',
    wanted: wantedPolicies,
    live: livePolicies,
  },
  {
    field: 'clonePools',
    words: 'clone pools',
    heal: 'declare',
    wanted: wantedClonePools,
    live: liveClonePools,
  },
  {
    field: 'ipProtocol',
    words: 'protocol',
    heal: 'declare',
    wanted: ({ service }) => (service.class === 'Service_UDP' ? 'udp' : (service.layer4 ?? 'tcp')),
  },
  {
    field: 'mask',
    words: 'mask',
    heal: 'declare',
    wanted: ({ isLong }) =>
      isLong ? 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' : '255.255.255.255',
    live: ({ mask }) =>
      mask === undefined ? undefined : mask === 'any' ? '255.255.255.255' : asText(mask),
  },
  ...settingRows<DeclaredVirtual>('virtual', (declared) => declared),
];

/** A pool with the full paths of its monitors. */
export interface DeclaredPool {
  /** The object of class Pool in the declaration, with AS3's property names. */
  readonly pool: As3Pool;
  /** What the rows of the catalogue for pools compare. */
  readonly settings: DeclaredSettings;
  /** Full paths, in any order: both sides are sorted before they are compared. */
  readonly monitors: readonly string[];
}

/** `/T/a/m and /Common/x`, or `min 1 of { … }`; the order does not matter. */
function liveMonitors({ monitor = 'none' }: LiveItem): readonly string[] {
  const rule = asText(monitor).trim();
  if (rule === '' || rule === 'none') return [];
  const minimum = /^min (\d+) of \{?([^}]*)\}?$/.exec(rule);
  if (minimum?.[2] === undefined) return rule.split(/\s+and\s+/).toSorted();
  const names = minimum[2].trim().split(/\s+/).toSorted();
  return names.length === 1 ? names : [`at least ${minimum[1]} of`, ...names];
}

/** Properties of a pool that are compared with the declaration. */
export const POOL_ROWS: readonly DriftRow<DeclaredPool>[] = [
  {
    field: 'monitor',
    words: 'monitors',
    heal: 'declare',
    wanted: ({ monitors }) => monitors.toSorted(),
    live: liveMonitors,
  },
  {
    field: 'minActiveMembers',
    words: 'minimum of active members',
    heal: 'declare',
    wanted: ({ pool }) => pool.minimumMembersActive ?? 1,
  },
  ...settingRows<DeclaredPool>('pool', ({ settings }) => ({ settings, path: '' })),
];

/** Beside priority group, ratio and state, which `placing.ts` compares. */
export const MEMBER_ROWS: readonly DriftRow<unknown>[] = [
  fixedRow('connectionLimit', 'connection limit', 0),
  fixedRow('rateLimit', 'rate limit', 'disabled'),
  fixedRow('dynamicRatio', 'dynamic ratio', 1),
  // AS3 deletes the member first and then modifies it, so every declare of the partition fails.
  fixedRow('monitor', 'monitor', 'default', 'patch'),
];

/** What AS3 sends and expects where the declaration does not say. */
const PAYLOAD: Readonly<Record<string, readonly [send: string, receive: string]>> = {
  http: ['HEAD / HTTP/1.0\\r\\n\\r\\n', 'HTTP/1.'],
  https: ['HEAD / HTTP/1.0\\r\\n\\r\\n', 'HTTP/1.'],
  udp: ['default send string', ''],
};

/** Types that AS3 declares without payload, whatever is asked for. */
const SILENT: readonly string[] = ['icmp', 'tcp-half-open'];

/** What a monitor sends and expects, with AS3's defaults for its type, as the device stores it. */
function payload({ monitorType, send, receive }: As3Monitor): readonly [string, string] {
  if (SILENT.includes(monitorType)) return ['', ''];
  const [usualSend = '', usualReceive = ''] = PAYLOAD[monitorType] ?? [];
  return [escaped(send ?? usualSend), escaped(receive ?? usualReceive)];
}

/** The device keeps line ends as escapes. */
function escaped(sent: string): string {
  return sent === 'none' ? '' : sent.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

function livePayload(value: unknown): string {
  return escaped(asText(value));
}

/** Properties of a monitor that are compared with the declaration. */
export const MONITOR_ROWS: readonly DriftRow<As3Monitor>[] = [
  { field: 'interval', words: 'interval', heal: 'declare', wanted: ({ interval }) => interval },
  { field: 'timeout', words: 'timeout', heal: 'declare', wanted: ({ timeout }) => timeout },
  {
    field: 'destination',
    words: 'destination',
    heal: 'declare',
    wanted: ({ targetPort = 0 }) => `*:${targetPort === 0 ? '*' : targetPort}`,
    live: ({ destination }) =>
      destination === undefined ? undefined : asText(destination).replace(/^\*\./, '*:'),
  },
  {
    field: 'send',
    words: 'send string',
    heal: 'declare',
    wanted: (monitor) => payload(monitor)[0],
    live: ({ send }) => livePayload(send),
  },
  {
    field: 'recv',
    words: 'receive string',
    heal: 'declare',
    wanted: (monitor) => payload(monitor)[1],
    live: ({ recv }) => livePayload(recv),
  },
  {
    field: 'recvDisable',
    words: 'receive string that disables',
    heal: 'declare',
    wanted: () => '',
    live: ({ recvDisable }) => livePayload(recvDisable),
  },
  fixedRow('reverse', 'reverse', 'disabled'),
  fixedRow('transparent', 'transparent', 'disabled'),
  fixedRow('adaptive', 'adaptive', 'disabled'),
  fixedRow('timeUntilUp', 'time until up', 0),
  fixedRow('upInterval', 'interval while up', 0),
  fixedRow('manualResume', 'manual resume', 'disabled', 'patch'),
];

/** Properties of a virtual address that are compared with the declaration. */
export const ADDRESS_ROWS: readonly DriftRow<DeclaredSettings>[] = [
  fixedRow('enabled', 'enabled', 'yes', 'patch'),
  fixedRow('connectionLimit', 'connection limit', 0, 'patch'),
  ...settingRows<DeclaredSettings>('address', (settings) => ({ settings, path: '' })),
  fixedRow('autoDelete', 'automatic deletion', 'true'),
];

/** In /Common, the traffic group is the choice of whoever created the address. */
export const OWN_ADDRESS_ROWS: readonly DriftRow<DeclaredSettings>[] = [
  ...ADDRESS_ROWS,
  {
    field: 'inheritedTrafficGroup',
    words: 'inherited traffic group',
    heal: 'declare',
    wanted: ({ trafficGroup }) => (trafficGroup === undefined ? 'true' : undefined),
  },
];

/** Beside state and ratio, which `nodes.ts` reconciles. */
export const NODE_ROWS: readonly DriftRow<unknown>[] = [
  fixedRow('connectionLimit', 'connection limit', 0, 'patch'),
  fixedRow('rateLimit', 'rate limit', 'disabled', 'patch'),
  fixedRow('dynamicRatio', 'dynamic ratio', 1, 'patch'),
  fixedRow('monitor', 'monitor', 'default'),
];
