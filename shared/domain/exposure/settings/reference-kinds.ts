/** Kinds of objects on the device that settings refer to: where they are, and what they need. */

/** Modules of BIG-IP that a setting may need, by the name in `tm/sys/provision`. */
export const MODULES = {
  afm: 'AFM (Advanced Firewall Manager)',
  apm: 'APM (Access Policy Manager)',
  asm: 'ASM (Advanced WAF, Application Security Manager)',
  avr: 'AVR (Application Visibility and Reporting)',
  fps: 'FPS (Fraud Protection Service)',
  pem: 'PEM (Policy Enforcement Manager)',
} as const;
/** The short name of a module, such as `asm`. */
export type ModuleName = keyof typeof MODULES;

/** A kind of object on the device. */
export interface KindOfReference {
  /** As messages name it, such as `client SSL profile`. */
  readonly words: string;
  /** Collections in iControl REST, below `/mgmt/tm/`, that may hold it. */
  readonly collections: readonly string[];
  /** Any of these modules is enough. */
  readonly modules?: readonly ModuleName[];
}

function profile(words: string, type: string, ...modules: readonly ModuleName[]): KindOfReference {
  return kind(`${words} profile`, `ltm/profile/${type}`, ...modules);
}

/** A kind of object with its collections and the modules that it needs. */
function kind(
  words: string,
  collection: string,
  ...modules: readonly ModuleName[]
): KindOfReference {
  return {
    words,
    collections: [collection],
    ...(modules.length > 0 && { modules }),
  };
}

/** The most usual ones first, because they are asked one after the other. */
const PERSISTENCE_TYPES = [
  'source-addr',
  'cookie',
  'ssl',
  'universal',
  'hash',
  'dest-addr',
  'host',
  'msrdp',
  'sip',
] as const;

/** By name. The collections are those in which AS3 looks (as3.md §9.7). */
export const REFERENCE_KINDS = {
  snatPool: kind('SNAT pool', 'ltm/snatpool'),
  persistence: {
    words: 'persistence profile',
    collections: PERSISTENCE_TYPES.map((type) => `ltm/persistence/${type}`),
  },
  vlan: { words: 'VLAN', collections: ['net/vlan', 'net/vlan-group', 'net/tunnels/tunnel'] },
  iRule: kind('iRule', 'ltm/rule'),
  tcp: profile('TCP', 'tcp'),
  http: profile('HTTP', 'http'),
  l4: profile('FastL4', 'fastl4'),
  udp: profile('UDP', 'udp'),
  clientSsl: profile('client SSL', 'client-ssl'),
  serverSsl: profile('server SSL', 'server-ssl'),
  http2: profile('HTTP/2', 'http2'),
  httpCompression: profile('HTTP compression', 'http-compression'),
  webAcceleration: profile('web acceleration', 'web-acceleration'),
  oneConnect: profile('OneConnect', 'one-connect'),
  webSocket: profile('WebSocket', 'websocket'),
  html: profile('HTML', 'html'),
  ntlm: profile('NTLM', 'ntlm'),
  stream: profile('stream', 'stream'),
  rewrite: profile('rewrite', 'rewrite'),
  requestAdapt: profile('request adapt', 'request-adapt'),
  responseAdapt: profile('response adapt', 'response-adapt'),
  requestLog: profile('request logging', 'request-log'),
  statistics: profile('statistics', 'statistics'),
  classification: profile('classification', 'classification'),
  dns: profile('DNS', 'dns'),
  fix: profile('FIX', 'fix'),
  analytics: profile('HTTP analytics', 'analytics', 'avr'),
  tcpAnalytics: profile('TCP analytics', 'tcp-analytics', 'avr'),
  ltmPolicy: kind('LTM policy', 'ltm/policy'),
  pool: kind('pool', 'ltm/pool'),
  trafficGroup: kind('traffic group', 'cm/traffic-group'),
  bandwidthPolicy: kind('bandwidth control policy', 'net/bwc/policy'),
  timerPolicy: kind('timer policy', 'net/timer-policy'),
  wafPolicy: kind('WAF policy', 'asm/policies', 'asm'),
  dosProfile: kind('DoS profile', 'security/dos/profile', 'afm', 'asm'),
  botDefense: kind('bot defense profile', 'security/bot-defense/profile', 'asm'),
  integratedBotDefense: kind('integrated bot defense profile', 'saas/bd/profile'),
  firewallPolicy: kind('network firewall policy', 'security/firewall/policy', 'afm'),
  natPolicy: kind('NAT policy', 'security/nat/policy', 'afm'),
  ipIntelligence: kind('IP intelligence policy', 'security/ip-intelligence/policy', 'afm', 'asm'),
  protocolInspection: kind(
    'protocol inspection profile',
    'security/protocol-inspection/profile',
    'afm',
  ),
  securityLog: kind('security log profile', 'security/log/profile', 'afm', 'asm'),
  sshProxy: kind('SSH proxy profile', 'security/ssh/profile', 'afm'),
  antiFraud: kind('anti-fraud profile', 'security/anti-fraud/profile', 'fps'),
  apiProtection: kind(
    'API protection profile',
    'api-protection/profile/apiprotection',
    'apm',
    'asm',
  ),
  access: kind('access profile', 'apm/profile/access', 'apm'),
  pingAccess: kind('PingAccess profile', 'apm/profile/ping-access', 'apm'),
  connectivity: kind('connectivity profile', 'apm/profile/connectivity', 'apm'),
  vdi: kind('VDI profile', 'apm/profile/vdi', 'apm'),
  accessPolicy: kind('per-request access policy', 'apm/policy/access-policy', 'apm'),
  enforcement: kind('enforcement profile', 'pem/profile/spm', 'pem'),
  subscriberManagement: kind('subscriber management profile', 'pem/profile/subscriber-mgmt', 'pem'),
  diameterEndpoint: kind('Diameter endpoint profile', 'pem/profile/diameter-endpoint', 'pem'),
} as const satisfies Readonly<Record<string, KindOfReference>>;

/** The kind of an object on the device that a setting may refer to, such as `iRule`. */
export type ReferenceKind = keyof typeof REFERENCE_KINDS;

/** The kind of reference, without its literal type. */
export function referenceKind(name: ReferenceKind): KindOfReference {
  return REFERENCE_KINDS[name];
}
