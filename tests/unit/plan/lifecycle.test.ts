/** Clusters that leave, are silent, drain, are forgotten, and come back as another one. */
import { describe, expect, test } from '@jest/globals';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { Absence } from '../../../shared/domain/snapshot/absence.ts';
import { absentOwners } from '../../../shared/domain/snapshot/absence.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Plan, PlanRules } from '../../../shared/domain/plan/plan.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { isOrderInEffect } from '../../../shared/domain/plan/apply-orders.ts';
import type { Steering } from '../../../shared/domain/steering/steering.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const HOUR = 60 * 60_000;
const T = Date.parse('2026-01-01T00:00:00.000Z');
const at = (hours: number): number => T + hours * HOUR;
const iso = (hours: number): string => new Date(at(hours)).toISOString();
const { owner } = slice(1, []);
const WEST = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const KEY = '172.16.100.195:32400/tcp';
const many = (n: number): Slice['exposures'] =>
  Array.from({ length: n }, (_, i) => exposure({ port: i + 1, gateways: [`ns/gw-${i}`] }));
const westExposure = (over: Parameters<typeof exposure>[0] = {}): Slice['exposures'][number] =>
  exposure({ members: [{ address: '10.9.0.1', port: 32_400, availability: 'ready' }], ...over });

function plan(
  declared: DeclaredState,
  slices: readonly Slice[],
  rules: Partial<PlanRules> = {},
): Plan {
  return planPartition('k8s', declared, slices, {
    sameFleet: () => true,
    now: rules.orders === undefined ? T : at(24),
    ...rules,
  });
}
const order = (
  steering: Record<string, unknown>,
  hours = 0,
): NonNullable<PlanRules['orders']>[number] => ({
  steering: { device: 'bigip-1', cluster: 'east', ...steering } as Steering,
  at: at(hours),
});
const absence = (counter: number, over: Partial<Absence> = {}): Absence => ({
  cluster: 'east',
  clusterUid: 'uid-east',
  device: 'bigip-1',
  version: { epoch: 1, counter, generation: 1 },
  absent: [owner],
  ...over,
});
const kinds = ({ entries }: Plan): readonly string[] =>
  entries.map((e) => `${e.kind} ${e.key.split(':')[1]}`);

describe('which ingresses an inventory misses', () => {
  const inventory = {
    cluster: 'east',
    clusterUid: 'u',
    revision: { epoch: 1, counter: 1 },
    ingresses: [{ namespace: 'a', service: 'there' }],
  };
  const configured = ['east/a/there', 'east/a/gone'];
  test.each([
    ['configured and without a Service', {}, ['east/a/gone']],
    [
      'looked for and without a Service',
      {
        watched: [
          { namespace: 'a', service: 'there' },
          { namespace: 'a', service: 'gone' },
        ],
      },
      ['east/a/gone'],
    ],
    [
      'not looked for by this watcher: nothing is known',
      { watched: [{ namespace: 'a', service: 'there' }] },
      [],
    ],
    [
      'looked for, but no longer in sluice.yaml here: not asked',
      { watched: [{ namespace: 'b', service: 'old' }] },
      [],
    ],
  ])('%s', (_what, over, expected) => {
    expect(absentOwners({ ...inventory, ...over }, configured)).toEqual(expected);
  });
});

/**
 * Red with the guard removed: without `isMissed` (remove-absent.ts) the third and fourth, without
 * `heldRemovals` (remove.ts) the second.
 */
