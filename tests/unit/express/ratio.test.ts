import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { LiveNode } from '../../../shared/domain/express/node.ts';
import { nodeRatios } from '../../../shared/domain/express/ratio.ts';
import { nodeReconciliation, nodesToEnable } from '../../../shared/domain/express/reconcile.ts';
import { formatStamp, parseStamp } from '../../../shared/domain/express/stamp.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { PlanRules } from '../../../shared/domain/plan/plan.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { CLUSTERS, fleet, offer, pods, under } from '../../fixtures/fleets.ts';

const weighed = (ratio: Readonly<Record<string, number>>): PlanRules =>
  under(fleet({ mode: 'ratio', ratio }));

function declared(counts: Readonly<Record<string, number>>, rules: PlanRules): DeclaredState {
  return planPartition(
    'k8s',
    EMPTY_STATE,
    Object.entries(counts).map(([cluster, count]) => offer(cluster, { pods: count })),
    rules,
  ).next;
}

const ratioOf = (state: DeclaredState, cluster: string): number | undefined =>
  nodeRatios(state).get(pods(cluster, 1)[0]!.address);

describe('the ratio of a node', () => {
  test.each<
    [
      string,
      Readonly<Record<string, number>>,
      Readonly<Record<string, number>>,
      Readonly<Record<string, number | undefined>>,
    ]
  >([
    [
      'makes up for the number of pods',
      { east: 3, west: 1 },
      { east: 10, west: 2 },
      { east: 60, west: 100 },
    ],
    [
      'is 1 for all where all shares are the same',
      { east: 3, west: 1 },
      { east: 3, west: 1 },
      { east: 1, west: 1 },
    ],
    ['is not given to a cluster alone', { east: 3 }, { east: 3 }, { east: undefined }],
    [
      'is weighed among all clusters that share',
      { east: 1, west: 1, north: 2 },
      { east: 1, west: 2, north: 4 },
      { east: 100, west: 50, north: 50 },
    ],
    [
      'is never below what BIG-IP takes',
      { east: 1, west: 100 },
      { east: 10, west: 1 },
      { east: 1, west: 100 },
    ],
    [
      'does not count a cluster without pods',
      { east: 3, west: 1 },
      { east: 2, west: 0 },
      { east: 1, west: undefined },
    ],
  ])('%s', (_name, ratio, counts, expected) => {
    const state = declared(counts, weighed(ratio));
    expect(
      Object.fromEntries(
        Object.keys(expected).map((cluster) => [cluster, ratioOf(state, cluster)]),
      ),
    ).toEqual(expected);
  });

  test('counts only members that take connections', () => {
    const rules = weighed({});
    const halfGone = pods('east', 2).map((member, i) => ({
      ...member,
      availability: i === 0 ? ('ready' as const) : ('draining' as const),
    }));
    const state = planPartition(
      'k8s',
      EMPTY_STATE,
      [offer('east', { exposure: { members: halfGone } }), offer('west', { pods: 2 })],
      rules,
    ).next;
    expect([...nodeRatios(state)]).toEqual(
      expect.arrayContaining([
        ['10.1.0.1', 100],
        ['10.2.0.1', 50],
      ]),
    );
    expect(nodeRatios(state).has('10.1.0.2')).toBe(false);
    expect(
      nodeRatios({
        ...state,
        drains: { west: { mode: 'drain', since: '2026-01-01T00:00:00Z', because: 'maintenance' } },
      }).has('10.2.0.1'),
    ).toBe(false);
  });

  test('is nothing of ours in other modes, and where partitions share their nodes', () => {
    expect(nodeRatios(declared({ east: 1, west: 2 }, under(fleet()))).size).toBe(0);
    expect(
      nodeRatios(declared({ east: 1, west: 2 }, { ...weighed({}), shareNodes: true })).size,
    ).toBe(0);
  });

  test('gives every cluster its share, within a rounding of 100', () => {
    const counts = fc.record({
      east: fc.integer({ min: 1, max: 12 }),
      west: fc.integer({ min: 1, max: 12 }),
      north: fc.integer({ min: 1, max: 12 }),
    });
    const weights = fc.record({
      east: fc.integer({ min: 1, max: 4 }),
      west: fc.integer({ min: 1, max: 4 }),
      north: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(counts, weights, (count, weight) => {
        const state = declared(count, weighed(weight));
        const given = CLUSTERS.slice(0, 3).map(
          (cluster) => (ratioOf(state, cluster) ?? 0) * count[cluster as 'east'],
        );
        const total = given.reduce((a, b) => a + b, 0);
        const wanted = CLUSTERS.slice(0, 3).map(
          (cluster) => weight[cluster as 'east'] / (weight.east + weight.west + weight.north),
        );
        for (const [i, share] of given.entries())
          expect(Math.abs(share / total - wanted[i]!)).toBeLessThan(0.05);
      }),
      { numRuns: 200 },
    );
  });
});

describe('nodes are brought to their ratio', () => {
  const rules = weighed({ east: 3 });
  const node = (address: string, more: Partial<LiveNode> = {}): LiveNode => ({
    name: address,
    address,
    availability: 'ready',
    ratio: 1,
    ...more,
  });
  const live = (state: DeclaredState): LiveNode[] =>
    Object.values(state.exposures).flatMap((e) =>
      e.contributions.flatMap((c) => c.members.map(({ address }) => node(address))),
    );
  const apply = (nodes: readonly LiveNode[], state: DeclaredState): LiveNode[] => {
    const writes = new Map(nodeReconciliation(state, nodes).map((write) => [write.address, write]));
    return nodes.map((one) => ({ ...one, ...writes.get(one.address) }));
  };
  const shared = declared({ east: 10, west: 2 }, rules);

  test('with state, stamp and ratio in one write, and only once', () => {
    const writes = nodeReconciliation(shared, live(shared));
    expect(writes).toHaveLength(12);
    expect(writes[0]).toEqual({
      name: '10.1.0.1',
      address: '10.1.0.1',
      availability: 'ready',
      ratio: 60,
      stamp: { cluster: 'east', version: { epoch: 1, counter: 1, generation: 1 }, ratio: 60 },
    });
    expect(nodeReconciliation(shared, apply(live(shared), shared))).toEqual([]);
  });

  test('a pod of one cluster leaves the nodes of the one with the largest share alone', () => {
    const more = planPartition(
      'k8s',
      shared,
      [offer('east', { counter: 2, pods: 11 })],
      rules,
    ).next;
    const after = [...apply(live(shared), shared), node('10.1.0.11')];
    expect(new Set(nodeReconciliation(more, after).map(({ address }) => address))).toEqual(
      new Set(pods('east', 11).map(({ address }) => address)),
    );
  });

  test('back to 1 when no fleet wants it, and only where Sluice gave it', () => {
    const given = apply(live(shared), shared);
    const plain = declared({ east: 10, west: 2 }, under(fleet()));
    const restored = apply(given, plain);
    expect(restored.map(({ ratio, stamp }) => [ratio, stamp?.ratio])).toEqual(
      given.map(() => [1, undefined]),
    );
    expect(
      nodeReconciliation(
        plain,
        live(plain).map((one) => ({ ...one, ratio: 7 })),
      ),
    ).toEqual([]);
  });

  test('what was changed by hand is repaired while a fleet wants it', () => {
    const byHand = apply(live(shared), shared).map((one, i) =>
      i === 0 ? { ...one, ratio: 9 } : one,
    );
    expect(nodeReconciliation(shared, byHand)).toMatchObject([{ address: '10.1.0.1', ratio: 60 }]);
  });

  test('a node that drains keeps what it has, and the mark that it is ours', () => {
    const given = apply(live(shared), shared);
    const drained = {
      ...shared,
      drains: {
        east: { mode: 'drain' as const, since: '2026-01-01T00:00:00Z', because: 'maintenance' },
      },
    };
    const writes = nodeReconciliation(drained, given).filter(
      ({ address }) => address === '10.1.0.1',
    );
    expect(writes).toMatchObject([{ availability: 'draining', stamp: { ratio: 60 } }]);
    expect(writes[0]).not.toHaveProperty('ratio');
    expect(
      nodeReconciliation(
        {
          ...shared,
          drains: { east: { since: '2026-01-01T00:00:00Z', mode: 'out', because: 'maintenance' } },
        },
        given,
      )[0],
    ).toMatchObject({ availability: 'out' });
  });

  test('after the declare, if its node takes connections already', () => {
    expect(nodesToEnable(shared, live(shared))).toEqual([]);
    const out = live(shared).map((one, i) =>
      i === 0 ? { ...one, availability: 'out' as const } : one,
    );
    expect(nodesToEnable(shared, out).map(({ address }) => address)).toEqual(['10.1.0.1']);
  });

  test('even while one of its clusters drains, if another one takes connections there', () => {
    const [key = ''] = Object.keys(shared.exposures);
    const { contributions, ...rest } = shared.exposures[key]!;
    const both = contributions.map(({ members, ...one }) => ({
      ...one,
      members: one.owner.startsWith('west/')
        ? [...members, { ...members[0]!, address: '10.1.0.1', availability: 'draining' as const }]
        : members,
    }));
    const state = { ...shared, exposures: { [key]: { ...rest, contributions: both } } };
    const stamp = { cluster: 'east', version: { epoch: 1, counter: 9, generation: 1 }, ratio: 60 };
    const drained = node('10.1.0.1', { availability: 'draining', ratio: 9, stamp });
    expect(nodeReconciliation(state, [drained])).toMatchObject([
      { availability: 'draining', ratio: 60 },
    ]);
  });

  test('a node that express wrote ahead of its slice waits for it', () => {
    const stamp = { cluster: 'east', version: { epoch: 1, counter: 9, generation: 1 } };
    expect(nodeReconciliation(shared, [node('10.1.0.1', { stamp })])).toEqual([]);
  });

  test('its mark comes back from the description as it was written', () => {
    const stamp = { cluster: 'east', version: { epoch: 1, counter: 2, generation: 3 }, ratio: 60 };
    expect(formatStamp(stamp)).toBe('sluice east 1.2.3 ratio 60');
    expect(parseStamp(formatStamp(stamp))).toEqual(stamp);
  });
});
