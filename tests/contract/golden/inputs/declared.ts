/**
 * States that together contain everything a declaration can contain. Each is rendered to one golden
 * file. They never change.
 */
import {
  BALANCE_METHODS,
  PERSISTENCE_METHODS,
} from '../../../../shared/domain/exposure/settings/values.ts';
import type { Member } from '../../../../shared/domain/exposure/exposure.ts';
import type { Settings } from '../../../../shared/domain/exposure/settings/settings.ts';
import type {
  Contribution,
  DeclaredExposure,
  DeclaredState,
} from '../../../../shared/domain/declared/declared.ts';
import { declaredState } from '../../../../shared/domain/declared/declared.ts';
import type { OwnerRecord } from '../../../../shared/domain/declared/owner-record.ts';

export const EAST = 'east/istio-system/istio-ingressgateway';
const WEST = 'west/istio-system/istio-ingressgateway';
const NORTH = 'north/team-a/gateway';
const CREATED = '2026-01-01T00:00:00Z';
const SEEN = '2026-11-01T10:00:00.000Z';

export const PLAIN: Settings = {
  mode: 'tcp',
  balance: 'round-robin',
  snat: 'auto',
  persistence: [],
  iRules: [],
  profiles: {},
  vlans: [],
  connectionLimit: 0,
  reselectTries: 0,
  monitors: [{ type: 'tcp', interval: 5, timeout: 16 }],
};

const member = (
  address: string,
  port = 8080,
  availability: Member['availability'] = 'ready',
): Member => ({ address, port, availability });

function by(owner: string, over: Partial<Contribution> = {}): Contribution {
  return {
    owner,
    gateways: ['default/web'],
    since: CREATED,
    members: [member('10.244.1.5'), member('10.244.2.7')],
    ...over,
  };
}

function at(
  port: number,
  settings: Partial<Settings> = {},
  over: Partial<DeclaredExposure> = {},
): DeclaredExposure {
  return {
    address: '172.16.100.195',
    port,
    protocol: 'tcp',
    settings: { ...PLAIN, ...settings },
    contributions: [by(EAST)],
    ...over,
  };
}

function record(counter: number, over: Partial<OwnerRecord> = {}): OwnerRecord {
  return {
    version: { epoch: 1_767_225_600_000, counter, generation: 3 },
    clusterUid: 'uid-east',
    seen: SEEN,
    ...over,
  };
}

const owners = { [EAST]: record(7) };
const three = {
  ...owners,
  [WEST]: record(4, { clusterUid: 'uid-west' }),
  [NORTH]: record(2, { clusterUid: 'uid-north', sender: 'AROANORTH' }),
};
const shared = (over: readonly Partial<Contribution>[]): readonly Contribution[] => [
  by(EAST, over[0]),
  by(NORTH, { members: [member('10.246.0.9', 30_080)], ...over[1] }),
  by(WEST, { members: [member('10.245.0.3'), member('10.245.0.4', 8080, 'draining')], ...over[2] }),
];

const MONITORS: Settings['monitors'] = [
  { type: 'tcp', interval: 5, timeout: 16 },
  { type: 'tcp-half-open', interval: 10, timeout: 31, port: 15_021 },
  {
    type: 'http',
    interval: 5,
    timeout: 16,
    port: 15_021,
    send: 'GET /healthz/ready HTTP/1.1\\r\\nHost: gateway\\r\\nConnection: close\\r\\n\\r\\n',
    receive: '200 OK',
  },
  { type: 'https', interval: 5, timeout: 16, send: 'GET /', receive: 'ok' },
  { type: 'udp', interval: 3_600, timeout: 900, send: 'ping' },
  { type: 'icmp', interval: 1, timeout: 1 },
];

