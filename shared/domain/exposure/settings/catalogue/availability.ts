/** Settings for detecting failed members, and for their connections. */
import * as z from 'zod';
import { ANNOTATION_READERS, readerOf } from '../annotation-values.ts';
import { CIS_READERS, CONFIGMAP_READERS } from '../cis-values.ts';
import type { SettingRows } from '../row.ts';
import { Monitor } from '../values.ts';

const MIRRORING = z.enum(['none', 'L4']);

/** The order of these rows is the order of keys in declarations; new rows go to the end. */
export const AVAILABILITY = {
  // Releases without the setting wrote nothing, which AS3 takes for 0: that is what their
  // declarations read back as.
  reselectTries: {
    help: 'Number of other members to try when the selected member cannot be reached. Default 3; not used for UDP.',
    schema: z.int().min(0).max(65_535),
    home: 'always',
    default: 3,
    before: 0,
    tcpOnly: true,
    annotations: [
      {
        name: 'sluice.io/reselect-tries',
        read: ANNOTATION_READERS.tries,
        help: 'Number of other members to try when the selected member cannot be reached.',
      },
    ],
    cis: [
      { parts: ['pool'], field: 'reselectTries', read: CIS_READERS.reselectTries },
      { parts: ['Policy'], field: 'poolSettings.reselectTries', read: CIS_READERS.reselectTries },
    ],
    as3: { object: 'pool', property: 'reselectTries', absent: 0 },
    live: {
      object: 'pool',
      field: 'reselectTries',
      schema: z.number().optional(),
      differs: (live, declared) =>
        `tries ${String(live)} other members instead of ${String(declared)} when a member cannot be reached`,
    },
    examples: [0, 5],
  },
  monitors: {
    help: 'Health monitors that replace the default ones; an empty list means none.',
    schema: z.array(Monitor),
    home: 'always',
    annotations: [
      {
        name: 'sluice.io/monitors',
        read: ANNOTATION_READERS.monitors,
        help: '`none`, types such as `tcp`, or a JSON list.',
      },
      {
        name: 'virtual-server.f5.com/health',
        read: ANNOTATION_READERS.ingressHealth,
        help: 'JSON list of health checks (`type` defaults to http).',
      },
      {
        name: 'cis.f5.com/health',
        read: ANNOTATION_READERS.serviceHealth,
        help: 'JSON health check or list (`type` defaults to tcp).',
      },
    ],
    configMap: { field: 'backend.healthMonitors', read: CONFIGMAP_READERS.monitors },
    cis: [
      { parts: ['IngressLink'], field: 'monitors', read: CIS_READERS.monitors },
      { parts: ['pool'], field: 'monitor', read: CIS_READERS.monitors },
      { parts: ['pool'], field: 'monitors', read: CIS_READERS.monitors },
    ],
    examples: [[{ type: 'tcp', interval: 10, timeout: 31 }], []],
  },
  mirroring: {
    help:
      'Whether the other unit of an HA pair knows the connections, ' +
      'so that they outlive a failover: `L4` or `none`. Default `none`.',
    schema: MIRRORING,
    home: 'set',
    // BIG-IP does not mirror virtual servers with an HTTP profile.
    modes: ['tcp', 'fastl4', 'udp'],
    annotations: [
      {
        name: 'sluice.io/mirroring',
        read: readerOf(MIRRORING),
        help: '`L4`: connections outlive a failover; `none`.',
      },
    ],
    cis: [
      {
        parts: ['VirtualServer', 'TransportServer'],
        field: 'connectionMirroring',
        read: CIS_READERS.mirroring,
      },
    ],
    as3: { object: 'virtual', property: 'mirroring', absent: 'none' },
    live: {
      object: 'virtual',
      field: 'mirror',
      schema: z
        .string()
        .transform((word) => (word === 'enabled' ? 'L4' : 'none'))
        .optional(),
      differs: (live, declared) => `mirrors ${String(live)} instead of ${String(declared)}`,
    },
    examples: ['L4'],
  },
} as const satisfies SettingRows;
