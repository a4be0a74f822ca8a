/**
 * Every property of the device that a declaration decides: where it is read, what the declaration
 * makes of it, and how a change by hand is healed. Measured on AS3 3.56 (as3.md §9.6).
 */
import type { Heal } from '../../device/difference.ts';
import type { As3Monitor, As3Pool, As3Service } from '../as3/types.ts';

/** An object as iControl REST shows it. */
export type LiveItem = Readonly<Record<string, unknown>>;
/** A value that can be compared and shown. */
export type LiveValue = string | number | readonly string[];

/** One property of one kind of object; `W` is the part of the declaration that decides it. */
export interface DriftRow<W> {
  /** The property in iControl REST, for PATCH and for tests. */
  readonly field: string;
  /** Its name in messages. */
  readonly words: string;
  /**
   * `declare`: AS3 compares it, and the next declare restores it. `patch`: AS3 does not compare it,
   * or cannot restore it; one PATCH in the own partition does. `told`: Sluice does not write there.
   */
  readonly heal: Heal;
  readonly wanted: (declared: W) => LiveValue;
  /** Default: the field itself. Undefined: the device does not show it, so nothing is said. */
  readonly live?: (item: LiveItem) => LiveValue | undefined;
}

/** A virtual server with the paths that its declaration implies. */
export interface DeclaredVirtual {
  readonly service: As3Service;
  readonly path: string;
  /** Of IPv6. */
  readonly isLong: boolean;
}

type Constant = string | number;

/** A property that no setting changes: AS3 sets its default. */
function fixed(
  field: string,
  words: string,
  value: Constant,
  heal: Heal = 'declare',
): DriftRow<unknown> {
  return { field, words, heal, wanted: () => value };
}

