import { describe, expect, test } from '@jest/globals';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type {
  Contribution,
  DeclaredExposure,
  DeclaredState,
} from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { changeId, planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Plan, PlanEntry, PlanRules } from '../../../shared/domain/plan/plan.ts';
import { nextQuarantine } from '../../../shared/domain/plan/quarantine.ts';
import { fleet, offer, ownerOf, pods, under } from '../../fixtures/fleets.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const KEY = '172.16.100.195:32400/tcp';
const LATER = '2026-02-01T00:00:00Z';
const shared = under(fleet());

const plan = (declared: DeclaredState, slices: readonly Slice[], rules: PlanRules = shared): Plan =>
  planPartition('k8s', declared, slices, rules);
const declaredBy = (slices: readonly Slice[], rules: PlanRules = shared): DeclaredState =>
  slices.reduce((state, one) => plan(state, [one], rules).next, EMPTY_STATE);
const at = (state: DeclaredState, key = KEY): DeclaredExposure => state.exposures[key]!;
const part = (state: DeclaredState, cluster: string): Contribution =>
  at(state).contributions.find((c) => c.owner === ownerOf(cluster))!;
const entry = (p: Plan, cluster: string): PlanEntry =>
  p.entries.filter((e) => e.owner === ownerOf(cluster)).at(-1)!;

describe('a setting on which clusters of a fleet disagree', () => {
  const east = offer('east', { settings: { balance: 'least-connections-member' } });
  const west = offer('west', { since: LATER, settings: { balance: 'fastest-node' } });

  test("is decided by the oldest gateway, whichever comes first; the other's settings are stored", () => {
    for (const order of [
      [east, west],
      [west, east],
    ]) {
      const state = declaredBy(order);
      expect(at(state).settings.balance).toBe('least-connections-member');
      expect(part(state, 'east')).not.toHaveProperty('wish');
      expect(part(state, 'west').wish).toEqual({ balance: 'fastest-node' });
    }
  });

  test('is reported to the others, with the setting, their value, the effective value and the deciding owner', () => {
    const told = entry(plan(declaredBy([east]), [west]), 'west');
    expect(told.remarks).toEqual([
      {
        code: 'OWN340',
        message:
          `${KEY} is shared: its balance is least-connections-member, not fastest-node, ` +
          `because ${ownerOf('east')} has the oldest gateway there and decides`,
      },
    ]);
    expect(told.reason).toContain(told.remarks![0]!.message);
    expect(entry(plan(declaredBy([west]), [east]), 'east').remarks).toBeUndefined();
    // As long as it applies, every result reports it.
    expect(entry(plan(declaredBy([east, west]), [west]), 'west')).toMatchObject({
      kind: 'unchanged',
      remarks: [{ code: 'OWN340' }],
    });
  });

  test('is not reported if only a default gives way', () => {
    const source = (balance: string): Slice => ({ ...west, sources: { [KEY]: { balance } } });
    expect(entry(plan(declaredBy([east]), [source('default')]), 'west').remarks).toBeUndefined();
    expect(
      entry(plan(declaredBy([east]), [source('Gateway ns/west')]), 'west').remarks,
    ).toHaveLength(1);
  });

  test('can be changed by the one that decides, also while others share', () => {
    const state = plan(declaredBy([east, west]), [
      offer('east', { counter: 2, settings: { balance: 'observed-node' } }),
    ]).next;
    expect(at(state).settings.balance).toBe('observed-node');
    expect(part(state, 'west').wish).toEqual({ balance: 'fastest-node' });
  });

  test('goes to the next one as soon as the deciding one leaves, without a new event of the next one', () => {
    const p = plan(declaredBy([east, west]), [
      slice(2, [], { owner: ownerOf('east'), clusterUid: 'uid-east' }),
    ]);
    expect(at(p.next).settings.balance).toBe('fastest-node');
    expect(part(p.next, 'west')).not.toHaveProperty('wish');
    expect(p.entries.map((e) => `${e.kind} ${e.owner}`)).toEqual([
      `delete ${ownerOf('east')}`,
      `update ${ownerOf('west')}`,
    ]);
  });

  test('goes to the next one when the deciding one becomes the younger', () => {
    const p = plan(declaredBy([east, west]), [
      offer('east', {
        counter: 2,
        since: '2026-03-01T00:00:00Z',
        settings: { balance: 'least-connections-member' },
      }),
    ]);
    expect(at(p.next).settings.balance).toBe('fastest-node');
    // The change of the settings belongs to the owner that requests it: if it is refused, no other
    // owner is blamed.
    expect(p.entries.map((e) => [e.owner, e.membersOnly])).toEqual([
      [ownerOf('east'), true],
      [ownerOf('west'), false],
    ]);
    expect(part(p.next, 'east').wish).toEqual({ balance: 'least-connections-member' });
  });

  test('of one cluster alone is its own matter, in a fleet or not', () => {
    const rules = under(fleet({ settings: { balance: 'round-robin' } }));
    expect(at(declaredBy([west], rules)).settings.balance).toBe('fastest-node');
  });
});

