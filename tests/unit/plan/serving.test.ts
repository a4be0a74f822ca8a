/** Which clusters would still serve, which are silent, and how a fleet arranges its clusters. */
import { describe, expect, test } from '@jest/globals';
import { settingsFromInput } from '../../../shared/domain/exposure/settings/compose.ts';
import { type Settings, SettingsInput } from '../../../shared/domain/exposure/settings/settings.ts';
import type {
  Contribution,
  DeclaredExposure,
  DeclaredState,
} from '../../../shared/domain/declared/declared.ts';
import { declaredState } from '../../../shared/domain/declared/declared.ts';
import {
  fleetSettings,
  fleetPlacement,
  applyFleetSettings,
} from '../../../shared/domain/plan/fleet.ts';
import { ratioBalance, supportsRatio } from '../../../shared/domain/exposure/settings/balance.ts';
import {
  deciderOf,
  stayingOwners,
  compareAge,
} from '../../../shared/domain/plan/shared-exposure.ts';
import { servedAlone, servedOnlyBy } from '../../../shared/domain/steering/serving.ts';
import {
  newestSeen,
  type SilentCluster,
  silentClusters,
  describeSilence,
  silenceNotes,
} from '../../../shared/domain/steering/silence.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';
import { fleet, ownerOf } from '../../fixtures/fleets.ts';

type Members = Contribution['members'];
const ready: Members = [{ address: '10.0.0.1', port: 1, availability: 'ready' }];
const draining: Members = [{ address: '10.0.0.1', port: 1, availability: 'draining' }];
const mixed: Members = [...draining, { address: '10.0.0.2', port: 1, availability: 'ready' }];
const shown = (port: number, parts: Readonly<Record<string, Members>>): DeclaredExposure => ({
  address: '10.0.0.1',
  port,
  protocol: 'tcp',
  settings: SETTINGS,
  contributions: Object.entries(parts).map(([cluster, members]) => ({
    owner: ownerOf(cluster),
    gateways: [],
    since: '',
    members,
  })),
});
const state = (
  exposures: readonly DeclaredExposure[],
  drained: readonly string[] = [],
): DeclaredState => {
  const drains = Object.fromEntries(
    drained.map((cluster) => [cluster, { mode: 'drain' as const, since: 's', because: 'b' }]),
  );
  return declaredState({}, exposures, { drains });
};
const key = (port: number): string => `10.0.0.1:${port}/tcp`;

describe('a cluster serves alone', () => {
  test.each<
    [
      string,
      Readonly<Record<string, Members>>,
      readonly string[],
      readonly string[],
      readonly string[],
    ]
  >([
    ['exposures that no other cluster has', { east: ready }, [], [], ['east']],
    ['nothing that two clusters serve', { east: ready, west: ready }, [], [], []],
    [
      'nothing where one of several pods of the other takes connections',
      { east: ready, west: mixed },
      [],
      [],
      [],
    ],
    [
      'exposures that the other cluster only drains',
      { east: ready, west: draining },
      [],
      [],
      ['east'],
    ],
    [
      'exposures for which the other cluster has no pods',
      { east: ready, west: [] },
      [],
      [],
      ['east'],
    ],
    [
      'exposures for which the other cluster is drained',
      { east: ready, west: ready },
      ['west'],
      [],
      ['east'],
    ],
    [
      'exposures for which the other cluster is not usable',
      { east: ready, west: ready },
      [],
      ['west'],
      ['east'],
    ],
    [
      'nothing that another serves, if it is drained itself',
      { east: ready, west: ready },
      ['east'],
      [],
      ['west'],
    ],
    [
      'exposures for which both are drained: each of the two',
      { east: ready, west: ready },
      ['east', 'west'],
      [],
      ['east', 'west'],
    ],
    ['nothing without pods', { east: [] }, [], [], []],
  ])('%s', (_, parts, drained, unusable, alone) => {
    const found = servedAlone(
      state([shown(1, parts)], drained),
      (cluster) => !unusable.includes(cluster),
    );
    expect([...found]).toEqual(alone.map((cluster) => [cluster, [key(1)]]));
  });

  test('for the exposures without other ready members, and for all if no other counts', () => {
    const both = state([
      shown(1, { east: ready }),
      shown(2, { east: ready, west: ready }),
      shown(3, { east: ready, north: draining }),
    ]);
    expect(servedOnlyBy(both, 'east')).toEqual([key(1), key(3)]);
    expect([servedOnlyBy(both, 'north'), servedOnlyBy(both, 'south')]).toEqual([[], []]);
    expect(servedOnlyBy(both, 'east', () => false)).toEqual([key(1), key(2), key(3)]);
  });
});

