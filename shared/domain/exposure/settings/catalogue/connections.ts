/** Handling of connections beyond what 0.1.0 had. */
import * as z from 'zod';
import { ANNOTATION_READERS, LAST_HOPS, readerOf } from '../annotation-values.ts';
import { CIS_READERS, cisPath, ONLY_VIRTUAL_SERVERS } from '../cis-values.ts';
import type { SettingRows } from '../row.ts';
import { DevicePath, PERSISTENCE_METHODS } from '../values.ts';
import { ENABLED, pathRow, pathsRow, plainRow, YES } from './new-rows.ts';

const TCP = ['tcp', 'http', 'https'] as const;
const SOURCE_PORTS = z.enum(['preserve', 'preserve-strict', 'change']);

/** The order of these rows is the order of keys in declarations; new rows go to the end. */
export const CONNECTIONS = {
  // No effect of its own: the comparison of profiles knows both sides of `profileTCP`.
  profileTcpServer: pathRow({
    help: 'TCP profile towards members; `profiles.tcp` then is the one towards clients.',
    annotation: 'profile-tcp-server',
    property: 'profileTCP',
    key: 'egress',
    device: [],
    modes: TCP,
    reference: 'tcp',
    example: '/Common/f5-tcp-lan',
    cis: [cisPath(['VirtualServer', 'TransportServer', 'Policy'], 'profiles.tcp.server')],
  }),
  profileAnalyticsTcp: pathRow({
    help: 'TCP analytics profile.',
    annotation: 'profile-analytics-tcp',
    property: 'profileAnalyticsTcp',
    device: [{ profile: 'all' }],
    modes: ['tcp', 'fastl4', 'http', 'https'],
    reference: 'tcpAnalytics',
    example: '/Common/tcp-analytics',
    cis: [
      cisPath(['VirtualServer', 'TransportServer'], 'profileAnalyticsTcp'),
      cisPath(['Policy'], 'profiles.profileAnalyticsTcp'),
    ],
  }),
  profileStream: pathRow({
    help: 'Stream profile, which replaces text in the payload.',
    annotation: 'profile-stream',
    property: 'profileStream',
    device: [{ profile: 'all' }],
    modes: TCP,
    reference: 'stream',
    example: '/Common/stream',
  }),
  profileFix: pathRow({
    help: 'FIX profile.',
    annotation: 'profile-fix',
    property: 'profileFIX',
    device: [{ profile: 'all' }],
    modes: ['tcp'],
    reference: 'fix',
    example: '/Common/fix',
  }),
  profileStatistics: pathRow({
    help: 'Statistics profile.',
    annotation: 'profile-statistics',
    property: 'profileStatistics',
    device: [{ profile: 'all' }],
    reference: 'statistics',
    example: '/Common/stats',
  }),
  // One-sided by AS3's choice, like enforcement and subscriber management below (as3.md §9.7).
  profileClassification: pathRow({
    help: 'Classification profile.',
    annotation: 'profile-classification',
    property: 'profileClassification',
    device: [{ profile: 'clientside' }],
    reference: 'classification',
    example: '/Common/classification',
  }),
  profileDns: pathRow({
    help: 'DNS profile.',
    annotation: 'profile-dns',
    property: 'profileDNS',
    device: [{ profile: 'all' }],
    modes: ['tcp', 'udp'],
    reference: 'dns',
    example: '/Common/dns',
  }),
  profileEnforcement: pathRow({
    help: 'Enforcement profile.',
    annotation: 'profile-enforcement',
    property: 'profileEnforcement',
    device: [{ profile: 'clientside' }],
    reference: 'enforcement',
    example: '/Common/spm',
  }),
  profileSubscriberManagement: pathRow({
    help: 'Subscriber management profile.',
    annotation: 'profile-subscriber-management',
    property: 'profileSubscriberManagement',
    device: [{ profile: 'clientside' }],
    reference: 'subscriberManagement',
    example: '/Common/subscriber-mgmt',
  }),
  profileDiameterEndpoint: pathRow({
    help: 'Diameter endpoint profile.',
    annotation: 'profile-diameter-endpoint',
    property: 'profileDiameterEndpoint',
    device: [{ profile: 'all' }],
    modes: ['tcp'],
    reference: 'diameterEndpoint',
    example: '/Common/diameter-endpoint',
  }),
  policyEndpoint: pathsRow({
    help: 'LTM policies.',
    annotation: 'policy-endpoint',
    property: 'policyEndpoint',
    device: [{ policies: 'paths' }],
    modes: TCP,
    reference: 'ltmPolicy',
    example: ['/Common/redirect'],
  }),
  // AS3 wraps it in a service policy that is named by a hash of the path (as3.md §9.7).
  policyIdleTimeout: pathRow({
    help: 'Timer policy with idle timeouts.',
    annotation: 'policy-idle-timeout',
    property: 'policyIdleTimeout',
    device: [{ field: 'servicePolicy', label: 'timer policy', absent: 'none', hashed: true }],
    reference: 'timerPolicy',
    example: '/Common/timers',
  }),
  fallbackPersistence: {
    help: 'Persistence method or profile that is used if the one of `persistence` finds nothing.',
    schema: z.union([z.enum(PERSISTENCE_METHODS), DevicePath]),
    home: 'set',
    modesOfValue: {
      cookie: ['http', 'https'],
      msrdp: TCP,
      'tls-session-id': TCP,
    },
    annotations: [
      {
        name: 'sluice.io/fallback-persistence',
        read: ANNOTATION_READERS.persistenceMethod,
        help: 'Method or profile path.',
      },
    ],
    as3: { object: 'virtual', property: 'fallbackPersistenceMethod' },
    reference: 'persistence',
    examples: ['source-address', '/Common/my-persistence'],
  },
  // A word and a path end in different fields of the device, so each of them has an effect.
  lastHop: {
    help:
      'Where answers to clients go: `auto` to the router that a packet came from, `disable` by the ' +
      'routing table, or the path of a pool of routers. Default `default`, as the device is set.',
    schema: z.union([z.enum(LAST_HOPS), DevicePath]),
    home: 'set',
    annotations: [
      {
        name: 'sluice.io/last-hop',
        read: ANNOTATION_READERS.lastHop,
        help: '`default`, `auto`, `disable`, or the path of a pool of routers.',
      },
    ],
    cis: [
      {
        parts: ['Policy'],
        field: 'autoLastHop',
        read: CIS_READERS.word(...LAST_HOPS),
        ...ONLY_VIRTUAL_SERVERS,
      },
    ],
    as3: {
      object: 'virtual',
      property: 'lastHop',
      absent: 'default',
      device: [
        {
          field: 'autoLasthop',
          label: 'last hop',
          values: { auto: 'enabled', disable: 'disabled' },
          absent: 'default',
          only: 'words',
        },
        { field: 'lastHopPool', label: 'last hop pool', absent: 'none', only: 'paths' },
      ],
    },
    reference: 'pool',
    examples: ['disable', '/Common/routers'],
  },
  sourcePort: {
    help: 'Source port towards members. Default `preserve`, where possible.',
    schema: SOURCE_PORTS,
    home: 'set',
    annotations: [
      {
        name: 'sluice.io/source-port',
        read: readerOf(SOURCE_PORTS),
        help: '`preserve`, `preserve-strict` or `change`.',
      },
    ],
    as3: {
      object: 'virtual',
      property: 'translateClientPort',
      absent: 'preserve',
      device: [{ field: 'sourcePort', label: 'source port', absent: 'preserve' }],
    },
    examples: ['change', 'preserve-strict'],
  },
  translateServerAddress: plainRow({
    help: 'Whether the destination address becomes that of the member. Default true.',
    annotation: 'translate-server-address',
    aliases: ['virtual-server.f5.com/translate-server-address'],
    property: 'translateServerAddress',
    schema: z.boolean(),
    absent: true,
    device: [
      {
        field: 'translateAddress',
        label: 'translation of the address',
        values: ENABLED,
        absent: 'enabled',
      },
    ],
    examples: [false],
  }),
  translateServerPort: plainRow({
    help: 'Whether the destination port becomes that of the member. Default true.',
    annotation: 'translate-server-port',
    property: 'translateServerPort',
    schema: z.boolean(),
    absent: true,
    device: [
      {
        field: 'translatePort',
        label: 'translation of the port',
        values: ENABLED,
        absent: 'enabled',
      },
    ],
    examples: [false],
  }),
  nat64: plainRow({
    help: 'Whether IPv6 is translated to IPv4. Default false.',
    annotation: 'nat64',
    property: 'nat64Enabled',
    schema: z.boolean(),
    absent: false,
    device: [{ field: 'nat64', label: 'NAT64', values: ENABLED, absent: 'disabled' }],
    examples: [true],
  }),
  addressStatus: plainRow({
    help: 'Whether the virtual server counts for the status of its address. Default true.',
    annotation: 'address-status',
    property: 'addressStatus',
    schema: z.boolean(),
    absent: true,
    device: [{ field: 'addressStatus', label: 'address status', values: YES, absent: 'yes' }],
    examples: [false],
  }),
  serviceDownImmediateAction: plainRow({
    help: 'What a new client gets if no member is available: `none`, `drop` or `reset`. Default `none`.',
    annotation: 'service-down-immediate-action',
    property: 'serviceDownImmediateAction',
    schema: z.enum(['none', 'drop', 'reset']),
    absent: 'none',
    device: [
      {
        field: 'serviceDownImmediateAction',
        label: 'action without members',
        absent: 'none',
      },
    ],
    examples: ['reset'],
  }),
  // Both clone pools are one property of AS3, and one list on the device.
  clonePoolClient: pathRow({
    help: 'Pool that gets a copy of the traffic of clients.',
    annotation: 'clone-pool-client',
    property: 'clonePools',
    key: 'ingress',
    device: [{ clonePools: 'clientside' }],
    reference: 'pool',
    example: '/Common/sniffers',
  }),
  clonePoolServer: pathRow({
    help: 'Pool that gets a copy of the traffic towards members.',
    annotation: 'clone-pool-server',
    property: 'clonePools',
    key: 'egress',
    device: [{ clonePools: 'serverside' }],
    reference: 'pool',
    example: '/Common/sniffers',
  }),
  serviceDownAction: plainRow({
    help:
      'What happens to connections of a member that fails: `none`, `drop`, `reset`, or `reselect` ' +
      'another one. Default `none`.',
    annotation: 'service-down-action',
    object: 'pool',
    property: 'serviceDownAction',
    schema: z.enum(['none', 'drop', 'reset', 'reselect']),
    cis: [
      {
        parts: ['pool'],
        field: 'serviceDownAction',
        read: CIS_READERS.word('none', 'drop', 'reset', 'reselect'),
      },
      {
        parts: ['Policy'],
        field: 'poolSettings.serviceDownAction',
        read: CIS_READERS.word('none', 'drop', 'reset', 'reselect'),
      },
    ],
    absent: 'none',
    device: [{ field: 'serviceDownAction', label: 'action on a failed member', absent: 'none' }],
    examples: ['reselect'],
  }),
  slowRampTime: plainRow({
    help: 'Seconds in which a new member gets its full share of connections. Default 10.',
    annotation: 'slow-ramp-time',
    object: 'pool',
    property: 'slowRampTime',
    schema: z.int().min(0).max(900),
    cis: [
      { parts: ['Policy'], field: 'poolSettings.slowRampTime', read: CIS_READERS.slowRampTime },
    ],
    absent: 10,
    device: [{ field: 'slowRampTime', label: 'slow ramp time', absent: 10 }],
    examples: [60],
  }),
  allowSnat: plainRow({
    help: 'Whether connections to the pool may have their source translated. Default true.',
    annotation: 'allow-snat',
    object: 'pool',
    property: 'allowSNATEnabled',
    schema: z.boolean(),
    absent: true,
    device: [{ field: 'allowSnat', label: 'SNAT', values: YES, absent: 'yes' }],
    examples: [false],
  }),
  allowNat: plainRow({
    help: 'Whether connections to the pool may be translated by a NAT. Default true.',
    annotation: 'allow-nat',
    object: 'pool',
    property: 'allowNATEnabled',
    schema: z.boolean(),
    absent: true,
    device: [{ field: 'allowNat', label: 'NAT', values: YES, absent: 'yes' }],
    examples: [false],
  }),
} as const satisfies SettingRows;