describe('what a fleet says itself', () => {
  const rules = under(
    fleet({ settings: { balance: 'fastest-node', connectionLimit: 9, reselectTries: 5 } }),
  );
  const both = [
    offer('east', { settings: { balance: 'least-connections-member' } }),
    offer('west', { since: LATER }),
  ];

  test('decides for every exposure that two of its clusters share, and reports overridden settings', () => {
    const state = declaredBy(both, rules);
    expect(at(state).settings).toEqual({
      ...SETTINGS,
      balance: 'fastest-node',
      connectionLimit: 9,
      reselectTries: 5,
    });
    expect(entry(plan(state, [both[0]!], rules), 'east').remarks).toContainEqual({
      code: 'OWN340',
      message:
        `${KEY} is shared: its balance is fastest-node, not least-connections-member, ` +
        'because fleets[].settings of fleet production in sluice.yaml sets it',
    });
  });

  test('gives way again when only one is left, or when it is taken out of the configuration', () => {
    const state = declaredBy(both, rules);
    const alone = plan(
      state,
      [slice(2, [], { owner: ownerOf('west'), clusterUid: 'uid-west' })],
      rules,
    ).next;
    expect(at(alone).settings).toEqual({ ...SETTINGS, balance: 'least-connections-member' });
    expect(at(plan(state, [], shared).next).settings).toEqual({
      ...SETTINGS,
      balance: 'least-connections-member',
    });
  });

  test('leaves out what does not fit: the mode of another protocol, and profiles of another mode', () => {
    const http = under(
      fleet({ settings: { mode: 'fastl4', iRules: ['/Common/rule'], persistence: ['cookie'] } }),
    );
    const tcp = declaredBy(
      ['east', 'west'].map((cluster) =>
        offer(cluster, { settings: { profiles: { tcp: '/Common/tcp-lan' } } }),
      ),
      http,
    );
    expect(at(tcp).settings).toMatchObject({ mode: 'fastl4', profiles: {} });
    const udp = declaredBy(
      ['east', 'west'].map((cluster) =>
        offer(cluster, { settings: { mode: 'udp' }, exposure: { protocol: 'udp' } }),
      ),
      under(
        fleet({
          settings: {
            mode: 'tcp',
            iRules: ['/Common/rule'],
            persistence: ['cookie'],
            reselectTries: 5,
            vlans: ['/Common/v'],
          },
        }),
      ),
    );
    expect(at(udp, '172.16.100.195:32400/udp').settings).toEqual({
      ...SETTINGS,
      mode: 'udp',
      vlans: ['/Common/v'],
    });
  });
});

describe('active-standby', () => {
  const rules = under(
    fleet({ mode: 'active-standby', clusters: ['west', 'east'], minimumActive: 2 }),
  );
  const both = [offer('east'), offer('west')];

  test('gives the clusters priority groups in their order, from the first one on', () => {
    const alone = declaredBy([both[0]!], rules);
    expect([at(alone).minimumActive, part(alone, 'east').priority]).toEqual([2, 999]);
    const state = declaredBy(both, rules);
    expect([part(state, 'west').priority, part(state, 'east').priority]).toEqual([1000, 999]);
  });

  test('a cluster that is added at the end changes nothing for the others', () => {
    const longer = under(
      fleet({ mode: 'active-standby', clusters: ['west', 'east', 'north'], minimumActive: 2 }),
    );
    expect(plan(declaredBy(both, rules), both, longer).changed).toBe(false);
  });

  test('another order applies to all with the first newer slice, and the interruption is reported', () => {
    const turned = under(
      fleet({ mode: 'active-standby', clusters: ['east', 'west'], minimumActive: 2 }),
    );
    const p = plan(declaredBy(both, rules), [offer('west', { counter: 2 })], turned);
    expect([part(p.next, 'east').priority, part(p.next, 'west').priority]).toEqual([1000, 999]);
    expect(entry(p, 'west').reason).toBe(
      'order of preference changed; the change deletes and re-adds the members of ' +
        `${ownerOf('east')}, ${ownerOf('west')}, which cuts their connections`,
    );
  });

  test('pods that come and go edit no member', () => {
    const p = plan(declaredBy(both, rules), [offer('east', { counter: 2, pods: 5 })], rules);
    expect(entry(p, 'east').reason).toBe('members changed');
  });

  test('another mode takes the places away again, for all', () => {
    const state = plan(declaredBy(both, rules), [offer('east', { counter: 2 })]).next;
    expect(at(state)).toEqual(at(declaredBy(both)));
  });
});

