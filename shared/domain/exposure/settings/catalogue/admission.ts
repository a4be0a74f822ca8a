/** Settings that select and limit the accepted connections. */
import * as z from 'zod';
import { isAsNarrow, isClientNetworks } from '../../client-networks.ts';
import { ANNOTATION_READERS } from '../annotation-values.ts';
import { CIS_READERS, ESSENTIAL, ONLY_VIRTUAL_SERVERS } from '../cis-values.ts';
import type { SettingRows } from '../row.ts';
import { DeclaredPath, DevicePath } from '../values.ts';

/** A list that admits what it names is stricter if it is shorter; an empty one admits everything. */
function isPartOf(value: unknown, required: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  if (!Array.isArray(required) || required.length === 0) return true;
  return value.every((one) => required.includes(one));
}

/** The order of these rows is the order of keys in declarations; new rows go to the end. */
export const ADMISSION = {
  vlans: {
    help: 'VLANs that accept connections. Default all.',
    schema: z.array(DevicePath),
    declared: z.array(DeclaredPath),
    home: 'always',
    default: [],
    annotations: [
      {
        name: 'sluice.io/vlans',
        read: ANNOTATION_READERS.paths,
        help: '`none` for every VLAN, or paths separated by commas.',
      },
    ],
    cis: [
      {
        parts: ['VirtualServer', 'TransportServer'],
        field: 'allowVlans',
        read: CIS_READERS.paths,
        ...ESSENTIAL,
      },
      { parts: ['Policy'], field: 'l3Policies.allowVlans', read: CIS_READERS.paths, ...ESSENTIAL },
    ],
    as3: { object: 'virtual', property: 'allowVlans', absent: [] },
    reference: 'vlan',
    suffices: isPartOf,
    examples: [['/Common/external']],
  },
  // Without `differs`: operators may change it by hand, and the policy may keep that.
  connectionLimit: {
    help: 'Maximum number of concurrent connections; 0 means unlimited. Default 0.',
    schema: z.int().min(0).max(2_147_483_647),
    home: 'always',
    default: 0,
    annotations: [
      {
        name: 'sluice.io/connection-limit',
        read: ANNOTATION_READERS.limit,
        help: 'Maximum number of concurrent connections; 0 means unlimited. Default 0.',
      },
    ],
    as3: { object: 'virtual', property: 'maxConnections', absent: 0 },
    live: { object: 'virtual', field: 'connectionLimit', schema: z.number().optional() },
    examples: [1_000],
  },
  // The device shows "any" as a network of length 0 in the family of the address.
  source: {
    help:
      'Network whose clients may connect, such as `10.20.0.0/16`, or `any`; ' +
      'several are separated by commas, and must come down to one of the ' +
      'family of the virtual address. ' +
      'Default: every client, or `spec.loadBalancerSourceRanges` of the ingress Service, ' +
      'within which it has to be.',
    schema: z.string().refine(isClientNetworks, 'must be networks such as 10.20.0.0/16'),
    home: 'set',
    annotations: [
      {
        name: 'sluice.io/source',
        read: ANNOTATION_READERS.networks,
        help: 'Networks whose clients may connect, separated by commas.',
      },
      {
        name: 'virtual-server.f5.com/allow-source-range',
        read: ANNOTATION_READERS.networks,
        help: 'Networks whose clients may connect, separated by commas.',
      },
    ],
    cis: [
      {
        parts: ['VirtualServer'],
        field: 'allowSourceRange',
        read: CIS_READERS.networks,
        ...ESSENTIAL,
      },
      {
        parts: ['Policy'],
        field: 'l3Policies.allowSourceRange',
        read: CIS_READERS.networks,
        ...ESSENTIAL,
        ...ONLY_VIRTUAL_SERVERS,
      },
    ],
    as3: { object: 'virtual', property: 'sourceAddress', absent: 'any' },
    live: {
      object: 'virtual',
      field: 'source',
      schema: z
        .string()
        .transform((network) => (network.endsWith('/0') ? 'any' : network))
        .optional(),
      differs: (live, declared) =>
        `takes connections from ${String(live)} instead of ${String(declared)}`,
    },
    suffices: (value, required) =>
      typeof value === 'string' &&
      isAsNarrow(value, typeof required === 'string' ? required : undefined),
    examples: ['10.20.0.0/16'],
  },
} as const satisfies SettingRows;
