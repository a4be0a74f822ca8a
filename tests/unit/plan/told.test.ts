/** What a plan reports to its owners, and what a part of a plan leaves unchanged. */
import { describe, expect, test } from '@jest/globals';
import type { Settings } from '../../../shared/domain/exposure/settings/settings.ts';
import {
  changeId,
  type Plan,
  planPartition,
  type PlanRules,
} from '../../../shared/domain/plan/plan.ts';
import { type DeclaredState, EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Fleet } from '../../../shared/domain/plan/fleet.ts';
import { nextQuarantine } from '../../../shared/domain/plan/quarantine.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';
import { fleet, offer, ownerOf, under } from '../../fixtures/fleets.ts';

const KEY = '172.16.100.195:32400/tcp';
const plan = (
  declared: DeclaredState,
  slices: Parameters<typeof planPartition>[2],
  rules: PlanRules,
): Plan => planPartition('k8s', declared, slices, rules);
const LATER = '2026-02-01T00:00:00Z';

describe('why a requested setting does not apply', () => {
  const why = (wish: Partial<Settings>, said: Partial<Fleet> = {}): readonly string[] => {
    const rules = under(fleet(said));
    const { entries } = plan(
      EMPTY_STATE,
      [offer('east'), offer('west', { since: LATER, settings: wish })],
      rules,
    );
    return entries
      .filter(({ owner }) => owner === ownerOf('west'))
      .flatMap(({ remarks = [] }) =>
        remarks.map(({ message }) => message.split(', because ')[1] ?? ''),
      );
  };
  const oldest = `${ownerOf('east')} has the oldest gateway there and decides`;
  const words = 'fleets[].settings of fleet production in sluice.yaml sets it';

  test.each<[string, Partial<Settings>, Partial<Fleet>, readonly string[]]>([
    ['the oldest decides', { connectionLimit: 7 }, {}, [oldest]],
    ['the oldest decides of several', { connectionLimit: 7, snat: 'none' }, {}, [oldest, oldest]],
    [
      'the fleet has the same value',
      { connectionLimit: 7 },
      { settings: { connectionLimit: 9 } },
      [words],
    ],
    [
      'the fleet has another value',
      { connectionLimit: 7 },
      { settings: { snat: 'self' } },
      [words, oldest],
    ],
    [
      'mode ratio sets the balancing method',
      { balance: 'fastest-node' },
      { mode: 'ratio' },
      ['fleet production has mode ratio'],
    ],
    [
      'mode ratio does not affect other settings',
      { balance: 'ratio-node', connectionLimit: 7 },
      { mode: 'ratio' },
      [oldest],
    ],
    [
      'another mode does not affect the balancing method',
      { balance: 'fastest-node' },
      { mode: 'active-standby' },
      [oldest],
    ],
    [
      'the mode of the fleet supports no such profile',
      { mode: 'fastl4', profiles: { tcp: '/Common/t' } },
      { settings: { mode: 'fastl4' } },
      [words],
    ],
    [
      'the fleet sets no mode, so the oldest decides about profiles',
      { profiles: { tcp: '/Common/t' } },
      {},
      [oldest],
    ],
  ])('%s', (_, wish, said, told) => {
    expect(why(wish, said)).toEqual(told);
  });

  test('is that the oldest decides, also if clusters share without settings of the fleet', () => {
    const { entries } = plan(
      EMPTY_STATE,
      [offer('east'), offer('west', { since: LATER, settings: { connectionLimit: 7 } })],
      { sameFleet: () => true, now: 0 },
    );
    expect(entries.flatMap(({ remarks = [] }) => remarks)).toMatchObject([
      { code: 'OWN340', message: expect.stringContaining(`because ${oldest}`) },
    ]);
  });

  test('is not reported if it is a default, whatever the name of its source', () => {
    const told = (settings: Partial<Settings>, sources: Record<string, string>): number => {
      const rules = under(fleet());
      const west = offer('west', {
        since: LATER,
        settings,
        slice: { sources: { [KEY]: sources } },
      });
      return plan(EMPTY_STATE, [offer('east'), west], rules).entries.flatMap(
        ({ remarks = [] }) => remarks,
      ).length;
    };
    expect([
      told({ iRules: ['/Common/r'] }, {}),
      told({ iRules: ['/Common/r'] }, { iRules: 'Gateway a/b' }),
      told({ iRules: ['/Common/r'] }, { proxyProtocol: 'Gateway a/b' }),
    ]).toEqual([0, 1, 1]);
    expect([
      told({ profiles: { tcp: '/Common/t' } }, { profileHttp: 'default' }),
      told({ profiles: { tcp: '/Common/t' } }, { profileTcp: 'sluice.yaml' }),
    ]).toEqual([0, 1]);
    expect([
      told({ connectionLimit: 7 }, { connectionLimit: 'default' }),
      told({ connectionLimit: 7 }, { connectionLimit: 'sluice.yaml' }),
      told({ connectionLimit: 7 }, { snat: 'sluice.yaml' }),
    ]).toEqual([0, 1, 0]);
  });

  test('waiting owners are reported to the holder, by name', () => {
    const rules: PlanRules = { sameFleet: () => false, now: 0 };
    const state = plan(EMPTY_STATE, [offer('east'), offer('west', { since: LATER })], rules);
    const say = (p: Plan): readonly string[] =>
      p.entries
        .filter(({ owner }) => owner === ownerOf('east'))
        .flatMap(({ remarks = [] }) => remarks.map(({ message }) => message));
    expect(say(state)).toEqual([`${ownerOf('west')} also requests ${KEY}, and may not share it`]);
    const three = plan(state.next, [offer('south', { since: LATER }), offer('east')], rules);
    expect(say(three)).toEqual([
      `${ownerOf('south')}, ${ownerOf('west')} also request ${KEY}, and may not share it`,
    ]);
    expect(say(plan(EMPTY_STATE, [offer('east')], rules))).toEqual([]);
  });
});

