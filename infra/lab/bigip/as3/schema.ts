/** The AS3 classes that the lab supports, with AS3's defaults. Unknown keys are refused. */
import { isIP } from 'node:net';
import * as z from 'zod';
import { BALANCE_METHODS, type Mode } from '../../../../shared/domain/exposure/settings/values.ts';
import { serviceShape } from './services.ts';

/** `10.0.0.1`, `10.0.0.1%2`, `10.0.0.0/24`, IPv6 alike. */
const F5Ip = z
  .string()
  .refine(
    (text) => isIP(text.replace(/\/\d+$/, '').replace(/%\d+$/, '')) !== 0,
    'should match format "f5ip"',
  );
/** AS3's format `f5bigip`. */
const BigipPath = z
  .string()
  // oxlint-disable-next-line no-control-regex
  .regex(/^\/[^\x00-\x19"#'*<>?[-\]{-}\x7f]+$/, 'should match format "f5bigip"');
const Label = z
  .string()
  .max(64)
  .regex(/^[^\p{Cc}"#&*<>?[\\\]`]*$/u);
const Remark = z
  .string()
  .max(64)
  .regex(/^[^\p{Cc}"\\]*$/u);
const Port = z.int().min(0).max(65_535);
const Metadata = z.record(
  z.string(),
  z.strictObject({ value: z.string(), persist: z.boolean().default(true) }),
);
const BigipPointer = z.strictObject({ bigip: BigipPath });
const UsePointer = z.strictObject({ use: z.string().min(1) });
const Pointer = z.union([UsePointer, BigipPointer]);
const NamedPointer = z.union([z.string().min(1), UsePointer, BigipPointer]);
/** A reference: to an object of the declaration (`use`) or of the device (`bigip`). */
export type Pointer = z.infer<typeof NamedPointer>;

const Described = { label: Label.optional(), remark: Remark.optional() };

const BASIC_MONITORS = ['http', 'https', 'http2', 'icmp', 'tcp', 'tcp-half-open', 'udp'] as const;
const MonitorList = z.array(z.union([z.enum(BASIC_MONITORS), UsePointer, BigipPointer]));

/** An entry of `members`: one port with any number of addresses. */
export const PoolMember = z.strictObject({
  remark: Remark.optional(),
  servicePort: Port,
  serverAddresses: z.array(F5Ip).optional(),
  enable: z.boolean().default(true),
  connectionLimit: z.int().min(0).max(2_147_483_647).default(0),
  rateLimit: z.int().min(-1).max(2_147_483_647).default(-1),
  dynamicRatio: z.int().min(0).max(100).default(1),
  ratio: z.int().min(0).max(100).default(1),
  priorityGroup: Port.default(0),
  monitors: MonitorList.optional(),
  minimumMonitors: z.union([z.literal('all'), z.int().min(0).max(63)]).optional(),
  metadata: Metadata.optional(),
  adminState: z.enum(['enable', 'disable', 'offline']).default('enable'),
  addressDiscovery: z.literal('static').default('static'),
  shareNodes: z.boolean().default(false),
  routeDomain: z.int().min(0).max(65_534).optional(),
});
export type PoolMember = z.infer<typeof PoolMember>;

/** A pool, with the monitors that decide about its members. */
export const PoolClass = z.strictObject({
  class: z.literal('Pool'),
  ...Described,
  allowNATEnabled: z.boolean().default(true),
  allowSNATEnabled: z.boolean().default(true),
  loadBalancingMode: z.enum(BALANCE_METHODS).default('round-robin'),
  minimumMembersActive: Port.default(1),
  monitors: MonitorList.optional(),
  minimumMonitors: z.union([z.literal('all'), z.int().min(1).max(63)]).default(1),
  members: z.array(PoolMember).default([]),
  metadata: Metadata.optional(),
  reselectTries: Port.default(0),
  serviceDownAction: z.enum(['drop', 'none', 'reselect', 'reset']).default('none'),
  slowRampTime: z.int().min(0).max(900).default(10),
});
export type PoolClass = z.infer<typeof PoolClass>;

/** A health monitor. `interval` and `timeout` are in seconds. */
export const MonitorClass = z.strictObject({
  class: z.literal('Monitor'),
  ...Described,
  monitorType: z.enum(['http', 'https', 'icmp', 'tcp', 'tcp-half-open', 'udp']),
  interval: z.int().min(0).max(3600).default(5),
  timeout: z.int().min(0).max(900).default(16),
  timeUntilUp: z.int().min(0).max(1800).default(0),
  upInterval: z.int().min(0).max(3600).default(0),
  targetAddress: z.union([z.literal(''), F5Ip]).default(''),
  targetPort: Port.default(0),
  send: z.string().optional(),
  receive: z.string().optional(),
  receiveDown: z.string().default(''),
  reverse: z.boolean().default(false),
  transparent: z.boolean().default(false),
  adaptive: z.boolean().default(false),
  dscp: z.int().min(0).max(63).default(0),
});
export type MonitorClass = z.infer<typeof MonitorClass>;

const SERVICE = {
  ...Described,
  virtualAddresses: z
    .array(z.union([F5Ip, z.tuple([F5Ip, F5Ip]), UsePointer, BigipPointer]))
    .min(1)
    .optional(),
  virtualPort: Port,
  enable: z.boolean().default(true),
  adminState: z.enum(['enable', 'disable']).default('enable'),
  pool: NamedPointer.optional(),
  snat: z.union([z.enum(['none', 'self', 'auto']), UsePointer, BigipPointer]).default('auto'),
  iRules: z.array(NamedPointer).default([]),
  allowVlans: z.array(z.union([z.string(), BigipPointer])).optional(),
  rejectVlans: z.array(z.union([z.string(), BigipPointer])).optional(),
  maxConnections: z.int().min(0).default(0),
  rateLimit: z.int().min(0).default(0),
  mirroring: z.enum(['none', 'L4']).default('none'),
  lastHop: z.union([z.enum(['default', 'auto', 'disable']), BigipPointer]).default('default'),
  sourceAddress: F5Ip.optional(),
  fallbackPersistenceMethod: z.union([z.string(), Pointer]).optional(),
  serviceDownImmediateAction: z.enum(['none', 'drop', 'reset']).default('none'),
  translateServerAddress: z.boolean().default(true),
  translateServerPort: z.boolean().default(true),
  shareAddresses: z.literal(false, 'the lab does not play shareAddresses').default(false),
  metadata: Metadata.optional(),
};
const OneTcpProfile = z.union([z.enum(['normal', 'lan', 'wan', 'mobile']), Pointer]);
const TcpProfile = z
  .union([OneTcpProfile, z.strictObject({ ingress: OneTcpProfile, egress: OneTcpProfile })])
  .default('normal');
const OnePersistence = z.union([
  z.enum(['cookie', 'destination-address', 'msrdp', 'source-address', 'tls-session-id']),
  Pointer,
]);
const Persistence = z.array(OnePersistence);

const KNOWN = { ...SERVICE, persistenceMethods: 0, profileTCP: 0, redirect80: 0 };

/** The other properties of a class, which only the catalogue types. */
function more(mode: Mode): object {
  return serviceShape(mode, { ...KNOWN, profileHTTP: 0, profileL4: 0, profileUDP: 0 });
}

const ServiceTcp = z.strictObject({
  class: z.literal('Service_TCP'),
  ...SERVICE,
  ...more('tcp'),
  layer4: z.literal('tcp').default('tcp'),
  persistenceMethods: Persistence.default(['source-address']),
  profileTCP: TcpProfile,
});
const ServiceL4 = z.strictObject({
  class: z.literal('Service_L4'),
  ...SERVICE,
  ...more('fastl4'),
  layer4: z.enum(['tcp', 'udp']).default('tcp'),
  persistenceMethods: Persistence.default(['source-address']),
  profileL4: z.union([z.literal('basic'), Pointer]).default('basic'),
});
const ServiceHttp = z.strictObject({
  class: z.literal('Service_HTTP'),
  ...SERVICE,
  ...more('http'),
  virtualPort: Port.default(80),
  layer4: z.literal('tcp').default('tcp'),
  persistenceMethods: Persistence.default(['cookie']),
  profileTCP: TcpProfile,
  profileHTTP: z.union([z.literal('basic'), Pointer]).default('basic'),
});
const ServiceHttps = z.strictObject({
  class: z.literal('Service_HTTPS'),
  ...SERVICE,
  ...more('https'),
  virtualPort: Port.default(443),
  layer4: z.literal('tcp').default('tcp'),
  persistenceMethods: Persistence.default(['cookie']),
  profileTCP: TcpProfile,
  profileHTTP: z.union([z.literal('basic'), Pointer]).default('basic'),
  redirect80: z.boolean().default(true),
});
const ServiceUdp = z.strictObject({
  class: z.literal('Service_UDP'),
  ...SERVICE,
  ...more('udp'),
  layer4: z.literal('udp').default('udp'),
  persistenceMethods: Persistence.default(['source-address']),
  profileUDP: z.union([z.literal('normal'), Pointer]).default('normal'),
});
/** A virtual server of any protocol. */
export type ServiceClass =
  | z.infer<typeof ServiceTcp>
  | z.infer<typeof ServiceL4>
  | z.infer<typeof ServiceHttp>
  | z.infer<typeof ServiceHttps>
  | z.infer<typeof ServiceUdp>;

/** A virtual address with properties of its own. */
export const ServiceAddress = z.strictObject({
  class: z.literal('Service_Address'),
  ...Described,
  virtualAddress: F5Ip,
  arpEnabled: z.boolean().default(true),
  icmpEcho: z.enum(['enable', 'disable', 'selective']).default('enable'),
  routeAdvertisement: z
    .enum(['enable', 'disable', 'selective', 'always', 'any', 'all'])
    .default('disable'),
  spanningEnabled: z.boolean().default(false),
  trafficGroup: z.string().default('default'),
  serverScope: z.enum(['any', 'all', 'none']).default('any'),
  useIpName: z.boolean().default(false),
  autoDelete: z.literal(true, 'autoDelete must stay true outside Common').default(true),
});
export type ServiceAddress = z.infer<typeof ServiceAddress>;

/** Source addresses for connections to members. */
export const SnatPoolClass = z.strictObject({
  class: z.literal('SNAT_Pool'),
  ...Described,
  snatAddresses: z.array(F5Ip).min(1),
});
export type SnatPoolClass = z.infer<typeof SnatPoolClass>;

/** Anything; AS3 stores it and does nothing with it. */
export const Constants = z.looseObject({ class: z.literal('Constants') });

/** The classes of objects inside an application, by the value of `class`. */
export const ITEM_CLASSES = {
  Service_TCP: ServiceTcp,
  Service_L4: ServiceL4,
  Service_HTTP: ServiceHttp,
  Service_HTTPS: ServiceHttps,
  Service_UDP: ServiceUdp,
  Pool: PoolClass,
  Monitor: MonitorClass,
  Service_Address: ServiceAddress,
  SNAT_Pool: SnatPoolClass,
} as const;
/** Any object inside an application. */
export type Item = ServiceClass | PoolClass | MonitorClass | ServiceAddress | SnatPoolClass;

/** A tenant's own properties; everything else in it is an application. */
export const TENANT_KEYS = z.looseObject({
  class: z.literal('Tenant'),
  ...Described,
  enable: z.boolean().default(true),
  defaultRouteDomain: z.int().min(0).max(65_535).default(0),
  useCommonRouteDomainTenant: z.boolean().default(true),
  verifiers: z.record(z.string(), z.unknown()).optional(),
  controls: z.record(z.string(), z.unknown()).optional(),
  optimisticLockKey: z.string().max(128).default(''),
});

/** An application's own properties; everything else in it is an object. */
export const APPLICATION_KEYS = z.looseObject({
  class: z.literal('Application'),
  ...Described,
  template: z
    .enum(['generic', 'shared'], 'the lab plays the templates "generic" and "shared" only')
    .default('generic'),
  schemaOverlay: z.string().optional(),
  enable: z.boolean().default(true),
});