function isItem(value: unknown): value is LiveItem {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Texts and numbers; anything else is no value of a property. */
function wordOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The path in `{bigip}`, in a reference of iControl REST, or the text itself. */
function pathOf(value: unknown): string {
  if (!isItem(value)) return wordOf(value);
  if (typeof value['bigip'] === 'string') return value['bigip'];
  if (typeof value['fullPath'] === 'string') return value['fullPath'];
  const folder = value['subPath'] === undefined ? '' : `/${wordOf(value['subPath'])}`;
  return `/${wordOf(value['partition'] ?? 'Common')}${folder}/${wordOf(value['name'])}`;
}

function paths(value: unknown): readonly string[] {
  return list(value).map(pathOf);
}

const PERSISTENCE: Readonly<Record<string, string>> = {
  'source-address': '/Common/source_addr',
  'destination-address': '/Common/dest_addr',
  cookie: '/Common/cookie',
  msrdp: '/Common/msrdp',
  'tls-session-id': '/Common/ssl',
};

function wantedPersistence({ service }: DeclaredVirtual): readonly string[] {
  const usual = service.class === 'Service_HTTP' ? ['cookie'] : ['source-address'];
  const methods = service['persistenceMethods'] ?? usual;
  return paths(methods).map((method) => PERSISTENCE[method] ?? method);
}

/** AS3's profiles of a class, where the declaration names none. */
const PROFILES: Readonly<Record<As3Service['class'], Readonly<Record<string, string>>>> = {
  Service_TCP: { profileTCP: '/Common/f5-tcp-progressive' },
  Service_L4: { profileL4: '/Common/fastL4' },
  Service_HTTP: { profileTCP: '/Common/f5-tcp-progressive', profileHTTP: '/Common/http' },
  Service_UDP: { profileUDP: '/Common/udp' },
};

function wantedProfiles({ service }: DeclaredVirtual): readonly string[] {
  return Object.entries(PROFILES[service.class])
    .map(([property, usual]) =>
      service[property] === undefined ? usual : pathOf(service[property]),
    )
    .toSorted();
}

function liveProfiles({ profilesReference }: LiveItem): readonly string[] | undefined {
  const items = isItem(profilesReference) ? profilesReference['items'] : undefined;
  return Array.isArray(items) ? paths(items).toSorted() : undefined;
}

/** An expanded collection without policies has no items. */
function livePolicies({ policiesReference }: LiveItem): readonly string[] {
  return isItem(policiesReference) ? paths(policiesReference['items']).toSorted() : [];
}

function wantedSnat({ service, path }: DeclaredVirtual): string {
  const { snat = 'auto' } = service;
  if (snat === 'auto') return 'automap';
  if (snat === 'none') return 'none';
  return `snat ${snat === 'self' ? `${path}-self` : pathOf(snat)}`;
}

function liveSnat({ sourceAddressTranslation: snat }: LiveItem): string | undefined {
  if (!isItem(snat)) return undefined;
  return [snat['type'], snat['pool']]
    .map(wordOf)
    .filter((part) => part !== '')
    .join(' ');
}

function vlans(mode: string, names: readonly string[]): readonly string[] {
  return names.length === 0 && mode === 'all but' ? ['all'] : [mode, ...names.toSorted()];
}

function liveVlans(item: LiveItem): readonly string[] | undefined {
  if (item['vlansEnabled'] === undefined && item['vlansDisabled'] === undefined) return undefined;
  return vlans(item['vlansEnabled'] === true ? 'only' : 'all but', paths(item['vlans']));
}

const onOff = (value: unknown): string => (value === false ? 'disabled' : 'enabled');

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
    wanted: ({ service }) => paths(service['iRules']),
    live: ({ rules }) => paths(rules),
  },
  {
    field: 'vlans',
    words: 'VLANs',
    heal: 'declare',
    wanted: ({ service: { allowVlans } }) =>
      allowVlans === undefined ? vlans('all but', []) : vlans('only', paths(allowVlans)),
    live: liveVlans,
  },
  {
    field: 'translateAddress',
    words: 'translation of the address',
    heal: 'declare',
    wanted: ({ service }) => onOff(service['translateServerAddress']),
  },
  {
    field: 'translatePort',
    words: 'translation of the port',
    heal: 'declare',
    wanted: ({ service }) => onOff(service['translateServerPort']),
  },
  {
    field: 'persist',
    words: 'persistence',
    heal: 'declare',
    wanted: wantedPersistence,
    live: ({ persist }) => paths(persist),
  },
  {
    field: 'fallbackPersistence',
    words: 'fallback persistence',
    heal: 'declare',
    wanted: () => 'none',
    live: ({ fallbackPersistence = 'none' }) => pathOf(fallbackPersistence),
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
    wanted: () => [],
    live: livePolicies,
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
      mask === undefined ? undefined : mask === 'any' ? '255.255.255.255' : wordOf(mask),
  },
  fixed('rateLimit', 'rate limit', 'disabled'),
  fixed('autoLasthop', 'last hop', 'default'),
  fixed('serviceDownImmediateAction', 'action without members', 'none'),
  fixed('addressStatus', 'address status', 'yes'),
  fixed('nat64', 'NAT64', 'disabled'),
  fixed('sourcePort', 'source port', 'preserve'),
];

/** A pool with the full paths of its monitors. */
export interface DeclaredPool {
  readonly pool: As3Pool;
  readonly monitors: readonly string[];
}

/** `/T/a/m and /Common/x`, or `min 1 of { … }`; the order does not matter. */
function liveMonitors({ monitor = 'none' }: LiveItem): readonly string[] {
  const rule = wordOf(monitor).trim();
  if (rule === '' || rule === 'none') return [];
  const minimum = /^min (\d+) of \{?([^}]*)\}?$/.exec(rule);
  if (minimum?.[2] === undefined) return rule.split(/\s+and\s+/).toSorted();
  const names = minimum[2].trim().split(/\s+/).toSorted();
  return names.length === 1 ? names : [`at least ${minimum[1]} of`, ...names];
}

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
  fixed('serviceDownAction', 'action on a failed member', 'none'),
  fixed('slowRampTime', 'slow ramp time', 10),
  fixed('allowNat', 'NAT', 'yes'),
  fixed('allowSnat', 'SNAT', 'yes'),
];

