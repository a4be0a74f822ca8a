/** The ratios of clusters that share virtual servers, by their weights. */
import { describe, expect, test } from '@jest/globals';
import { nodeRatios } from '../../../shared/domain/express/ratio.ts';
import { nodeReconciliation } from '../../../shared/domain/express/reconcile.ts';
import { declaredState, type DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { declared, EAST, node, version, WEST, type Declared } from './fixtures.ts';

const NORTH = 'north/istio-system/istio-ingressgateway';

function weighed(given: Declared, weights: Readonly<Record<string, number>>): DeclaredState {
  const state = declared(given);
  const exposures = Object.values(state.exposures).map((e) => ({
    ...e,
    contributions: e.contributions.map((c) => ({
      ...c,
      ...(weights[c.owner] === undefined ? {} : { weight: weights[c.owner] }),
    })),
  }));
  return declaredState(
    state.owners,
    exposures,
    state.drains === undefined ? {} : { drains: state.drains },
  );
}

const ratios = (
  given: Declared,
  weights: Readonly<Record<string, number>>,
): Record<string, number> => Object.fromEntries(nodeRatios(weighed(given, weights)));
const [a, b, c, d] = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];

describe('the ratio of an address', () => {
  test.each<[string, Declared['pools'], Record<string, number>, Record<string, number>]>([
    [
      "is its cluster's weight among its members, the largest being 100",
      [{ [EAST]: [a, b], [WEST]: [c] }],
      { [EAST]: 1, [WEST]: 1 },
      { [a]: 50, [b]: 50, [c]: 100 },
    ],
    [
      'counts the members of all pools of the owner',
      [
        { [EAST]: [a], [WEST]: [c] },
        { [EAST]: [b], [WEST]: [c] },
      ],
      { [EAST]: 1, [WEST]: 1 },
      { [a]: 50, [b]: 50, [c]: 100 },
    ],
    [
      'weighs those that are connected by another owner',
      [
        { [EAST]: [a], [WEST]: [b] },
        { [WEST]: [b], [NORTH]: [c] },
      ],
      { [EAST]: 1, [WEST]: 2, [NORTH]: 4 },
      { [a]: 25, [b]: 50, [c]: 100 },
    ],
    [
      'merges groups that share an owner',
      [
        { [EAST]: [a], [WEST]: [b] },
        { [NORTH]: [c], 'south/a/b': [d] },
        { [WEST]: [b], [NORTH]: [c] },
      ],
      { [EAST]: 1, [WEST]: 2, [NORTH]: 4, 'south/a/b': 4 },
      { [a]: 25, [b]: 50, [c]: 100, [d]: 100 },
    ],
    [
      'ignores a cluster without ready members',
      [{ [EAST]: [a], [WEST]: [b, c], [NORTH]: [`${d} draining`] }],
      { [EAST]: 1, [WEST]: 1, [NORTH]: 5 },
      { [a]: 100, [b]: 50, [c]: 50 },
    ],
    [
      'is that of the first owner where two have it',
      [{ [WEST]: [a, b], [EAST]: [a] }],
      { [EAST]: 1, [WEST]: 1 },
      { [a]: 100, [b]: 50 },
    ],
    [
      'is 1 where all shares are the same',
      [{ [EAST]: [a], [WEST]: [b] }],
      { [EAST]: 3, [WEST]: 3 },
      { [a]: 1, [b]: 1 },
    ],
    [
      'is absent if one of the owners has no weight',
      [{ [EAST]: [a, b], [WEST]: [c] }],
      { [EAST]: 1 },
      {},
    ],
    ['is absent if nothing is shared', [{ [EAST]: [a, b] }], { [EAST]: 1 }, {}],
  ])('%s', (_what, pools, weights, expected) => {
    expect(ratios({ pools }, weights)).toEqual(expected);
  });
});

describe('at the node', () => {
  const pools = [{ [EAST]: [a, b], [WEST]: [c] }];
  const uneven = weighed({ pools }, { [EAST]: 1, [WEST]: 1 });
  const live = (text: string, ratio: number, mark?: number) => ({
    ...node(text),
    ratio,
    ...(mark === undefined ? {} : { stamp: { cluster: 'east', version: version(1), ratio: mark } }),
  });
  const written = (state: DeclaredState, nodes: readonly ReturnType<typeof live>[]): unknown[] =>
    nodeReconciliation(state, nodes).map(({ address, ratio, stamp }) => [
      address,
      ratio,
      stamp.ratio,
    ]);

  test('a ratio that is right already is marked as ours all the same', () => {
    expect(written(uneven, [live(a, 50)])).toEqual([[a, 50, 50]]);
    expect(written(uneven, [live(a, 50, 50)])).toEqual([]);
  });

  test('1 is what every node has, so it is neither written nor marked', () => {
    expect(
      written(weighed({ pools: [{ [EAST]: [a], [WEST]: [c] }] }, { [EAST]: 1, [WEST]: 1 }), [
        live(a, 1),
        live(c, 1),
      ]),
    ).toEqual([]);
  });

  test('a ratio set by Sluice returns to 1 when it is no longer needed; foreign ones stay', () => {
    const alone = declared({ pools: [{ [EAST]: [a] }] });
    expect(written(alone, [live(a, 50, 50)])).toEqual([[a, 1, undefined]]);
    expect(written(alone, [live(a, 50)])).toEqual([]);
  });
});