/** As tenant `k8s`; a device with several partitions shares its nodes. */
export const STATES: Readonly<Record<string, DeclaredState>> = {
  empty: { owners: {}, exposures: {}, shareNodes: false },
  'empty-shared-nodes': { owners: {}, exposures: {}, shareNodes: true },
  'one-exposure': declaredState(owners, [at(32_400)], { shareNodes: false }),
  'without-members': declaredState(
    owners,
    [at(80, {}, { contributions: [by(EAST, { members: [] })] })],
    { shareNodes: false },
  ),
  modes: declaredState(
    owners,
    [
      at(80, { mode: 'tcp', profiles: { tcp: '/Common/f5-tcp-wan' } }),
      at(81, {
        mode: 'http',
        profiles: { tcp: '/Common/tcp', http: '/Common/http-xff' },
        persistence: ['cookie'],
      }),
      at(82, { mode: 'fastl4', profiles: { l4: '/Common/fastL4-long' } }),
      at(
        53,
        { mode: 'udp', profiles: { udp: '/Common/udp-dns' }, monitors: [] },
        { protocol: 'udp' },
      ),
      at(
        54,
        { mode: 'fastl4', monitors: [{ type: 'icmp', interval: 5, timeout: 16 }] },
        { protocol: 'udp' },
      ),
    ],
    { shareNodes: false },
  ),
  settings: declaredState(
    owners,
    [
      at(80, {
        snat: 'none',
        connectionLimit: 2_147_483_647,
        reselectTries: 3,
        vlans: ['/Common/external', '/Common/dmz'],
        iRules: ['/Common/log-requests', '/Shared/policy/deny-admin'],
        monitors: MONITORS,
      }),
      at(81, {
        snat: 'self',
        connectionLimit: 1,
        reselectTries: 65_535,
        persistence: [...PERSISTENCE_METHODS, '/Common/my-persistence'],
      }),
      at(82, { snat: '/Common/snat-pool', monitors: [] }),
    ],
    { shareNodes: false },
  ),
  balance: declaredState(
    owners,
    BALANCE_METHODS.map((balance, i) => at(10_000 + i, { balance })),
    { shareNodes: false },
  ),
  'ip-version-6': declaredState(
    owners,
    [
      at(
        443,
        {},
        {
          address: '2001:db8::195',
          contributions: [by(EAST, { members: [member('2001:db8:1::5'), member('fd00::7')] })],
        },
      ),
    ],
    { shareNodes: false },
  ),
  'route-domains': declaredState(
    owners,
    [
      at(
        443,
        {},
        {
          contributions: [
            by(EAST, { members: [member('10.244.1.5%2'), member('2001:db8:1::5%65534')] }),
          ],
        },
      ),
    ],
    { shareNodes: true },
  ),
  'node-ports-and-draining': declaredState(
    owners,
    [
      at(
        80,
        {},
        {
          contributions: [
            by(EAST, {
              gateways: ['default/web', 'team-a/shop'],
              members: [
                member('10.0.0.1', 30_080),
                member('10.0.0.2', 30_080, 'draining'),
                member('10.0.0.1', 30_081),
              ],
            }),
          ],
        },
      ),
    ],
    { shareNodes: false },
  ),
  'fleet-of-equals': declaredState(
    three,
    [
      at(
        443,
        {},
        {
          contributions: shared([
            {},
            { wish: { balance: 'ratio-member', reselectTries: 1 } },
            {
              wish: {
                iRules: ['/Common/west-only'],
                profiles: { tcp: '/Common/tcp-lan' },
                monitors: [],
              },
            },
          ]),
        },
      ),
    ],
    { shareNodes: true },
  ),
  'fleet-by-ratio': declaredState(
    three,
    [
      at(
        443,
        { balance: 'ratio-node' },
        { contributions: shared([{ weight: 70 }, { weight: 20 }, { weight: 10 }]) },
      ),
    ],
    { shareNodes: true },
  ),
  'fleet-active-standby': declaredState(
    three,
    [
      at(
        443,
        {},
        {
          minimumActive: 1,
          contributions: shared([{ priority: 65_535 }, { priority: 10 }, { priority: 0 }]),
        },
      ),
    ],
    { shareNodes: true },
  ),
  quarantine: declaredState(
    {
      [EAST]: record(9, {
        quarantine: {
          '172.16.100.195:443/tcp': {
            hash: 'c0ffee0012345678',
            code: 'BIP421',
            reason: 'BIG-IP refuses it: 01070734:3: Configuration error',
            next: '2026-11-01T10:08:00.000Z',
            tries: 4,
            members: 'follow',
          },
          '172.16.100.195:444/tcp': {
            hash: '0123456789abcdef',
            code: 'BIP424',
            reason: 'members are refused',
            next: '2026-11-01T10:01:00.000Z',
            tries: 1,
            members: 'kept',
          },
        },
      }),
    },
    [at(80)],
    { shareNodes: false },
  ),
  claims: declaredState(
    {
      ...owners,
      [WEST]: record(4, {
        clusterUid: 'uid-west',
        claims: {
          '172.16.100.195:443/tcp': {
            address: '172.16.100.195',
            port: 443,
            protocol: 'tcp',
            settings: { ...PLAIN, mode: 'http' },
            members: [member('10.245.0.3')],
            gateways: ['default/late'],
            since: '2026-02-01T00:00:00Z',
          },
        },
      }),
    },
    [at(443)],
    { shareNodes: false },
  ),
  'held-and-approved-removals': declaredState(
    {
      [EAST]: record(11, {
        held: ['172.16.100.195:80/tcp', '172.16.100.195:81/tcp'],
        approved: ['172.16.100.195:82/tcp'],
      }),
    },
    [at(80), at(81), at(82)],
    { shareNodes: false },
  ),
  'rival-and-adopted-cluster': declaredState(
    {
      [EAST]: record(3, {
        clusterUid: 'uid-new',
        rival: { clusterUid: 'uid-east', since: '2026-11-01T09:00:00.000Z' },
      }),
    },
    [at(80)],
    {
      steered: { east: '2026-11-01T08:59:00.000Z' },
      replaced: { east: ['uid-east', 'uid-older'] },
      shareNodes: false,
    },
  ),
  'tombstones-and-floors': declaredState(
    {
      [EAST]: record(12, { gone: '2026-11-01T09:30:00.000Z' }),
      [NORTH]: { version: { epoch: 0, counter: 0, generation: 0 }, clusterUid: 'uid-north' },
    },
    [],
    {
      floors: { east: { epoch: 1_767_225_600_000, counter: 5, generation: 2 } },
      shareNodes: false,
    },
  ),
  drains: declaredState(three, [at(443, {}, { contributions: shared([{}, {}, {}]) })], {
    drains: {
      east: { mode: 'drain', since: '2026-11-01T10:01:00.000Z', because: 'upgrade' },
      north: { mode: 'out', since: '2026-11-01T10:02:00.000Z', because: 'burns' },
      west: {
        mode: 'drain',
        since: '2026-11-01T10:03:00.000Z',
        because: 'silent for 900 s',
        silent: true,
      },
    },
    steered: { east: '2026-11-01T10:01:00.000Z', north: '2026-11-01T10:02:00.000Z' },
    shareNodes: true,
  }),
  'changes-kept-by-hand': declaredState(
    owners,
    [at(80), at(81), at(82, { connectionLimit: 100 })],
    {
      overrides: {
        '172.16.100.195:80/tcp': {
          since: '2026-11-01T10:00:00.000Z',
          values: { balance: 'least-connections-member', connectionLimit: 50, enabled: false },
          instead: { balance: 'round-robin', connectionLimit: 0, enabled: true },
        },
        '172.16.100.195:82/tcp': {
          since: '2026-11-01T10:00:00.000Z',
          values: { connectionLimit: 0 },
          instead: { connectionLimit: 100 },
        },
      },
      shareNodes: false,
    },
  ),
};

/** States that formats 1 and 2 can express. Both lack `replaced`, and format 1 lacks reselectTries. */
const { drains, steered } = STATES['drains']!;
export const OLDER_FORMATS: Readonly<Record<string, DeclaredState>> = {
  'format-1': declaredState(
    STATES['quarantine']!.owners,
    [at(80, { monitors: MONITORS }), at(81, { mode: 'http', profiles: { http: '/Common/http' } })],
    {
      floors: STATES['tombstones-and-floors']!.floors!,
      drains: drains!,
      steered: steered!,
      shareNodes: false,
    },
  ),
  'format-2': declaredState(
    three,
    [
      at(
        443,
        { reselectTries: 3 },
        { contributions: shared([{ weight: 70 }, { weight: 20 }, { weight: 10 }]) },
      ),
      at(80),
    ],
    {
      drains: drains!,
      steered: steered!,
      overrides: {
        '172.16.100.195:80/tcp':
          STATES['changes-kept-by-hand']!.overrides!['172.16.100.195:80/tcp']!,
      },
      shareNodes: true,
    },
  ),
};
