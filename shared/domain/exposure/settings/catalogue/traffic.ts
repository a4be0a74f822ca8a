/** Settings for the handling of connections. */
import * as z from 'zod';
import { ANNOTATION_READERS } from '../annotation-values.ts';
import { CIS_READERS, CONFIGMAP_READERS } from '../cis-values.ts';
import type { SettingRows } from '../row.ts';
import {
  BALANCE_METHODS,
  DeclaredPath,
  DevicePath,
  MODES,
  PERSISTENCE_METHODS,
  SNAT_WORDS,
} from '../values.ts';

/** The order of these rows is the order of keys in declarations; new rows go to the end. */
export const TRAFFIC = {
  mode: {
    help: 'Type of the virtual server. Default `tcp`.',
    schema: z.enum(MODES),
    home: 'always',
    default: 'tcp',
    annotations: [
      {
        name: 'sluice.io/mode',
        read: ANNOTATION_READERS.mode,
        help: '`tcp`, `fastl4`, `http`, `https` or `udp`.',
      },
    ],
    configMap: { field: 'frontend.mode', read: CONFIGMAP_READERS.plain },
    cis: [{ parts: ['TransportServer'], field: 'mode', read: CIS_READERS.mode }],
    examples: ['fastl4', 'http'],
  },
  balance: {
    help: 'Load balancing method of the pool. Default `round-robin`.',
    schema: z.enum(BALANCE_METHODS),
    home: 'always',
    default: 'round-robin',
    annotations: [
      {
        name: 'sluice.io/balance',
        read: ANNOTATION_READERS.balance,
        help: 'Load balancing method.',
      },
      {
        name: 'virtual-server.f5.com/balance',
        read: ANNOTATION_READERS.balance,
        help: 'Load balancing method.',
      },
    ],
    configMap: { field: 'frontend.balance', read: CONFIGMAP_READERS.balance },
    cis: [{ parts: ['pool'], field: 'loadBalancingMethod', read: CIS_READERS.balance }],
    as3: { object: 'pool', property: 'loadBalancingMode' },
    live: {
      object: 'pool',
      field: 'loadBalancingMode',
      schema: z.string().default('round-robin'),
    },
    examples: ['least-connections-member'],
  },
  // `declared` is wider: what an older release accepted must still be readable.
  snat: {
    help: 'Source address translation, or the path of a SNAT pool. Default `auto`.',
    schema: z.union([z.enum(SNAT_WORDS), DevicePath]),
    declared: z.union([z.enum(SNAT_WORDS), DeclaredPath]),
    home: 'always',
    default: 'auto',
    annotations: [
      {
        name: 'sluice.io/snat',
        read: ANNOTATION_READERS.snat,
        help: '`auto`, `none`, `self` or the path of a SNAT pool.',
      },
    ],
    cis: [
      {
        parts: ['VirtualServer', 'TransportServer', 'Policy'],
        field: 'snat',
        read: CIS_READERS.snat,
      },
    ],
    as3: { object: 'virtual', property: 'snat' },
    reference: 'snatPool',
    examples: ['none', '/Common/my-snat'],
  },
  // Always written, even empty, because AS3's default is not "none" (as3.md §3.3).
  persistence: {
    help: 'Persistence methods or paths of persistence profiles. Default none.',
    schema: z.array(z.union([z.enum(PERSISTENCE_METHODS), DevicePath])),
    declared: z.array(z.union([z.enum(PERSISTENCE_METHODS), DeclaredPath])),
    home: 'always',
    default: [],
    modesOfValue: {
      cookie: ['http', 'https'],
      msrdp: ['tcp', 'http', 'https'],
      'tls-session-id': ['tcp', 'http', 'https'],
    },
    annotations: [
      {
        name: 'sluice.io/persistence',
        read: ANNOTATION_READERS.persistence,
        help: '`none`, or methods and profile paths separated by commas.',
      },
    ],
    cis: [
      {
        parts: ['VirtualServer', 'TransportServer'],
        field: 'persistenceProfile',
        read: CIS_READERS.persistence,
      },
      { parts: ['Policy'], field: 'profiles.persistenceProfile', read: CIS_READERS.persistence },
    ],
    as3: { object: 'virtual', property: 'persistenceMethods' },
    reference: 'persistence',
    examples: [['source-address'], ['/Common/my-persistence']],
  },
  iRules: {
    help: 'Paths of iRules, in order.',
    schema: z.array(DevicePath),
    declared: z.array(DeclaredPath),
    home: 'always',
    default: [],
    tcpOnly: true,
    annotations: [
      {
        name: 'sluice.io/irules',
        read: ANNOTATION_READERS.paths,
        help: '`none`, or paths separated by commas, in order.',
      },
    ],
    cis: [
      {
        parts: ['VirtualServer', 'TransportServer', 'IngressLink'],
        field: 'iRules',
        read: CIS_READERS.iRules,
      },
      { parts: ['Policy'], field: 'iRuleList', read: CIS_READERS.iRules },
      { parts: ['Policy'], field: 'iRules.secure', read: CIS_READERS.iRules, only: 'secure' },
      { parts: ['Policy'], field: 'iRules.insecure', read: CIS_READERS.iRules, only: 'insecure' },
    ],
    as3: { object: 'virtual', property: 'iRules', absent: [] },
    reference: 'iRule',
    examples: [['/Common/a', '/Common/b']],
  },
  proxyProtocol: {
    help: 'Path of the iRule on the device that sends the PROXY protocol header; it runs before the other iRules.',
    schema: DevicePath,
    home: { first: 'iRules' },
    tcpOnly: true,
    annotations: [
      {
        name: 'sluice.io/proxy-protocol',
        read: ANNOTATION_READERS.path,
        help: 'Path of the iRule that sends the PROXY protocol header.',
      },
    ],
    reference: 'iRule',
    examples: ['/Common/proxy-v1'],
  },
} as const satisfies SettingRows;
