import { describe, expect, test } from '@jest/globals';
import type { DeclaredState } from '../../../shared/domain/plan/declared.ts';
import { declaredState } from '../../../shared/domain/plan/declared.ts';
import { deviceExcess, LIMITS, partitionExcess } from '../../../shared/domain/plan/limits.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';

function stateOf(
  exposures: number,
  { members = 1, clusters = 1 }: { readonly members?: number; readonly clusters?: number } = {},
): DeclaredState {
  const member = (i: number): { address: string; port: number; availability: 'ready' } => ({
    address: `10.${Math.floor(i / 250)}.0.${i % 250}`,
    port: 1,
    availability: 'ready',
  });
  const owner = (i: number): string => `c${i % clusters}/istio-system/gw`;
  return declaredState(
    {},
    Array.from({ length: exposures }, (_, i) => ({
      address: '172.16.100.195',
      port: i + 1,
      protocol: 'tcp',
      settings: SETTINGS,
      contributions: [
        {
          owner: owner(i),
          gateways: [],
          since: '',
          members: Array.from(Array(members).keys(), member),
        },
      ],
    })),
  );
}

describe('a partition', () => {
  test.each<[string, DeclaredState, number, readonly string[]]>([
    ['with nothing', stateOf(0), 0, []],
    ['at every limit', stateOf(LIMITS.exposures, { members: 1 }), LIMITS.bytes, []],
    ['with one exposure too many', stateOf(LIMITS.exposures + 1), 0, ['BIP460']],
    ['with one byte too many', stateOf(1), LIMITS.bytes + 1, ['BIP460']],
    ['with pools as wide as recommended', stateOf(2, { members: LIMITS.members }), 0, []],
    ['with pools one member wider', stateOf(5, { members: LIMITS.members + 1 }), 0, ['BIP461']],
    [
      'with too much of everything',
      stateOf(LIMITS.exposures + 1, { members: LIMITS.members + 1 }),
      0,
      ['BIP460', 'BIP461'],
    ],
  ])('%s', (_, state, bytes, codes) => {
    expect(partitionExcess(state, bytes).map(({ code }) => code)).toEqual(codes);
  });

  test('is told of its widest pools by name, and of the others by number', () => {
    const [excess] = partitionExcess(stateOf(5, { members: LIMITS.members + 1 }), 0);
    expect(excess?.message).toMatch(
      /^has pools of more than 100 members: 172\.16\.100\.195:1\/tcp \(101\), .* and 2 more; use members: nodes/,
    );
  });
});

describe('a device', () => {
  test('is told when more clusters share it than recommended, over all its partitions', () => {
    expect(deviceExcess([stateOf(LIMITS.clusters, { clusters: LIMITS.clusters })])).toEqual([]);
    const both = [
      stateOf(LIMITS.clusters, { clusters: LIMITS.clusters }),
      stateOf(LIMITS.clusters + 1, { clusters: LIMITS.clusters + 1 }),
    ];
    expect(deviceExcess(both)).toEqual([
      {
        code: 'BIP462',
        message: expect.stringContaining('serves 101 clusters; recommended are at most 100'),
      },
    ]);
  });
});