describe('mode ratio', () => {
  const rules = under(fleet({ mode: 'ratio', ratio: { east: 3 } }));
  const both = [offer('east', { pods: 10 }), offer('west', { pods: 2, since: LATER })];

  test('keeps the weights with the contributions and balances by node ratio', () => {
    const state = declaredBy(both, rules);
    expect([part(state, 'east').weight, part(state, 'west').weight]).toEqual([3, 1]);
    expect(at(state).settings.balance).toBe('ratio-node');
    expect(part(state, 'east').wish).toEqual({ balance: 'round-robin' });
  });

  test('load-based methods are combined with the ratio; other methods are replaced and reported', () => {
    const by = (balance: typeof SETTINGS.balance): Plan =>
      plan(
        declaredBy([offer('west', { since: LATER })], rules),
        [offer('east', { settings: { balance } })],
        rules,
      );
    expect(at(by('least-connections-member').next).settings.balance).toBe(
      'ratio-least-connections-node',
    );
    const told = by('fastest-node');
    expect(at(told.next).settings.balance).toBe('ratio-node');
    expect(entry(told, 'east').remarks).toEqual([
      {
        code: 'OWN340',
        message:
          `${KEY} is shared: its balance is ratio-node, not fastest-node, because fleet ` +
          'production has mode ratio',
      },
    ]);
  });

  test('on a device with several partitions it is set on the members, and this is reported', () => {
    const several = { ...rules, shareNodes: true };
    const p = plan(declaredBy([both[0]!], several), [both[1]!], several);
    expect(at(p.next).settings.balance).toBe('ratio-member');
    expect(entry(p, 'west').remarks).toMatchObject([{ code: 'OWN340' }, { code: 'OWN341' }]);
    const heavier = plan(p.next, [offer('west', { counter: 2, pods: 2, since: LATER })], {
      ...under(fleet({ mode: 'ratio', ratio: { east: 4 } })),
      shareNodes: true,
    });
    expect(entry(heavier, 'west').reason).toContain(
      `the change deletes and re-adds the members of ${ownerOf('east')}`,
    );
  });

  test('another weight edits no member on a device with one partition', () => {
    const p = plan(
      declaredBy(both, rules),
      [offer('east', { counter: 2, pods: 10 })],
      under(fleet({ mode: 'ratio', ratio: { east: 4 } })),
    );
    expect(entry(p, 'east').reason).toMatch(/^ratio changed;/);
    expect(entry(p, 'east').reason).not.toContain('cuts');
  });
});

describe('settings that the device refuses', () => {
  const bad = { iRules: ['/Common/bad'] };
  const refuse = (p: Plan, cluster: string): PlanRules => {
    const culprit = entry(p, cluster);
    return {
      ...shared,
      refused: new Map([
        [
          changeId(culprit),
          nextQuarantine(
            culprit,
            { code: 'BIP421', reason: 'no such iRule' },
            { before: undefined, now: 0 },
          ),
        ],
      ]),
    };
  };

  test('of the deciding owner: its last accepted settings stay, and all update their members', () => {
    const declared = declaredBy([offer('east'), offer('west', { since: LATER })]);
    const wanted = [
      offer('east', { counter: 2, settings: bad, pods: 3 }),
      offer('west', { counter: 2, since: LATER, pods: 2 }),
    ];
    const p = plan(declared, wanted, refuse(plan(declared, wanted), 'east'));
    expect(at(p.next).settings).toEqual(SETTINGS);
    expect(at(p.next).contributions.map((c) => c.members.length)).toEqual([3, 2]);
    expect(p.next.owners[ownerOf('east')]?.quarantine).toHaveProperty([KEY]);
    expect(p.next.owners[ownerOf('west')]).not.toHaveProperty('quarantine');
    // A refused value is no request that could come back in another way.
    expect(part(p.next, 'east')).not.toHaveProperty('wish');
  });

  test('of the next one, when the deciding one leaves: the leave goes through, and the next one is blamed', () => {
    const declared = declaredBy([offer('east'), offer('west', { since: LATER, settings: bad })]);
    const gone = [slice(2, [], { owner: ownerOf('east'), clusterUid: 'uid-east' })];
    const first = plan(declared, gone);
    expect(at(first.next).settings.iRules).toEqual(bad.iRules);
    const p = plan(declared, gone, refuse(first, 'west'));
    expect(at(p.next)).toMatchObject({
      settings: SETTINGS,
      contributions: [{ owner: ownerOf('west'), wish: bad }],
    });
    expect(p.next.owners[ownerOf('west')]?.quarantine).toHaveProperty([KEY]);
    // It is recorded in the declaration, left unchanged, and reported to its owner.
    const again = plan(p.next, [offer('west', { counter: 2, since: LATER, settings: bad })]);
    expect(at(again.next).settings).toEqual(SETTINGS);
    expect(entry(again, 'west')).toMatchObject({ kind: 'rejected', code: 'BIP421' });
  });

  test('of the fleet itself: what was accepted stays', () => {
    const rules = under(fleet({ settings: bad }));
    const declared = declaredBy([offer('east'), offer('west', { since: LATER })]);
    const p = plan(declared, [], {
      ...rules,
      refused: refuse(plan(declared, [], rules), 'east').refused!,
    });
    expect(p.next.exposures).toEqual(declared.exposures);
    expect(p.entries).toMatchObject([{ kind: 'rejected', owner: ownerOf('east') }]);
  });

  test('each change is one entry, so that it is tried and blamed alone', () => {
    const rules = under(fleet({ settings: { connectionLimit: 7 } }));
    const p = plan(EMPTY_STATE, [offer('east'), offer('west', { since: LATER })], rules);
    expect(p.entries.map((e) => `${e.kind} ${e.owner}`)).toEqual([
      `create ${ownerOf('east')}`,
      `update ${ownerOf('west')}`,
    ]);
    expect(at(p.next).settings.connectionLimit).toBe(7);
    const part1 = plan(EMPTY_STATE, [offer('east'), offer('west', { since: LATER })], {
      ...rules,
      only: new Set([changeId(p.entries[1]!)]),
    });
    expect(at(part1.next).contributions.map((c) => c.owner)).toEqual([ownerOf('west')]);
  });
});

