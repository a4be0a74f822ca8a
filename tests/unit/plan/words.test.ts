/** How a plan describes a change: every difference that affects the device, and no other. */
import { describe, expect, test } from '@jest/globals';
import type { Contribution, DeclaredExposure } from '../../../shared/domain/declared/declared.ts';
import { describeUpdate } from '../../../shared/domain/plan/describe-update.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';

const member = (last: number): Contribution['members'][number] => ({
  address: `10.0.0.${last}`,
  port: 80,
  availability: 'ready',
});
const part = (owner: string, over: Partial<Contribution> = {}): Contribution => ({
  owner,
  gateways: ['ns/gw'],
  since: 's',
  members: [member(1)],
  ...over,
});
const shown = (
  contributions: readonly Contribution[],
  over: Partial<DeclaredExposure> = {},
): DeclaredExposure => ({
  address: '10.0.0.1',
  port: 443,
  protocol: 'tcp',
  settings: SETTINGS,
  contributions,
  ...over,
});
const [A, B] = ['east/a/gw', 'west/a/gw'] as const;
const wish = { balance: 'ratio-member' as const };

const CUT = /the change deletes and re-adds the members of (.*), which cuts their connections/;

describe('an update', () => {
  const before = shown([part(A), part(B)]);
  test.each<[string, DeclaredExposure, DeclaredExposure, string, boolean]>([
    [
      'of one setting',
      before,
      { ...before, settings: { ...SETTINGS, connectionLimit: 7 } },
      'connectionLimit changed',
      false,
    ],
    [
      'of two settings',
      before,
      { ...before, settings: { ...SETTINGS, snat: 'none', connectionLimit: 7 } },
      'snat, connectionLimit changed',
      false,
    ],
    [
      'of members',
      before,
      shown([part(A), part(B, { members: [member(2)] })]),
      'members changed',
      true,
    ],
    [
      'of a setting and members',
      before,
      shown([part(A, { members: [] }), part(B)], { settings: { ...SETTINGS, connectionLimit: 7 } }),
      'connectionLimit, members changed',
      false,
    ],
    [
      'of minimumActive',
      { ...before, minimumActive: 1 },
      { ...before, minimumActive: 2 },
      'minimumActive changed',
      true,
    ],
    [
      'of the cause of new members',
      before,
      { ...before, minimumActive: 2 },
      'minimumActive changed',
      true,
    ],
    [
      'of one gateway',
      before,
      shown([part(A, { gateways: ['ns/other'] }), part(B)]),
      'its gateways changed',
      true,
    ],
    [
      'of a value that is not used',
      before,
      shown([part(A), part(B, { wish })]),
      'its requested settings changed, and are remembered',
      true,
    ],
    [
      'of a value that is no longer requested',
      shown([part(A), part(B, { wish })]),
      before,
      'its requested settings changed, and are remembered',
      true,
    ],
    [
      'of an order of preference',
      shown([part(A, { priority: 1_000 }), part(B, { priority: 999 })]),
      shown([part(A, { priority: 1_000 }), part(B, { priority: 998 })]),
      `order of preference changed; the change deletes and re-adds the members of ${B}, which cuts their connections`,
      true,
    ],
    [
      'of a ratio',
      shown([part(A, { weight: 1 }), part(B, { weight: 1 })]),
      shown([part(A, { weight: 1 }), part(B, { weight: 2 })]),
      'ratio changed',
      true,
    ],
  ])('%s', (_, had, has, reason, membersOnly) => {
    expect(describeUpdate(had, has, { shareNodes: false })).toEqual({
      kind: 'update',
      code: 'OK',
      reason,
      membersOnly,
    });
  });

  test('of a ratio cuts connections where nodes are shared, of those whose ratio it is', () => {
    const had = shown([part(A, { weight: 1 }), part(B, { weight: 1 })]);
    expect(
      CUT.exec(
        describeUpdate(had, shown([part(A, { weight: 3 }), part(B, { weight: 2 })]), {
          shareNodes: true,
        }).reason,
      )?.[1],
    ).toBe(`${A}, ${B}`);
    expect(
      CUT.exec(
        describeUpdate(had, shown([part(A, { weight: 1 }), part(B, { weight: 2 })]), {
          shareNodes: true,
        }).reason,
      )?.[1],
    ).toBe(B);
    expect(
      describeUpdate(had, shown([part(A, { weight: 1 }), part(B, { weight: 1, members: [] })]), {
        shareNodes: true,
      }).reason,
    ).not.toMatch(CUT);
  });

  test('of a place cuts no owner without members there', () => {
    const had = shown([part(A, { priority: 1, members: [] }), part(B, { priority: 2 })]);
    const has = shown([part(A, { priority: 3, members: [] }), part(B, { priority: 2 })]);
    expect(describeUpdate(had, has, { shareNodes: true }).reason).toBe(
      'order of preference changed',
    );
  });

  test('names the owners that may not share it any more, and none that join', () => {
    expect(describeUpdate(before, shown([part(A)]), { shareNodes: false }).reason).toContain(
      `${B} may no longer share it`,
    );
    expect(describeUpdate(shown([part(A)]), before, { shareNodes: false }).reason).toBe(
      'members changed',
    );
    expect(
      describeUpdate(before, shown([part('north/a/gw')]), { shareNodes: false }).reason,
    ).toContain(`${A}, ${B} may no longer share it`);
  });
});