describe('when a cluster was heard', () => {
  const record = (seen?: string): DeclaredState['owners'][string] => ({
    version: { epoch: 1, counter: 1, generation: 1 },
    clusterUid: 'u',
    ...(seen === undefined ? {} : { seen }),
  });
  const [early, late] = ['2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'];
  test.each([
    [[early, late]],
    [[late, early]],
    [[late, undefined]],
    [[undefined, late]],
    [[late, late]],
  ])('is the newest of %j, over all owners and partitions', (times) => {
    const owners = Object.fromEntries(times.map((time, i) => [`east/ns-${i}/gw`, record(time)]));
    expect([...newestSeen([{ owners, exposures: {} }])]).toEqual([['east', late]]);
    const apart = Object.entries(owners).map(([owner, one]) => ({
      owners: { [owner]: one },
      exposures: {},
    }));
    expect([...newestSeen(apart)]).toEqual([['east', late]]);
  });

  test('is unknown for a cluster without a record', () => {
    expect([
      ...newestSeen([
        { owners: { 'east/a/gw': record(), 'west/a/gw': record(early) }, exposures: {} },
      ]),
    ]).toEqual([['west', early]]);
  });
});

describe('a silent cluster', () => {
  const silence = (over: Partial<SilentCluster>): SilentCluster => ({
    cluster: 'east',
    seen: 'S',
    exposures: [key(1)],
    alone: [],
    ...over,
  });
  const order = { action: 'drain' as const, cluster: 'east', mode: 'drain' as const, because: 'x' };
  const drained = { mode: 'drain' as const, since: 'D', because: 'update' };
  test.each<[Partial<SilentCluster>, string]>([
    [{}, ''],
    [{ order }, 'It is drained until it sends events again'],
    [{ drained }, 'It has been draining since D: update'],
    [{ drained: { ...drained, mode: 'out' } }, 'It has been out since D: update'],
    [
      { drained, alone: [key(1)], order: { action: 'enable', cluster: 'east', silent: true } },
      'It was drained by policy and returns to rotation, because no other active cluster serves 1 of them',
    ],
    [
      { alone: [1, 2, 3].map(key) },
      `It stays in rotation, because no other active cluster serves 3 of them (${[1, 2, 3].map(key).join(', ')})`,
    ],
    [
      { alone: [1, 2, 3, 4].map(key) },
      `It stays in rotation, because no other active cluster serves 4 of them (${[1, 2, 3].map(key).join(', ')}, …)`,
    ],
  ])('%j is reported as: %s', (over, rest) => {
    const what = 'no event since S, with members in 1 exposure; check its watcher and its queue';
    expect(describeSilence(silence(over))).toBe(rest === '' ? what : `${what}. ${rest}`);
  });

  test('is reported with everything that it contributes to, and what only it serves', () => {
    const seen = '2026-01-01T00:00:00.000Z';
    const [east, west] = [seen, '2026-01-01T01:00:00.000Z'].map((time) => ({
      version: { epoch: 1, counter: 1, generation: 1 },
      clusterUid: 'u',
      seen: time,
    }));
    const owners = { [ownerOf('east')]: east!, [ownerOf('west')]: west! };
    const states = [
      {
        ...state([
          shown(1, { east: ready, west: ready }),
          shown(2, { east: ready }),
          shown(3, { east: ready }),
          shown(4, { west: ready }),
        ]),
        owners,
      },
      state([shown(9, { east: ready })]),
    ];
    const policies = ['east', 'west', 'north'].map((cluster) => ({
      cluster,
      silentAfter: 600,
      whenSilent: 'report' as const,
    }));
    expect(silentClusters(states, policies, Date.parse('2026-01-01T01:00:00.000Z'))).toEqual([
      { cluster: 'east', seen, exposures: [1, 2, 3, 9].map(key), alone: [2, 3, 9].map(key) },
    ]);
  });

  test('is noted for those who share with it in any partition, and for what they share alone', () => {
    const states = [
      state([shown(9, { east: ready })]),
      state([shown(1, { east: ready, west: ready }), shown(2, { north: ready })]),
    ];
    const notes = (cluster: string): readonly string[] =>
      silenceNotes(ownerOf(cluster), states, [silence({ exposures: [1, 2, 9].map(key) })]).map(
        ({ message }) => message.split(' has sent')[0] ?? '',
      );
    expect(notes('west')).toEqual([`cluster east, which shares ${key(1)},`]);
    expect(notes('north')).toEqual([`cluster east, which shares ${key(2)},`]);
    expect([notes('south'), notes('east')]).toEqual([[], []]);
  });
});