describe('an owner that the inventory of its cluster misses', () => {
  const declared = plan(EMPTY_STATE, [slice(4, many(3))]).next;

  test('goes, up to three exposures, and leaves the version of the inventory as its fence', () => {
    const p = plan(declared, [], { absences: [absence(5)], now: at(1) });
    expect(kinds(p)).toEqual(['delete 1/tcp', 'delete 2/tcp', 'delete 3/tcp']);
    expect(p.entries[0]?.reason).toContain('the inventory of cluster east at 1.5');
    expect(p.next).toMatchObject({
      exposures: {},
      owners: { [owner]: { version: { counter: 5 }, gone: iso(1), seen: iso(1) } },
    });
    expect(plan(p.next, [slice(4, many(3))]).changed).toBe(false);
    expect(plan(p.next, [slice(6, many(3))]).next.owners[owner]).not.toHaveProperty('gone');
  });

  test('is held beyond that, and goes with an approval', () => {
    const big = plan(EMPTY_STATE, [slice(4, many(4))]).next;
    const held = plan(big, [], { absences: [absence(5)] });
    expect(held.entries.map((e) => e.code)).toEqual(Array(4).fill('OWN310'));
    expect(held.next.owners[owner]).toMatchObject({
      version: { counter: 5 },
      held: Object.keys(big.exposures),
    });
    const again = plan(held.next, [], { absences: [absence(6)] });
    expect(again.next.owners[owner]?.held).toHaveLength(4);
    expect(
      plan(again.next, [], { orders: [order({ action: 'approve', owner })] }).next.exposures,
    ).toEqual({});
  });

  test('stays if it sent something newer', () => {
    expect(plan(declared, [], { absences: [absence(3)] }).changed).toBe(false);
    const both = plan(declared, [slice(6, many(3))], { absences: [absence(5)] });
    expect(both.entries.map((e) => e.kind)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  });

  test('stays when the list is of another cluster with this id', () => {
    expect(plan(declared, [], { absences: [absence(9, { clusterUid: 'another' })] }).changed).toBe(
      false,
    );
  });

  test('is not restored by its earlier events in the same batch', () => {
    const p = plan(declared, [slice(5, many(2))], { absences: [absence(6)] });
    expect(p.next.exposures).toEqual({});
    expect(kinds(p)).toEqual([
      'delete 1/tcp',
      'delete 2/tcp',
      'delete 3/tcp',
      'superseded 1/tcp',
      'superseded 2/tcp',
    ]);
  });

  test('frees its address for a claim that waited, in the same plan', () => {
    const first = plan(EMPTY_STATE, [slice(1, [exposure()])]).next;
    const claimed = plan(first, [slice(1, [westExposure()], WEST)], {
      sameFleet: () => false,
    }).next;
    const p = plan(claimed, [], { absences: [absence(5)], sameFleet: () => false });
    expect(p.next.exposures[KEY]?.contributions.map((c) => c.owner)).toEqual([WEST.owner]);
  });

  test('creates no record for an ingress without one', () => {
    expect(plan(EMPTY_STATE, [], { absences: [absence(5)] }).changed).toBe(false);
  });
});

describe('another cluster under the same id', () => {
  const declared = plan(EMPTY_STATE, [slice(7, many(2))]).next;
  const stranger = (counter: number): Slice => slice(counter, many(1), { clusterUid: 'uid-new' });
  const rival = plan(declared, [stranger(1)], { now: at(1) }).next;

  test('is a conflict, recorded with the first event only', () => {
    expect(rival.owners[owner]).toMatchObject({
      clusterUid: 'uid-east',
      version: { counter: 7 },
      rival: { clusterUid: 'uid-new', since: iso(1) },
    });
    expect(plan(rival, [stranger(2)], { now: at(2) })).toMatchObject({
      changed: false,
      entries: [{ kind: 'conflict', code: 'OWN302' }],
    });
  });

  test('is forgotten a day later while the owner goes on, unless it asks again', () => {
    expect(plan(rival, [slice(8, many(2))], { now: at(24) }).next.owners[owner]).toHaveProperty(
      'rival',
    );
    const quiet = plan(rival, [slice(8, many(2))], { now: at(26) }).next;
    expect(quiet.owners[owner]).not.toHaveProperty('rival');
    expect(plan(quiet, [stranger(3)], { now: at(27) }).next.owners[owner]).toMatchObject({
      rival: { since: iso(27) },
    });
  });

  test('owns the records once it is adopted; the fences stay, and the old one becomes the rival', () => {
    const adopted = plan(rival, [], {
      orders: [order({ action: 'adopt', clusterUid: 'uid-new' }, 2)],
    }).next;
    expect(adopted.owners[owner]).toMatchObject({ clusterUid: 'uid-new', version: { counter: 7 } });
    expect(adopted.owners[owner]).not.toHaveProperty('rival');
    expect(Object.keys(adopted.exposures)).toHaveLength(2);
    expect(plan(adopted, [stranger(3)]).entries).toMatchObject([{ kind: 'superseded' }]);
    expect(Object.keys(plan(adopted, [stranger(8)]).next.exposures)).toHaveLength(1);
    expect(plan(adopted, [slice(9, many(2))]).entries[0]).toMatchObject({ code: 'OWN302' });
    expect(
      isOrderInEffect(adopted, order({ action: 'adopt', clusterUid: 'uid-new' }).steering as never),
    ).toBe(true);
  });

  /** Red without `replaced` in apply-orders.ts and fence.ts. */
  describe('once another was adopted in its place', () => {
    const adopted = plan(rival, [], {
      orders: [order({ action: 'adopt', clusterUid: 'uid-new' }, 2)],
    }).next;
    const old = plan(adopted, [slice(9, many(2))], { now: at(3) });

    test('stays recorded, whichever cluster sends and however often the order comes', () => {
      expect(adopted.replaced).toEqual({ east: ['uid-east'] });
      expect(
        plan(adopted, [stranger(8)], {
          orders: [order({ action: 'adopt', clusterUid: 'uid-new' }, 2)],
        }).next.replaced,
      ).toEqual(adopted.replaced);
    });

    test('gets a result that names its replacement, and advises against taking the cluster back', () => {
      expect(old.entries[0]).toMatchObject({ kind: 'conflict', code: 'OWN302' });
      expect(old.entries[0]?.reason).toContain('uid-new was adopted as the owner of');
      expect(old.entries[0]?.reason).not.toContain('if this cluster replaces it');
    });

    test('is replaced by a new rival, and does not replace it', () => {
      expect(old.next.owners[owner]).toMatchObject({ rival: { clusterUid: 'uid-east' } });
      const third = plan(old.next, [slice(1, many(1), { clusterUid: 'uid-third' })], {
        now: at(4),
      }).next;
      expect(third.owners[owner]).toMatchObject({
        rival: { clusterUid: 'uid-third', since: iso(4) },
      });
      expect(plan(third, [slice(10, many(2))], { now: at(5) }).changed).toBe(false);
    });

    test('is no longer one that was replaced when it is adopted again', () => {
      const back = plan(old.next, [], {
        orders: [order({ action: 'adopt', clusterUid: 'uid-east' }, 4)],
      }).next;
      expect(back.owners[owner]).toMatchObject({ clusterUid: 'uid-east' });
      expect(back.replaced).toEqual({ east: ['uid-new'] });
    });
  });

  test('is adopted for its own id only', () => {
    const two = plan(declared, [slice(1, [westExposure({ port: 9 })], WEST)]).next;
    expect(
      plan(two, [], { orders: [order({ action: 'adopt', clusterUid: 'x' })] }).next.owners[
        WEST.owner
      ],
    ).toEqual(two.owners[WEST.owner]);
  });
});

describe('a drain', () => {
  const declared = plan(EMPTY_STATE, [
    slice(1, [exposure()]),
    slice(1, [westExposure()], WEST),
  ]).next;
  const drained = plan(declared, [], {
    orders: [order({ action: 'drain', mode: 'drain', because: 'maintenance' }, 1)],
  }).next;

  test('is kept with its time and reason, and costs nothing the second time', () => {
    expect(drained.drains).toEqual({
      east: { mode: 'drain', since: iso(1), because: 'maintenance' },
    });
    expect(
      plan(drained, [], {
        orders: [order({ action: 'drain', mode: 'drain', because: 'maintenance' }, 1)],
      }).changed,
    ).toBe(false);
    expect(plan(drained, [slice(2, [exposure()])]).next.drains).toEqual(drained.drains);
  });

  test('becomes out, and ends with enable', () => {
    const out = plan(drained, [], {
      orders: [order({ action: 'drain', mode: 'out', because: 'power' }, 2)],
    }).next;
    expect(out.drains).toEqual({ east: { mode: 'out', since: iso(2), because: 'power' } });
    const enabled = plan(out, [], { orders: [order({ action: 'enable' }, 3)] }).next;
    expect(enabled).not.toHaveProperty('drains');
    expect(enabled.steered).toEqual({ east: iso(3) });
  });

  /** Red without `isOvertaken` (apply-orders.ts). */
  test('that comes late, after a newer order, changes nothing', () => {
    const enabled = plan(drained, [], { orders: [order({ action: 'enable' }, 3)] }).next;
    expect(
      plan(enabled, [], {
        orders: [order({ action: 'drain', mode: 'drain', because: 'maintenance' }, 1)],
      }).changed,
    ).toBe(false);
  });

  describe('by policy, of a silent cluster,', () => {
    const silent = (over: object = {}): NonNullable<PlanRules['orders']>[number] =>
      order(
        {
          action: 'drain',
          mode: 'drain',
          because: 'silent',
          silent: { seen: iso(0), speaking: ['west'] },
          ...over,
        },
        1,
      );

    test('holds until a newer snapshot of the cluster comes, and no repeat brings it back', () => {
      const quiet = plan(declared, [], { orders: [silent()], now: at(1) }).next;
      expect(quiet.drains).toMatchObject({ east: { mode: 'drain', silent: true } });
      expect(plan(quiet, [slice(1, [exposure()])], { now: at(2) }).next.drains).toEqual(
        quiet.drains,
      );
      const back = plan(quiet, [slice(2, [exposure()])], { orders: [silent()], now: at(2) }).next;
      expect(back).not.toHaveProperty('drains');
      expect(plan(back, [], { orders: [silent()], now: at(3) }).changed).toBe(false);
    });

    test.each<[string, DeclaredState, NonNullable<PlanRules['orders']>[number]]>([
      [
        'if it sent an event since',
        plan(declared, [slice(2, [exposure()])], { now: at(0.5) }).next,
        silent(),
      ],
      [
        'if no other cluster that sends events serves',
        declared,
        silent({ silent: { seen: iso(0), speaking: ['north'] } }),
      ],
      [
        'if the other one is drained',
        plan(declared, [], {
          orders: [order({ action: 'drain', cluster: 'west', mode: 'drain', because: 'x' })],
        }).next,
        silent(),
      ],
      [
        'if it serves something alone',
        plan(declared, [slice(2, [exposure(), exposure({ port: 9 })])]).next,
        silent(),
      ],
      [
        'if the other one has no member that accepts connections',
        plan(declared, [
          slice(
            2,
            [
              westExposure({
                members: [{ address: '10.9.0.1', port: 1, availability: 'draining' }],
              }),
            ],
            WEST,
          ),
        ]).next,
        silent(),
      ],
      ['if it was drained by hand', drained, silent()],
      [
        'if it was enabled since',
        plan(declared, [], { orders: [order({ action: 'enable' }, 2)] }).next,
        silent(),
      ],
    ])('is void %s', (_where, state, one) => {
      expect(plan(state, [], { orders: [one], now: at(3) }).changed).toBe(false);
    });

    test('is taken back by policy alone, never a drain of people', () => {
      const quiet = plan(declared, [], { orders: [silent()] }).next;
      const enable = order({ action: 'enable', silent: true }, 2);
      expect(plan(quiet, [], { orders: [enable] }).next).not.toHaveProperty('drains');
      expect(plan(drained, [], { orders: [enable] }).changed).toBe(false);
    });
  });
});

/**
 * Red with the guard removed: without `above` (apply-orders.ts) the first, without the comparison
 * of versions in `forget` (apply-orders.ts) the second and fourth, when it takes its own fence for
 * a newer event the third.
 */
describe('an owner that is forgotten', () => {
  const declared = plan(EMPTY_STATE, [slice(7, many(6))]).next;
  const forget = (
    upTo: Record<string, { epoch: number; counter: number; generation: number }> = {
      [owner]: declared.owners[owner]!.version,
    },
  ): NonNullable<PlanRules['orders']>[number] => order({ action: 'forget', upTo, whole: true }, 1);
  const forgotten = plan(declared, [], { orders: [forget()], now: at(1) });

  test('loses everything at once and leaves a fence above all its events', () => {
    expect(forgotten.next).toMatchObject({
      exposures: {},
      owners: { [owner]: { gone: iso(1), clusterUid: 'uid-east' } },
    });
    for (const version of [
      { epoch: 1, counter: 6, generation: 1 },
      { epoch: 1, counter: 7, generation: 1 },
      { epoch: 1, counter: 7, generation: 9 },
    ]) {
      expect(plan(forgotten.next, [slice(0, many(6), { version })]).changed).toBe(false);
    }
  });

  test('comes back with its next snapshot, and no repeat of the order takes it away again', () => {
    const back = plan(forgotten.next, [slice(8, many(6))]).next;
    expect(Object.keys(back.exposures)).toHaveLength(6);
    expect(plan(back, [], { orders: [forget()] }).changed).toBe(false);
  });

  test('is forgotten in as many declares as it takes', () => {
    const ids = many(6)
      .slice(0, 2)
      .map((e) => `${owner} 172.16.100.195:${e.port}/tcp`);
    const half = plan(declared, [], { orders: [forget()], only: new Set(ids) }).next;
    expect(Object.keys(half.exposures)).toHaveLength(4);
    expect(plan(half, [], { orders: [forget()] }).next.exposures).toEqual({});
  });

  test('stays if it sent an event since it was shown, or sends one now', () => {
    expect(plan(plan(declared, [slice(8, many(6))]).next, [], { orders: [forget()] }).changed).toBe(
      false,
    );
    expect(
      plan(declared, [slice(8, many(6))], { orders: [forget()] }).entries.map((e) => e.kind),
    ).toEqual(Array(6).fill('unchanged'));
  });

  test('leaves its shared exposures to the others, and its own to claims that waited', () => {
    const shared = plan(EMPTY_STATE, [
      slice(7, [exposure()]),
      slice(1, [westExposure()], WEST),
    ]).next;
    expect(
      plan(shared, [], { orders: [forget()] }).next.exposures[KEY]?.contributions.map(
        (c) => c.owner,
      ),
    ).toEqual([WEST.owner]);
    const alone = { sameFleet: (): boolean => false };
    const claimed = plan(
      plan(EMPTY_STATE, [slice(7, [exposure()])]).next,
      [slice(1, [westExposure()], WEST)],
      alone,
    ).next;
    expect(
      plan(claimed, [], { ...alone, orders: [forget()] }).next.exposures[KEY]?.contributions.map(
        (c) => c.owner,
      ),
    ).toEqual([WEST.owner]);
  });

  test('ends the drain of its cluster when nothing of it is left', () => {
    const drain = order({ action: 'drain', mode: 'drain', because: 'it goes' });
    const other = { owner: 'east/apps/other' };
    const two = plan(declared, [slice(2, [exposure({ port: 99 })], other)], {
      orders: [drain],
    }).next;
    expect(plan(two, [], { orders: [forget()] }).next.drains).toEqual(two.drains);
    expect(Object.keys(two.drains ?? {})).toEqual(['east']);
    expect(
      plan(two, [], {
        orders: [
          forget({
            [owner]: two.owners[owner]!.version,
            [other.owner]: two.owners[other.owner]!.version,
          }),
        ],
      }).next,
    ).not.toHaveProperty('drains');
  });
});

describe('when an owner was seen', () => {
  test('moves with its newer versions and with nothing else', () => {
    const first = plan(EMPTY_STATE, [slice(1, [exposure()])], { now: at(1) }).next;
    expect(first.owners[owner]?.seen).toBe(iso(1));
    expect(plan(first, [slice(1, [exposure()])], { now: at(2) }).changed).toBe(false);
    expect(plan(first, [slice(0, [exposure()])], { now: at(2) }).changed).toBe(false);
    expect(plan(first, [slice(2, [exposure()])], { now: at(3) }).next.owners[owner]?.seen).toBe(
      iso(3),
    );
  });

  test('is left alone where a plan is only shown', () => {
    expect(
      planPartition('k8s', EMPTY_STATE, [slice(1, [exposure()])], { sameFleet: () => true }).next
        .owners[owner],
    ).not.toHaveProperty('seen');
  });
});