/** Beside priority group, ratio and state, which `placing.ts` compares. */
export const MEMBER_ROWS: readonly DriftRow<unknown>[] = [
  fixed('connectionLimit', 'connection limit', 0),
  fixed('rateLimit', 'rate limit', 'disabled'),
  fixed('dynamicRatio', 'dynamic ratio', 1),
  // AS3 deletes the member first and then modifies it, so every declare of the partition fails.
  fixed('monitor', 'monitor', 'default', 'patch'),
];

/** What AS3 sends and expects where the declaration does not say. */
const PAYLOAD: Readonly<Record<string, readonly [send: string, receive: string]>> = {
  http: ['HEAD / HTTP/1.0\\r\\n\\r\\n', 'HTTP/1.'],
  https: ['HEAD / HTTP/1.0\\r\\n\\r\\n', 'HTTP/1.'],
  udp: ['default send string', ''],
};

/** Types that AS3 declares without payload, whatever is asked for. */
const SILENT: readonly string[] = ['icmp', 'tcp-half-open'];

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
  return escaped(wordOf(value));
}

export const MONITOR_ROWS: readonly DriftRow<As3Monitor>[] = [
  { field: 'interval', words: 'interval', heal: 'declare', wanted: ({ interval }) => interval },
  { field: 'timeout', words: 'timeout', heal: 'declare', wanted: ({ timeout }) => timeout },
  {
    field: 'destination',
    words: 'destination',
    heal: 'declare',
    wanted: ({ targetPort = 0 }) => `*:${targetPort === 0 ? '*' : targetPort}`,
    live: ({ destination }) =>
      destination === undefined ? undefined : wordOf(destination).replace(/^\*\./, '*:'),
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
  fixed('reverse', 'reverse', 'disabled'),
  fixed('transparent', 'transparent', 'disabled'),
  fixed('adaptive', 'adaptive', 'disabled'),
  fixed('timeUntilUp', 'time until up', 0),
  fixed('upInterval', 'interval while up', 0),
  fixed('manualResume', 'manual resume', 'disabled', 'patch'),
];

export const ADDRESS_ROWS: readonly DriftRow<unknown>[] = [
  fixed('enabled', 'enabled', 'yes', 'patch'),
  fixed('connectionLimit', 'connection limit', 0, 'patch'),
  fixed('arp', 'ARP', 'enabled'),
  fixed('icmpEcho', 'ICMP echo', 'enabled'),
  fixed('routeAdvertisement', 'route advertisement', 'disabled'),
  fixed('spanning', 'spanning', 'disabled'),
  fixed('serverScope', 'scope', 'any'),
  fixed('autoDelete', 'automatic deletion', 'true'),
];

/** Beside state and ratio, which `nodes.ts` reconciles. */
export const NODE_ROWS: readonly DriftRow<unknown>[] = [
  fixed('connectionLimit', 'connection limit', 0, 'patch'),
  fixed('rateLimit', 'rate limit', 'disabled', 'patch'),
  fixed('dynamicRatio', 'dynamic ratio', 1, 'patch'),
  fixed('monitor', 'monitor', 'default'),
];

/** A property whose live value is not the declared one. */
export interface PropertyDifference {
  readonly field: string;
  readonly message: string;
  readonly heal: Heal;
  /** The declared value, as iControl REST takes it. */
  readonly wanted: LiveValue;
}

/** The rows whose live value differs; a field that the device does not show says nothing. */
export function compareRows<W>(
  rows: readonly DriftRow<W>[],
  declared: W,
  item: LiveItem,
): readonly PropertyDifference[] {
  return rows.flatMap(({ field, words, heal, wanted: want, live: read }) => {
    const live = read === undefined ? plain(item[field]) : read(item);
    const wanted = want(declared);
    if (live === undefined || JSON.stringify(live) === JSON.stringify(wanted)) return [];
    const message = `has ${words} ${shown(live)} instead of ${shown(wanted)}`;
    return [{ field, message, heal, wanted }];
  });
}

function plain(value: unknown): LiveValue | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

function shown(value: LiveValue): string {
  if (typeof value === 'number') return String(value);
  const words = typeof value === 'string' ? value : value.join(' ');
  return words === '' ? 'none' : words.length > 100 ? `${words.slice(0, 100)}…` : words;
}