describe('a created exposure has a reason', () => {
  const rules: PlanRules = { sameFleet: () => false, now: 0 };
  const { owner } = slice(1, []);
  test.each<[string, Partial<PlanRules>, string]>([
    ['requested', {}, 'default/tcp-echo-gateway requests it'],
    [
      'moved from another partition',
      { movedFrom: new Map([[changeId({ owner, key: KEY }), 'edge']]) },
      'default/tcp-echo-gateway requests it; it moves here from partition edge, which cut its connections',
    ],
    [
      'while something else moved',
      { movedFrom: new Map([[changeId({ owner, key: '172.16.100.195:1/tcp' }), 'edge']]) },
      'default/tcp-echo-gateway requests it',
    ],
  ])('%s', (_, more, reason) => {
    expect(
      plan(EMPTY_STATE, [slice(1, [exposure()])], { ...rules, ...more }).entries,
    ).toMatchObject([{ kind: 'create', reason }]);
  });
});

describe('a change that the device refused', () => {
  const rules: PlanRules = { sameFleet: () => false, now: 0 };
  const bad = { ...SETTINGS, balance: 'ratio-member' as const };
  const { owner } = slice(1, []);
  const moved = [{ address: '10.9.9.9', port: 1, availability: 'ready' as const }];
  const declared = plan(EMPTY_STATE, [slice(1, [exposure()])], rules).next;
  const refusedAt = (times: number): DeclaredState => {
    const [change] = plan(declared, [slice(2, [exposure({ settings: bad })])], rules).entries;
    let before: ReturnType<typeof nextQuarantine> | undefined;
    for (let i = 0; i < times; i++)
      before = nextQuarantine(change!, { code: 'BIP421', reason: 'no' }, { before, now: 0 });
    return plan(declared, [slice(2, [exposure({ settings: bad })])], {
      ...rules,
      only: new Set(),
      refused: new Map([[changeId({ owner, key: KEY }), before!]]),
    }).next;
  };

  test.each([
    [1, 'no (tried once; the next try is after'],
    [2, 'no (tried 2 times; the next try is after'],
  ])('says how often it was tried: %i', (times, words) => {
    const { entries } = plan(refusedAt(times), [slice(3, [exposure({ settings: bad })])], rules);
    expect(entries).toMatchObject([{ kind: 'rejected', reason: expect.stringContaining(words) }]);
    expect(entries[0]?.reason).toContain('; until then the last accepted content stays');
  });

  test('lets its members follow in the part of a plan that may change it, and in no other', () => {
    const following = [slice(3, [exposure({ settings: bad, members: moved })])];
    expect(plan(refusedAt(1), following, { ...rules, only: new Set() }).next.exposures).toEqual(
      declared.exposures,
    );
    expect(
      plan(refusedAt(1), following, { ...rules, only: new Set([changeId({ owner, key: KEY })]) })
        .next.exposures[KEY]?.contributions[0]?.members,
    ).toEqual(moved);
  });

  test('does not mention accepted content if it was new', () => {
    const id = changeId({ owner, key: KEY });
    const [change] = plan(EMPTY_STATE, [slice(1, [exposure({ settings: bad })])], rules).entries;
    const refused = new Map([
      [
        id,
        nextQuarantine(change!, { code: 'BIP421', reason: 'no' }, { before: undefined, now: 0 }),
      ],
    ]);
    expect(
      plan(EMPTY_STATE, [slice(1, [exposure({ settings: bad })])], { ...rules, refused }).entries[0]
        ?.reason,
    ).not.toContain('meanwhile');
  });
});

