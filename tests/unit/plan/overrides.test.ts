import { describe, expect, test } from '@jest/globals';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type {
  OverrideAdoption,
  OperatedValues,
  Override,
} from '../../../shared/domain/declared/override.ts';
import {
  describeOverride,
  operatedValues,
  withoutOverride,
} from '../../../shared/domain/plan/overrides.ts';
import type { PlanRules } from '../../../shared/domain/plan/plan.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const KEY = '172.16.100.195:32400/tcp';
const MINUTE = 60_000;

function plan(
  before: DeclaredState,
  slices: Parameters<typeof planPartition>[2],
  more: Partial<PlanRules> = {},
): DeclaredState {
  return planPartition('k8s', before, slices, { sameFleet: () => false, now: 0, ...more }).next;
}
const ASKED = { balance: SETTINGS.balance, connectionLimit: 0, enabled: true } as const;
const adopt = (values: OperatedValues, key = KEY): readonly OverrideAdoption[] => [
  { key, values, instead: ASKED },
];
const declared = plan(EMPTY_STATE, [slice(1, [exposure()])]);
const kept = (values: OperatedValues, before = declared, now = 0): DeclaredState =>
  plan(before, [], { now, overrides: { adopt: adopt(values) } });
const of = (state: DeclaredState): Override | undefined => state.overrides?.[KEY];

/**
 * Red without `nextOverrides` in plan.ts, and the second one when `stillKept` (overrides.ts) does
 * not check what the owner requests.
 */
describe('a manual change that is kept', () => {
  test('is remembered with when, what and instead of what, and survives later slices and declares', () => {
    const state = kept({ balance: 'ratio-member', enabled: false });
    expect(of(state)).toEqual({
      since: '1970-01-01T00:00:00.000Z',
      values: { balance: 'ratio-member', enabled: false },
      instead: { balance: SETTINGS.balance, enabled: true },
    });
    const later = plan(state, [slice(2, [exposure({ members: [] }), exposure({ port: 2 })])], {
      now: MINUTE,
    });
    expect(later.overrides).toEqual(state.overrides);
    // The owner's own value is kept beside it, so that it is not planned again and again.
    expect(later.exposures[KEY]?.settings).toEqual(SETTINGS);
  });

  test('goes when the owner asks for another value of that setting, and only that', () => {
    const state = kept({ balance: 'ratio-member', connectionLimit: 5 });
    const later = plan(state, [
      slice(2, [exposure({ settings: { ...SETTINGS, balance: 'least-connections-member' } })]),
    ]);
    expect(of(later)).toMatchObject({
      values: { connectionLimit: 5 },
      instead: { connectionLimit: 0 },
    });
    expect(operatedValues(later.exposures[KEY]!, of(later))).toEqual({
      balance: 'least-connections-member',
      connectionLimit: 5,
      enabled: true,
    });
  });

  test('ends with its exposure, with an order to undo it, and when it was undone by hand', () => {
    const state = kept({ enabled: false });
    const gone: readonly DeclaredState[] = [
      plan(state, [slice(2, [], { removed: true })]),
      plan(state, [], { overrides: { lift: true } }),
      kept({ enabled: true }, state),
    ];
    for (const one of gone) expect(one).not.toHaveProperty('overrides');
  });

  test('keeps its time when it is found again, has a new one when it changes, and adds up', () => {
    const state = kept({ connectionLimit: 5 });
    expect(kept({ connectionLimit: 5 }, state, MINUTE)).toEqual(state);
    expect(of(kept({ connectionLimit: 6 }, state, MINUTE))).toMatchObject({
      since: '1970-01-01T00:01:00.000Z',
      values: { connectionLimit: 6 },
    });
    expect(of(kept({ enabled: false }, state, MINUTE))?.values).toEqual({
      connectionLimit: 5,
      enabled: false,
    });
  });

  test('has no effect if the owner asked for something else after it was found, even in the same plan', () => {
    const other = slice(2, [
      exposure({ settings: { ...SETTINGS, balance: 'least-connections-member' } }),
    ]);
    const rules = { overrides: { adopt: adopt({ balance: 'ratio-member' }) } };
    expect(plan(declared, [other], rules)).not.toHaveProperty('overrides');
    expect(plan(plan(declared, [other]), [], rules)).not.toHaveProperty('overrides');
  });

  test('has no effect on an exposure that is not declared, or if the value is requested anyway', () => {
    expect(
      plan(declared, [], { overrides: { adopt: adopt({ enabled: false }, '192.0.2.1:1/tcp') } }),
    ).toBe(declared);
    expect(kept({ balance: SETTINGS.balance, connectionLimit: 0, enabled: true })).toBe(declared);
  });

  test('does not change the settings that count as those of the owner', () => {
    const override = of(kept({ balance: 'ratio-member', connectionLimit: 7, enabled: false }));
    const { balance, connectionLimit } = operatedValues(exposure(), override);
    expect(withoutOverride({ ...SETTINGS, balance, connectionLimit }, override)).toEqual(SETTINGS);
  });
});

describe('without anything kept', () => {
  test('the settings are those of the owner', () => {
    expect(withoutOverride(SETTINGS, undefined)).toEqual(SETTINGS);
  });

  test('nothing is remembered of a change that came too late: its owner asks for another value now', () => {
    const state = plan(declared, [], {
      overrides: {
        adopt: [{ key: KEY, values: { connectionLimit: 5 }, instead: { connectionLimit: 1 } }],
      },
    });
    expect(state).not.toHaveProperty('overrides');
  });
});

test('a limit that replaces none is described as such', () => {
  expect(describeOverride({ values: { connectionLimit: 5 }, instead: {} })).toEqual([
    'has connection limit 5 instead of unlimited',
  ]);
});
