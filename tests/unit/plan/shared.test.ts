/**
 * Exposures that several owners share or request: what is refused, who keeps what, and what is
 * reported.
 */
import { describe, expect, test } from '@jest/globals';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { DeclaredExposure, DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { structureFingerprint } from '../../../shared/domain/plan/fingerprint.ts';
import { changeId, planPartition } from '../../../shared/domain/plan/plan.ts';
import type { Plan, PlanEntry, PlanRules } from '../../../shared/domain/plan/plan.ts';
import { nextQuarantine } from '../../../shared/domain/plan/quarantine.ts';
import { stayingOwners } from '../../../shared/domain/plan/shared-exposure.ts';
import { fleet, offer, ownerOf, pods, under } from '../../fixtures/fleets.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const KEY = '172.16.100.195:32400/tcp';
const LATER = '2026-02-01T00:00:00Z';
const shared = under(fleet());
const apart = under(fleet({ clusters: ['east', 'north'] }));

const plan = (declared: DeclaredState, slices: readonly Slice[], rules: PlanRules = shared): Plan =>
  planPartition('k8s', declared, slices, rules);
const declaredBy = (slices: readonly Slice[], rules: PlanRules = shared): DeclaredState =>
  slices.reduce((state, one) => plan(state, [one], rules).next, EMPTY_STATE);
const at = (state: DeclaredState): DeclaredExposure => state.exposures[KEY]!;
const entriesOf = (p: Plan, cluster: string): readonly PlanEntry[] =>
  p.entries.filter((e) => e.owner === ownerOf(cluster));
const leaving = (cluster: string): Slice =>
  slice(2, [], { owner: ownerOf(cluster), clusterUid: `uid-${cluster}` });

/** The rules under which the device refused this change. */
function refusing(change: PlanEntry, rules: PlanRules = shared): PlanRules {
  const refusal = { code: 'BIP421', reason: 'no such iRule' };
  const refused = nextQuarantine(change, refusal, { before: undefined, now: 0 });
  return { ...rules, refused: new Map([[changeId(change), refused]]) };
}

describe('a refused change of a shared exposure', () => {
  const bad = { iRules: ['/Common/bad'] };

  test('keeps a newcomer out, and does not touch the others', () => {
    const declared = declaredBy([offer('west', { since: LATER })]);
    const wanted = [offer('east', { settings: bad })];
    const p = plan(declared, wanted, refusing(plan(declared, wanted).entries[0]!));
    expect(p.next.exposures).toEqual(declared.exposures);
    expect(p.entries).toMatchObject([{ kind: 'rejected', owner: ownerOf('east') }]);
    // There is no earlier content of this owner that could stay.
    expect(p.entries[0]?.reason).not.toContain('last accepted');
  });

  test('of an owner that has its part says that the accepted content stays', () => {
    const declared = declaredBy([offer('east')]);
    const wanted = [offer('east', { counter: 2, settings: bad })];
    const p = plan(declared, wanted, refusing(plan(declared, wanted).entries[0]!));
    expect(p.entries[0]?.reason).toContain('until then the last accepted content stays');
    expect(p.entries[0]).not.toHaveProperty('remarks');
  });

  test('reports no settings without effect besides the refusal', () => {
    const declared = declaredBy([
      offer('east'),
      offer('west', { since: LATER, settings: { balance: 'fastest-node' } }),
    ]);
    // East refuses to change; west is told with its own results only.
    const wanted = [offer('east', { counter: 2, settings: bad })];
    const rules = refusing(plan(declared, wanted).entries[0]!);
    const [rejected] = entriesOf(plan(declared, wanted, rules), 'east');
    expect(rejected).toMatchObject({ kind: 'rejected' });
    expect(rejected?.remarks).toBeUndefined();
  });

  test('of members only keeps the exposure as it is, whatever the fleet changes', () => {
    const standby = (clusters: readonly string[]): PlanRules =>
      under(fleet({ mode: 'active-standby', clusters }));
    const declared = declaredBy([offer('east'), offer('west')], standby(['east', 'west']));
    const turned = standby(['west', 'east']);
    const [change] = plan(declared, [], turned).entries;
    expect(change).toMatchObject({ kind: 'update', membersOnly: true });
    const p = plan(declared, [], refusing(change!, turned));
    expect([p.next.exposures, p.entries]).toEqual([declared.exposures, []]);
  });

  test('still evicts an owner that may no longer share, and keeps its complete claim', () => {
    const declared = declaredBy([offer('east'), offer('west', { since: LATER, pods: 2 })]);
    const wanted = [offer('east', { counter: 2, settings: bad, pods: 3 })];
    const refused = plan(declared, wanted, apart).entries[0]!;
    const p = plan(declared, wanted, refusing({ ...refused, membersOnly: false }, apart));
    expect(at(p.next).contributions.map((c) => c.owner)).toEqual([ownerOf('east')]);
    expect(p.next.owners[ownerOf('west')]?.claims?.[KEY]?.members).toEqual(pods('west', 2));
  });
});

describe('an owner that may no longer share', () => {
  test('waits with what it asked for last, in the same plan', () => {
    const declared = declaredBy([offer('east'), offer('west', { since: LATER })]);
    for (const slices of [
      [offer('west', { counter: 2, since: LATER, pods: 5 })],
      [offer('west', { counter: 2, since: LATER, pods: 5 }), offer('east', { counter: 2 })],
    ]) {
      const { next } = plan(declared, slices, apart);
      expect(next.owners[ownerOf('west')]?.claims?.[KEY]?.members).toEqual(pods('west', 5));
    }
  });

  test('gets the exposure when it is free, and is told that it waited', () => {
    const waiting = plan(
      declaredBy([offer('east'), offer('west', { since: LATER })]),
      [],
      apart,
    ).next;
    const p = plan(waiting, [leaving('east')], apart);
    expect(entriesOf(p, 'west')).toMatchObject([
      { kind: 'create', reason: 'ns/west waited for it, and it is free now' },
    ]);
    expect(p.next.owners[ownerOf('west')]).not.toHaveProperty('claims');
  });

  test('is not told again and again that it waits', () => {
    const waiting = plan(
      declaredBy([offer('east'), offer('west', { since: LATER })]),
      [],
      apart,
    ).next;
    expect(entriesOf(plan(waiting, [offer('east', { counter: 2 })], apart), 'west')).toEqual([]);
  });

  test('is not told of a claim that it gave up for another partition', () => {
    const waiting = plan(declaredBy([offer('east'), offer('west')], shared), [], apart).next;
    const loser = Object.keys(waiting.owners).find((owner) => waiting.owners[owner]?.claims)!;
    const cluster = loser.split('/')[0]!;
    const elsewhere = offer(cluster, { counter: 2, exposure: { partition: 'other' } });
    const { next } = plan(waiting, [elsewhere], apart);
    expect(next.owners[loser]).not.toHaveProperty('claims');
  });
});

describe('who keeps an exposure', () => {
  test('is undefined if no owner has a part', () => {
    expect(stayingOwners([], () => true)).toEqual([]);
  });

  test('is named by its oldest owner to a newcomer that may not share', () => {
    const declared = declaredBy([offer('west', { since: LATER }), offer('east')]);
    const p = plan(declared, [offer('south', { since: LATER })], {
      ...shared,
      sameFleet: (a, b) => ![a, b].includes(ownerOf('south')) && shared.sameFleet(a, b),
    });
    expect(p.entries[0]?.reason).toContain(`belongs to ${ownerOf('east')} `);
  });
});

describe('a change of the fleet', () => {
  const standby = (...clusters: readonly string[]): PlanRules =>
    under(fleet({ mode: 'active-standby', clusters }));

  test('reaches an exposure although one of its clusters keeps its place', () => {
    const declared = declaredBy(
      ['west', 'east', 'north'].map((cluster) => offer(cluster)),
      standby('west', 'east', 'north'),
    );
    const { next } = plan(declared, [], standby('west', 'north', 'east'));
    expect(at(next).contributions.map(({ owner, priority }) => [owner, priority])).toEqual([
      [ownerOf('east'), 998],
      [ownerOf('north'), 999],
      [ownerOf('west'), 1000],
    ]);
  });

  test('settles one exposure beside a change of the owner at another', () => {
    const two = (cluster: string, since: string): Slice => ({
      ...offer(cluster, { since }),
      exposures: [
        exposure({ since, members: pods(cluster, 1) }),
        exposure({ since, members: pods(cluster, 1), port: 2 }),
      ],
    });
    const declared = declaredBy([offer('east'), offer('west', { since: LATER })]);
    const limited = under(fleet({ settings: { connectionLimit: 7 } }));
    const wanted = {
      ...two('east', exposure().since),
      version: { epoch: 1, counter: 2, generation: 1 },
    };
    const p = plan(declared, [wanted], limited);
    expect(
      entriesOf(p, 'east')
        .map(({ kind, key }) => `${kind} ${key}`)
        .toSorted(),
    ).toEqual(['create 172.16.100.195:2/tcp', `update ${KEY}`]);
  });

  test('is part of the change of its owner, with the content that is declared in the end', () => {
    const rules = under(fleet({ settings: { connectionLimit: 7 } }));
    const p = plan(EMPTY_STATE, [offer('east'), offer('west', { since: LATER })], rules);
    const [created] = entriesOf(p, 'east');
    expect(created).toMatchObject({
      kind: 'create',
      membersOnly: false,
      structure: structureFingerprint({ ...SETTINGS, connectionLimit: 7 }),
    });
  });

  test('still reaches an exposure whose removal is held', () => {
    const ports = [1, 2, 3, 4, 5];
    const five = (cluster: string): Slice =>
      offer(cluster, {
        slice: {
          exposures: ports.map((port) => exposure({ port, members: pods(cluster, 1) })),
        },
      });
    const declared = declaredBy([five('east'), five('west')]);
    const limited = under(fleet({ settings: { connectionLimit: 7 } }));
    const { next, entries } = plan(declared, [leaving('east')], limited);
    expect(entries.filter(({ kind }) => kind === 'held')).toHaveLength(5);
    for (const one of Object.values(next.exposures)) {
      expect(one.settings.connectionLimit).toBe(7);
      expect(one.contributions).toHaveLength(2);
    }
  });
});

describe('what is reported about a shared exposure', () => {
  test('writes lists and tables out', () => {
    const declared = declaredBy([offer('east', { settings: { vlans: ['/Common/a'] } })]);
    const p = plan(declared, [offer('west', { since: LATER })]);
    expect(entriesOf(p, 'west')[0]?.remarks?.[0]?.message).toContain(
      'its vlans is ["/Common/a"], not [], because',
    );
  });

  test('names the fleet only for settings that it sets or that depend on the mode that it sets', () => {
    const rules = under(fleet({ settings: { mode: 'fastl4' } }));
    const declared = declaredBy([offer('east', { settings: { connectionLimit: 3 } })], rules);
    const p = plan(declared, [offer('west', { since: LATER })], rules);
    const told = new Map(
      entriesOf(p, 'west')[0]?.remarks?.map(({ message }) => [
        / its (\S+) is /.exec(message)?.[1],
        / because (.*)$/.exec(message)?.[1],
      ]),
    );
    expect(told.get('connectionLimit')).toBe(
      `${ownerOf('east')} has the oldest gateway there and decides`,
    );
    expect(told.get('mode')).toContain('fleets[].settings of fleet production');
  });

  test('notes for shared nodes that a ratio counts per member, and not in the reason of the change', () => {
    const several = { shareNodes: true };
    const ratio = { ...under(fleet({ mode: 'ratio', ratio: { east: 3 } })), ...several };
    const [told] = plan(declaredBy([offer('east')], ratio), [offer('west')], ratio).entries;
    expect(told?.remarks?.map(({ code }) => code)).toContain('OWN341');
    expect(told?.reason).not.toContain('several partitions');
    const equal = { ...under(fleet()), ...several };
    const [quiet] = plan(declaredBy([offer('east')], equal), [offer('west')], equal).entries;
    expect(quiet).not.toHaveProperty('remarks');
  });
});

test('a ratio counts per member where nodes were shared before, although nothing is declared any more', () => {
  const ratio = under(fleet({ mode: 'ratio', ratio: { east: 3 } }));
  const both = [offer('east'), offer('west', { since: LATER })];
  const balance = (shareNodes: boolean): string =>
    at(plan({ ...EMPTY_STATE, shareNodes }, both, ratio).next).settings.balance;
  expect([balance(true), balance(false)]).toEqual(['ratio-member', 'ratio-node']);
});

test('settings of the fleet that do not fit its own mode are left out', () => {
  const rules = under(
    fleet({ settings: { mode: 'fastl4', profiles: { tcp: '/Common/tcp-lan' } } }),
  );
  const both = [offer('east'), offer('west', { since: LATER })];
  const alone = under(fleet({ settings: { mode: 'fastl4' } }));
  expect(at(declaredBy(both, rules)).settings).toEqual(at(declaredBy(both, alone)).settings);
});
