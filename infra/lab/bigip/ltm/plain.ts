/**
 * Properties that the lab only stores, compares and shows: their values as iControl REST has them,
 * in an object that AS3 created without naming them.
 */
import type { Json } from '../json.ts';
import { SETTING_ROWS } from '../../../../shared/domain/exposure/settings/catalogue/catalogue.ts';

/** Fields that are absent unless somebody set them. */
const OPTIONAL_FIELDS: ReadonlySet<string> = new Set([
  'fallbackPersistence',
  'clonePools',
  ...SETTING_ROWS.flatMap(([, { as3 }]) => as3?.device ?? []).flatMap((effect) =>
    'field' in effect && (effect.absent === 'none' || effect.absent === 'infinite')
      ? [effect.field]
      : [],
  ),
]);

const VIRTUAL = {
  addressStatus: 'yes',
  nat64: 'disabled',
  serversslUseSni: 'disabled',
  sourcePort: 'preserve',
};
const VIRTUAL_ADDRESS = {
  autoDelete: 'true',
  connectionLimit: 0,
  inheritedTrafficGroup: 'true',
  serverScope: 'any',
};
const POOL = { minUpMembers: 0 };
const MEMBER = {
  ephemeral: 'false',
  fqdn: { autopopulate: 'disabled' },
  inheritProfile: 'enabled',
  logging: 'disabled',
};
const NODE = {
  connectionLimit: 0,
  dynamicRatio: 1,
  ephemeral: 'false',
  fqdn: { addressFamily: 'ipv4', autopopulate: 'disabled', downInterval: 5, interval: '3600' },
  logging: 'disabled',
  monitor: 'default',
  rateLimit: 'disabled',
};
const ADAPTIVE = {
  adaptive: 'disabled',
  adaptiveDivergenceType: 'relative',
  adaptiveDivergenceValue: 100,
  adaptiveLimit: 1000,
  adaptiveSamplingTimespan: 180,
};
const RESUME = { manualResume: 'disabled' };
const MONITOR: Readonly<Record<string, Json>> = {
  tcp: { ...ADAPTIVE, ...RESUME, ipDscp: 0 },
  http: { ...ADAPTIVE, ...RESUME, ipDscp: 0 },
  https: { ...ADAPTIVE, ...RESUME, ipDscp: 0 },
  udp: { ...ADAPTIVE, ...RESUME, debug: 'no' },
  'gateway-icmp': { ...ADAPTIVE, ...RESUME },
  'tcp-half-open': RESUME,
};

/** By kind. */
export const PLAIN = {
  virtuals: VIRTUAL,
  virtualAddresses: VIRTUAL_ADDRESS,
  pools: POOL,
  members: MEMBER,
  nodes: NODE,
} as const satisfies Readonly<Record<string, Json>>;

/** By the type of the monitor. */
export function plainOfMonitor(type: string): Json {
  return MONITOR[type] ?? RESUME;
}

/** The properties after a write that names some of them. */
export function patchedPlain(plain: Json, body: Json): Json {
  const given = Object.entries(body).filter(([key]) => key in plain || OPTIONAL_FIELDS.has(key));
  return Object.fromEntries(
    Object.entries({ ...plain, ...Object.fromEntries(given) }).filter(
      ([key, value]) => !OPTIONAL_FIELDS.has(key) || (value !== 'none' && value !== ''),
    ),
  );
}