describe('a fleet that changes', () => {
  const both = [
    offer('west', { pods: 2, since: LATER, settings: { balance: 'fastest-node' } }),
    offer('east'),
  ];
  const apart = under(fleet({ clusters: ['east', 'north'] }));

  test('the oldest keeps the shared exposure; the other waits with a complete claim', () => {
    const declared = declaredBy(both);
    const results = [[both[0]!], [both[1]!], both, []].map((slices) =>
      plan(declared, slices, apart),
    );
    for (const { next } of results) {
      expect(at(next)).toEqual({ ...at(declaredBy([both[1]!])) });
      expect(next.owners[ownerOf('west')]?.claims?.[KEY]).toEqual(
        plan(declaredBy([both[1]!], apart), [both[0]!], apart).next.owners[ownerOf('west')]
          ?.claims?.[KEY],
      );
    }
  });

  test('both are reported', () => {
    const p = plan(declaredBy(both), both, apart);
    expect(entry(p, 'west')).toMatchObject({ kind: 'conflict', code: 'OWN301' });
    expect(p.entries.find((e) => e.kind === 'update')).toMatchObject({
      owner: ownerOf('east'),
      reason: expect.stringContaining(`${ownerOf('west')} may no longer share it`),
    });
    // The winner is told with every result, even if the loser's slice settled it.
    const later = plan(plan(declaredBy(both), [both[0]!], apart).next, [both[1]!], apart);
    expect(entry(later, 'east').remarks).toEqual([
      { code: 'OWN342', message: `${ownerOf('west')} also requests ${KEY}, and may not share it` },
    ]);
  });

  test('a cluster that comes back to the fleet shares again', () => {
    const state = plan(declaredBy(both), both, apart).next;
    expect(plan(state, both).next.exposures).toEqual(declaredBy(both).exposures);
  });

  test('two ingresses of one cluster do not share, and the message says so', () => {
    const other = offer('east', { slice: { owner: 'east/istio-system/second' } });
    expect(plan(declaredBy(both), [other]).entries).toMatchObject([
      {
        kind: 'conflict',
        code: 'OWN301',
        reason: expect.stringContaining('two ingresses of one cluster cannot share them'),
      },
    ]);
  });

  test('a partial plan without the winner evicts no owner', () => {
    const p = plan(declaredBy(both), both, { ...apart, only: new Set() });
    expect(at(p.next)).toEqual(at(declaredBy(both)));
  });
});

describe('a partition without fleets', () => {
  test('is planned as without fleets: nothing is settled, stored or reported', () => {
    const state = declaredBy([offer('east')], { sameFleet: () => false });
    expect(at(state)).toEqual({
      address: '172.16.100.195',
      port: 32_400,
      protocol: 'tcp',
      settings: SETTINGS,
      contributions: [
        {
          owner: ownerOf('east'),
          gateways: ['ns/east'],
          since: exposure().since,
          members: pods('east', 1),
        },
      ],
    });
  });
});
