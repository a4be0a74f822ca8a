import { describe, expect, test } from '@jest/globals';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { declaredState } from '../../../shared/domain/declared/declared.ts';
import {
  deviceLimitsExceeded,
  RECOMMENDED_LIMITS,
  partitionLimitsExceeded,
} from '../../../shared/domain/plan/limits.ts';
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
    ['without exposures', stateOf(0), 0, []],
    [
      'at every limit',
      stateOf(RECOMMENDED_LIMITS.exposures, { members: 1 }),
      RECOMMENDED_LIMITS.bytes,
      [],
    ],
    ['with one exposure too many', stateOf(RECOMMENDED_LIMITS.exposures + 1), 0, ['BIP460']],
    ['with one byte too many', stateOf(1), RECOMMENDED_LIMITS.bytes + 1, ['BIP460']],
    [
      'with pools of the recommended size',
      stateOf(2, { members: RECOMMENDED_LIMITS.members }),
      0,
      [],
    ],
    [
      'with pools of one member more',
      stateOf(5, { members: RECOMMENDED_LIMITS.members + 1 }),
      0,
      ['BIP461'],
    ],
    [
      'with too much of everything',
      stateOf(RECOMMENDED_LIMITS.exposures + 1, { members: RECOMMENDED_LIMITS.members + 1 }),
      0,
      ['BIP460', 'BIP461'],
    ],
  ])('%s', (_, state, bytes, codes) => {
    expect(partitionLimitsExceeded(state, bytes).map(({ code }) => code)).toEqual(codes);
  });

  test('is reported with its largest pools by name, and the number of others', () => {
    const [excess] = partitionLimitsExceeded(
      stateOf(5, { members: RECOMMENDED_LIMITS.members + 1 }),
      0,
    );
    expect(excess?.message).toMatch(
      /^has pools of more than 100 members: 172\.16\.100\.195:1\/tcp \(101\), .* and 2 more; use members: nodes/,
    );
    const wide = (...members: readonly number[]): string | undefined => {
      const exposures = members.flatMap((count, i) =>
        Object.values(stateOf(1, { members: count }).exposures).map((e) => ({ ...e, port: i + 1 })),
      );
      return partitionLimitsExceeded(declaredState({}, exposures), 0)[0]?.message;
    };
    const at = (port: number): string => `172.16.100.195:${port}/tcp`;
    expect(wide(101, 104, 103, 102)).toContain(
      `members: ${at(2)} (104), ${at(3)} (103), ${at(4)} (102) and 1 more; use`,
    );
    expect(wide(102, 101, 103)).toContain(
      `members: ${at(3)} (103), ${at(1)} (102), ${at(2)} (101); use`,
    );
  });
});

describe('a device', () => {
  test('is reported when more clusters share it than recommended, over all its partitions', () => {
    expect(
      deviceLimitsExceeded([
        stateOf(RECOMMENDED_LIMITS.clusters, { clusters: RECOMMENDED_LIMITS.clusters }),
      ]),
    ).toEqual([]);
    const both = [
      stateOf(RECOMMENDED_LIMITS.clusters, { clusters: RECOMMENDED_LIMITS.clusters }),
      stateOf(RECOMMENDED_LIMITS.clusters + 1, { clusters: RECOMMENDED_LIMITS.clusters + 1 }),
    ];
    expect(deviceLimitsExceeded(both)).toEqual([
      {
        code: 'BIP462',
        message: expect.stringContaining('serves 101 clusters; the recommended maximum is 100'),
      },
    ]);
  });
});