describe('changes of a fleet while clusters send events', () => {
  const [east, west] = [
    offer('east'),
    offer('west', { since: LATER, settings: { connectionLimit: 7 } }),
  ];
  const before = under(fleet());
  const state = plan(EMPTY_STATE, [east, west], before).next;
  const id = changeId({ owner: ownerOf('east'), key: KEY });

  test('are reported as an update of the deciding owner, whichever cluster sends', () => {
    const { entries, next } = plan(state, [east], under(fleet({ mode: 'active-standby' })));
    expect(entries.map(({ kind, owner }) => [kind, owner])).toEqual([['update', ownerOf('east')]]);
    expect(next.exposures[KEY]?.contributions.map(({ priority }) => priority)).toEqual([
      1_000, 999,
    ]);
    const quiet = plan(state, [west], under(fleet({ settings: { connectionLimit: 9 } })));
    expect(quiet.entries.map(({ kind, owner }) => `${kind} ${owner}`)).toContain(
      `update ${ownerOf('east')}`,
    );
    expect(quiet.next.exposures[KEY]?.settings.connectionLimit).toBe(9);
  });

  test('are a separate entry besides a late slice of the deciding owner', () => {
    const newer = plan(state, [offer('east', { counter: 5 })], before).next;
    const { entries } = plan(newer, [east], under(fleet({ settings: { connectionLimit: 9 } })));
    expect(entries.map(({ kind, owner }) => `${kind} ${owner}`)).toEqual([
      `superseded ${ownerOf('east')}`,
      `update ${ownerOf('east')}`,
    ]);
  });

  test.each<[string, Partial<Fleet>, Partial<Fleet>, readonly object[]]>([
    [
      'another order of preference',
      { mode: 'active-standby', clusters: ['east', 'west'] },
      { mode: 'active-standby', clusters: ['west', 'east'] },
      [{ priority: 999 }, { priority: 1_000 }],
    ],
    [
      'another ratio',
      { mode: 'ratio', ratio: { east: 2 } },
      { mode: 'ratio', ratio: { west: 3 } },
      [{ weight: 1 }, { weight: 3 }],
    ],
    [
      'another mode',
      { mode: 'ratio', ratio: { east: 2 } },
      { mode: 'active-standby' },
      [{ priority: 1_000 }, { priority: 999 }],
    ],
  ])('apply with the next plan although no event arrives: %s', (_, was, now, places) => {
    const { next, changed } = plan(
      plan(EMPTY_STATE, [east, west], under(fleet(was))).next,
      [],
      under(fleet(now)),
    );
    expect(changed).toBe(true);
    expect(next.exposures[KEY]?.contributions).toMatchObject(places);
    expect(plan(next, [], under(fleet(now))).changed).toBe(false);
  });

  test('apply also to the number of members that are enough', () => {
    const standby = (minimumActive: number): PlanRules =>
      under(fleet({ mode: 'active-standby', minimumActive }));
    const { next } = plan(plan(EMPTY_STATE, [east, west], standby(1)).next, [], standby(2));
    expect(next.exposures[KEY]?.minimumActive).toBe(2);
    expect(plan(next, [], before).next.exposures[KEY]).not.toHaveProperty('minimumActive');
  });

  test('are one entry with what the deciding owner changes itself, which then is not about members alone', () => {
    const younger = offer('east', { counter: 2, since: '2026-03-01T00:00:00Z' });
    const { entries } = plan(
      state,
      [
        younger,
        offer('west', { counter: 2, pods: 3, since: LATER, settings: { connectionLimit: 7 } }),
      ],
      before,
    );
    const mine = entries.filter(({ owner }) => owner === ownerOf('west'));
    expect(mine).toMatchObject([
      {
        kind: 'update',
        membersOnly: false,
        reason: expect.stringMatching(/^members changed; connectionLimit/),
      },
    ]);
  });

  test('place the clusters although the device refuses the settings, which are tried later', () => {
    const standby = under(fleet({ mode: 'active-standby', settings: { connectionLimit: 9 } }));
    const update = plan(state, [], standby).entries.find((one) => changeId(one) === id)!;
    const refused = new Map([
      [id, nextQuarantine(update, { code: 'BIP421', reason: 'no' }, { before: undefined, now: 0 })],
    ]);
    const placed = plan(state, [], { ...standby, refused }).next;
    expect(placed.exposures[KEY]).toMatchObject({
      settings: state.exposures[KEY]!.settings,
      minimumActive: 1,
      contributions: [{ priority: 1_000 }, { priority: 999 }],
    });
    expect(placed.owners[ownerOf('east')]?.quarantine?.[KEY]).toMatchObject({ code: 'BIP421' });
    expect(plan(placed, [], standby).changed).toBe(false);
    const tried = plan(placed, [], { ...standby, retry: new Set([id]) }).next;
    expect(tried.exposures[KEY]?.settings.connectionLimit).toBe(9);
    expect(tried.owners[ownerOf('east')]).not.toHaveProperty('quarantine');
    expect(plan(placed, [], { ...standby, retry: new Set([id]), only: new Set() }).next).toEqual(
      placed,
    );
  });
});