describe('a fleet', () => {
  test.each([
    [undefined, {}],
    [fleet(), {}],
    [fleet({ mode: 'ratio', ratio: { west: 3 } }), { weight: 1 }],
    [fleet({ mode: 'ratio', ratio: { east: 3 } }), { weight: 3 }],
    [fleet({ mode: 'active-standby' }), { priority: 1_000 }],
    [fleet({ mode: 'active-standby', clusters: ['west', 'east'] }), { priority: 999 }],
  ])('%j places east at %j', (one, place) => {
    expect(fleetPlacement(one, ownerOf('east'))).toEqual(place);
  });

  test.each<[Settings['balance'], boolean, string, string]>([
    ['round-robin', true, 'ratio-member', 'ratio-node'],
    ['ratio-node', true, 'ratio-member', 'ratio-node'],
    [
      'least-connections-member',
      true,
      'ratio-least-connections-member',
      'ratio-least-connections-node',
    ],
    ['least-sessions', true, 'ratio-least-connections-member', 'ratio-least-connections-node'],
    ['fastest-node', false, 'ratio-member', 'ratio-node'],
    ['observed-member', false, 'ratio-member', 'ratio-node'],
  ])(
    'in mode ratio stands for %s: %s; with shared nodes as %s, else as %s',
    (balance, stands, shared, own) => {
      expect([
        supportsRatio(balance),
        ratioBalance(balance, true),
        ratioBalance(balance, false),
      ]).toEqual([stands, shared, own]);
    },
  );

  const rest = { balance: 'ratio-node' as const };
  test.each<[Partial<Settings>, 'tcp' | 'udp', Partial<Settings>]>([
    [{ ...rest, mode: 'http' }, 'tcp', { ...rest, mode: 'http' }],
    [{ ...rest, mode: 'http' }, 'udp', rest],
    [{ ...rest, mode: 'udp' }, 'tcp', rest],
    [{ ...rest, mode: 'udp' }, 'udp', { ...rest, mode: 'udp' }],
    [{ mode: 'fastl4' }, 'tcp', { mode: 'fastl4' }],
    [{ mode: 'fastl4' }, 'udp', { mode: 'fastl4' }],
    [rest, 'tcp', rest],
    [{ iRules: ['/Common/a'], reselectTries: 3, persistence: ['cookie'] }, 'udp', {}],
    [
      { iRules: ['/Common/a'], reselectTries: 3, persistence: ['cookie'] },
      'tcp',
      { iRules: ['/Common/a'], reselectTries: 3, persistence: ['cookie'] },
    ],
    [{ persistence: ['source-address'] }, 'udp', { persistence: ['source-address'] }],
    [{ persistence: ['source-address', 'cookie'] }, 'udp', {}],
    [{ persistence: [] }, 'udp', { persistence: [] }],
  ])('that says %j says for %s: %j', (settings, protocol, said) => {
    expect(fleetSettings(fleet({ settings }), protocol)).toEqual(said);
  });

  test('takes away profiles that do not fit the mode that it says, and no others', () => {
    const requested: Settings = {
      ...SETTINGS,
      mode: 'http',
      profiles: { tcp: '/Common/t', http: '/Common/h' },
    };
    const where = { protocol: 'tcp' as const, shareNodes: false };
    expect(applyFleetSettings(requested, fleet(), where)).toEqual(requested);
    expect(
      applyFleetSettings(requested, fleet({ settings: { mode: 'tcp' } }), where).profiles,
    ).toEqual({
      tcp: '/Common/t',
    });
    expect(
      applyFleetSettings(requested, fleet({ settings: { mode: 'fastl4' } }), where).profiles,
    ).toEqual({});
    expect(
      applyFleetSettings(requested, fleet({ settings: { mode: 'http' } }), where).profiles,
    ).toEqual(requested.profiles);
    expect(
      applyFleetSettings(
        { ...requested, profiles: { l4: '/Common/l' } },
        fleet({ settings: { mode: 'fastl4' } }),
        where,
      ).profiles,
    ).toEqual({ l4: '/Common/l' });
    expect(applyFleetSettings(requested, fleet({ mode: 'ratio' }), where).balance).toBe(
      'ratio-node',
    );
    expect(
      applyFleetSettings(requested, fleet({ mode: 'ratio' }), { ...where, shareNodes: true })
        .balance,
    ).toBe('ratio-member');
  });
});

