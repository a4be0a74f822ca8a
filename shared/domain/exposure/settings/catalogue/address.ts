/** Settings of the virtual address. All exposures on an address have to agree on them. */
import * as z from 'zod';
import { ANNOTATION_READERS } from '../annotation-values.ts';
import { CIS_READERS } from '../cis-values.ts';
import type { CisPart, SettingRows } from '../row.ts';
import { DevicePath } from '../values.ts';
import { ENABLED, plainRow } from './new-rows.ts';

/** The resources of CIS that have a virtual address. */
const SERVERS: readonly CisPart[] = ['VirtualServer', 'TransportServer', 'IngressLink'];

/** AS3 takes verbs and iControl REST shows adjectives; other words are the same in both. */
const ADJECTIVES = { enable: 'enabled', disable: 'disabled' } as const;

/** The order of these rows is the order of keys in declarations; new rows go to the end. */
export const ADDRESS = {
  // AS3 restores all fields of this file; of an address it does not compare state and limit (as3.md
  // §9.6).
  arp: plainRow({
    help: 'Whether BIG-IP answers ARP requests for the address. Default true.',
    annotation: 'arp',
    object: 'address',
    property: 'arpEnabled',
    cis: [{ parts: SERVERS, field: 'serviceAddress.arpEnabled', read: CIS_READERS.flag }],
    schema: z.boolean(),
    absent: true,
    device: [{ field: 'arp', label: 'ARP', values: ENABLED, absent: 'enabled' }],
    examples: [false],
  }),
  icmpEcho: plainRow({
    help:
      'Whether BIG-IP answers pings: `enable`, `disable`, or `selective` while the address is ' +
      'available. Default `enable`.',
    annotation: 'icmp-echo',
    object: 'address',
    property: 'icmpEcho',
    cis: [
      {
        parts: SERVERS,
        field: 'serviceAddress.icmpEcho',
        read: CIS_READERS.word('enable', 'disable', 'selective'),
      },
    ],
    schema: z.enum(['enable', 'disable', 'selective']),
    absent: 'enable',
    device: [{ field: 'icmpEcho', label: 'ICMP echo', values: ADJECTIVES, absent: 'enabled' }],
    examples: ['disable', 'selective'],
  }),
  routeAdvertisement: plainRow({
    help:
      'Whether the address is announced by dynamic routing, and when: `always`, or while `any` or ' +
      '`all` of its virtual servers are available. Default `disable`.',
    annotation: 'route-advertisement',
    object: 'address',
    property: 'routeAdvertisement',
    cis: [
      {
        parts: SERVERS,
        field: 'serviceAddress.routeAdvertisement',
        read: CIS_READERS.word('enable', 'disable', 'selective', 'always', 'any', 'all'),
      },
    ],
    schema: z.enum(['enable', 'disable', 'selective', 'always', 'any', 'all']),
    absent: 'disable',
    device: [
      {
        field: 'routeAdvertisement',
        label: 'route advertisement',
        values: ADJECTIVES,
        absent: 'disabled',
      },
    ],
    examples: ['selective', 'all'],
  }),
  // AS3 demands ARP to be off (as3.md §9.7); `combinations.ts` says so before anything is sent.
  spanning: plainRow({
    help:
      'Whether all units of the device group take traffic of the address. Default false; needs ' +
      '`arp: false`.',
    annotation: 'spanning',
    object: 'address',
    property: 'spanningEnabled',
    cis: [{ parts: SERVERS, field: 'serviceAddress.spanningEnabled', read: CIS_READERS.flag }],
    schema: z.boolean(),
    absent: false,
    device: [{ field: 'spanning', label: 'spanning', values: ENABLED, absent: 'disabled' }],
    examples: [true],
  }),
  serverScope: plainRow({
    help:
      'When the address counts as available: while `any` or `all` of its virtual servers are, or ' +
      'always (`none`). Default `any`.',
    annotation: 'server-scope',
    object: 'address',
    property: 'serverScope',
    schema: z.enum(['any', 'all', 'none']),
    absent: 'any',
    device: [{ field: 'serverScope', label: 'scope', absent: 'any' }],
    examples: ['all'],
  }),
  // Without `absent`: nothing decides the traffic group that the partition gives, so it is not
  // compared.
  trafficGroup: {
    help: 'Traffic group of the address. Default that of the partition.',
    schema: DevicePath,
    home: 'set',
    annotations: [
      {
        name: 'sluice.io/traffic-group',
        read: ANNOTATION_READERS.path,
        help: 'Path of a traffic group.',
      },
    ],
    cis: [{ parts: SERVERS, field: 'serviceAddress.trafficGroup', read: CIS_READERS.path }],
    as3: {
      object: 'address',
      property: 'trafficGroup',
      text: true,
      device: [{ field: 'trafficGroup', label: 'traffic group' }],
    },
    reference: 'trafficGroup',
    examples: ['/Common/traffic-group-2'],
  },
} as const satisfies SettingRows;