describe('what a fleet says that does not fit', () => {
  const requested: Settings = { ...SETTINGS, mode: 'udp', profiles: { udp: '/Common/u' } };
  const where = { protocol: 'udp' as const, shareNodes: false };

  test.each<[Settings['profiles'], Settings['profiles']]>([
    [{ tcp: '/Common/t' }, { udp: '/Common/u' }],
    [{ tcp: '/Common/t', udp: '/Common/f' }, { udp: '/Common/f' }],
    [{}, {}],
  ])('is left out of a virtual server over UDP: profiles %j leave %j', (profiles, held) => {
    const said = fleet({ settings: { profiles } });
    expect(applyFleetSettings(requested, said, where).profiles).toEqual(held);
  });

  test('is left out of any other mode too', () => {
    const said = fleet({ settings: { profiles: { l4: '/Common/l' } } });
    const tcp: Settings = { ...SETTINGS, profiles: { tcp: '/Common/t' } };
    expect(applyFleetSettings(tcp, said, { ...where, protocol: 'tcp' })).toEqual(tcp);
  });
});

test('a fleet overrides what an owner requests, also with the default value', () => {
  const said = settingsFromInput(SettingsInput.parse({ mirroring: 'none' }));
  const requested: Settings = { ...SETTINGS, mirroring: 'L4' };
  expect(
    applyFleetSettings(requested, fleet({ settings: said }), {
      protocol: 'tcp',
      shareNodes: false,
    }),
  ).toEqual(SETTINGS);
});

describe('among owners of one exposure', () => {
  const [a, b, c] = [
    { owner: 'east/a/gw', since: '2' },
    { owner: 'west/a/gw', since: '2' },
    { owner: 'north/a/gw', since: '1' },
  ];
  const part = (one: typeof a): Parameters<typeof deciderOf>[0][number] => ({
    contribution: { ...one, gateways: [], members: [] },
    requested: SETTINGS,
  });

  test('the oldest comes first, then the name', () => {
    expect([
      compareAge(a, b),
      compareAge(b, a),
      compareAge(a, a),
      compareAge(c, a),
      compareAge(a, c),
    ]).toEqual([-1, 1, 0, -1, 1]);
    expect(deciderOf([a, b, c].map(part))?.contribution.owner).toBe(c.owner);
    expect(deciderOf([b, a].map(part))?.contribution.owner).toBe(a.owner);
    expect(deciderOf([])).toBeUndefined();
  });

  test.each<[string, (x: string, y: string) => boolean, readonly string[]]>([
    ['all that share stay', () => true, [c.owner, a.owner, b.owner]],
    ['without sharing the oldest stays', () => false, [c.owner]],
    [
      'a cluster that shares with the oldest only stays with it',
      (x, y) => x === c.owner || y === c.owner,
      [c.owner, a.owner],
    ],
    [
      'a cluster that shares with others but not with the oldest leaves',
      (x, y) => x !== c.owner && y !== c.owner,
      [c.owner],
    ],
  ])('%s', (_, sameFleet, kept) => {
    expect(stayingOwners([b, a, c], sameFleet).map(({ owner }) => owner)).toEqual(kept);
    expect(stayingOwners([], sameFleet)).toEqual([]);
  });
});
