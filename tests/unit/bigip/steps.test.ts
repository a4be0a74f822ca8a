import { describe, expect, test } from '@jest/globals';
import type {
  Contribution,
  DeclaredExposure,
  DeclaredState,
} from '../../../shared/domain/declared/declared.ts';
import { declaredState, EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import { firstStep, scriptLinesOf } from '../../../shared/bigip/as3/steps.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';

const member = (address: string): Contribution['members'][number] => ({
  address,
  port: 80,
  availability: 'ready',
});
const contribution = (addresses: readonly string[], more: object = {}): Contribution => ({
  owner: 'a/b/c',
  gateways: ['x/y'],
  since: 's',
  members: addresses.map(member),
  ...more,
});
const shown = (port: number, contributions: readonly Contribution[]): DeclaredExposure => ({
  address: '10.0.0.1',
  port,
  protocol: 'tcp',
  settings: SETTINGS,
  contributions,
});
const state = (exposures: readonly DeclaredExposure[], shareNodes = false): DeclaredState =>
  declaredState({}, exposures, { shareNodes });

describe('member attributes and new members in one declare, which AS3 3.56 gets wrong', () => {
  const before = state([shown(1, [contribution(['10.1.0.1'])])]);

  test('sharing nodes and adding a member are two declares, the sharing first', () => {
    const after = state([shown(1, [contribution(['10.1.0.1', '10.1.0.2'])])], true);
    const step = firstStep(before, after);
    expect(step).toEqual({ ...before, shareNodes: true });
    expect(firstStep(step, after)).toBe(after);
  });

  test('any attribute of a contribution or a member counts, in whatever pool the new member is', () => {
    for (const edited of [
      contribution(['10.1.0.1'], { ratio: 2 }),
      { ...contribution([]), members: [{ ...member('10.1.0.1'), ratio: 2 }] },
    ]) {
      const after = state([shown(1, [edited]), shown(2, [contribution(['10.1.0.9'])])]);
      const step = firstStep(before, after);
      expect(step.exposures).toEqual(state([shown(1, [edited])]).exposures);
      expect(firstStep(step, after)).toBe(after);
    }
  });

  test('edits alone, additions alone, removals, draining and other settings go in one declare', () => {
    const draining = {
      ...contribution([]),
      members: [{ ...member('10.1.0.1'), availability: 'draining' as const }],
    };
    const harmless = [
      state([shown(1, [contribution(['10.1.0.1'], { ratio: 2 })])]),
      state([shown(1, [contribution(['10.1.0.1'])])], true),
      state([shown(1, [contribution(['10.1.0.1', '10.1.0.2'])])]),
      state([], true),
      state([shown(1, [draining, { ...contribution(['10.1.0.5']), owner: 'd/e/f' }])]),
      state([
        {
          ...shown(1, [contribution(['10.1.0.1', '10.1.0.2'])]),
          settings: { ...SETTINGS, connectionLimit: 5 },
        },
      ]),
    ];
    for (const after of harmless) expect(firstStep(before, after)).toBe(after);
  });

  test('a priority group is an attribute; requested settings and weights are only stored', () => {
    const after = (more: object, shareNodes = false): DeclaredState =>
      state([shown(1, [contribution(['10.1.0.1', '10.1.0.2'], more)])], shareNodes);
    expect(firstStep(before, after({ priority: 7 }))).toEqual(
      state([shown(1, [contribution(['10.1.0.1'], { priority: 7 })])]),
    );
    for (const more of [{ wish: { balance: 'ratio-node' } }, { weight: 3 }])
      expect(firstStep(before, after(more))).toEqual(after(more));
    const several = state([shown(1, [contribution(['10.1.0.1'])])], true);
    expect(firstStep(several, after({ weight: 3 }, true))).toEqual(
      state([shown(1, [contribution(['10.1.0.1'], { weight: 3 })])], true),
    );
  });

  test('a drain is one where nodes are shared, and none elsewhere', () => {
    const drains = {
      a: { mode: 'drain' as const, since: '2026-01-01T00:00:00Z', because: 'maintenance' },
    };
    const step = (shareNodes: boolean): readonly DeclaredState[] => {
      const after = {
        ...state([shown(1, [contribution(['10.1.0.1', '10.1.0.2'])])], shareNodes),
        drains,
      };
      return [firstStep(state([shown(1, [contribution(['10.1.0.1'])])], shareNodes), after), after];
    };
    const [first, after] = step(true);
    expect(first).toEqual({ ...state([shown(1, [contribution(['10.1.0.1'])])], true), drains });
    expect(firstStep(first!, after!)).toBe(after);
    const [whole, same] = step(false);
    expect(whole).toBe(same);
  });

  test('a partition without members has nothing to edit', () => {
    const after = state([shown(1, [contribution(['10.1.0.1'])])], true);
    expect(firstStep({ ...EMPTY_STATE, shareNodes: false }, after)).toBe(after);
  });
});

describe('what a change costs in lines of AS3 script', () => {
  const before = shown(1, [contribution(['10.1.0.1'])]);
  const pods = (n: number): string[] => Array.from({ length: n }, (_, i) => `10.1.0.${i + 1}`);

  test.each<[string, DeclaredExposure | undefined, DeclaredExposure | undefined, number]>([
    ['a new exposure', undefined, before, 5],
    ['a removed exposure', before, undefined, 5],
    ['changed settings', before, { ...before, settings: { ...SETTINGS, connectionLimit: 5 } }, 5],
    ['a member that joins', before, shown(1, [contribution(pods(2))]), 1],
    [
      'a member of another owner that joins',
      before,
      shown(1, [contribution(pods(1)), { ...contribution(['10.9.0.1']), owner: 'd/e/f' }]),
      1,
    ],
    ['many that join', before, shown(1, [contribution(pods(31))]), 4],
    ['a member that leaves', shown(1, [contribution(pods(2))]), before, 3],
    [
      'a member whose attributes change',
      before,
      shown(1, [contribution(['10.1.0.1'], { ratio: 2 })]),
      3,
    ],
    [
      'a drain, which happens at the node',
      before,
      shown(1, [
        { ...contribution([]), members: [{ ...member('10.1.0.1'), availability: 'draining' }] },
      ]),
      0,
    ],
    [
      'another gateway for an exposure',
      before,
      shown(1, [contribution(['10.1.0.1'], { gateways: ['x/z'] })]),
      0,
    ],
  ])('%s', (_name, had, has, lines) => {
    expect(scriptLinesOf(had, has)).toBe(lines);
  });
});

describe('where nodes are shared', () => {
  const drains = { east: { mode: 'drain' as const, since: 's', because: 'b' } };

  test('nothing comes first where there is no member yet', () => {
    const before = state([shown(1, [contribution([])])], true);
    const after = { ...state([shown(1, [contribution(['10.1.0.1'])])], true), drains };
    expect(firstStep(before, after)).toBe(after);
  });

  test('a drain comes before an addition, although a cluster beside has no member', () => {
    const beside = { ...contribution([]), owner: 'd/e/f' };
    const before = state([shown(1, [contribution(['10.1.0.1']), beside])], true);
    const after = {
      ...state([shown(1, [contribution(['10.1.0.1', '10.1.0.2']), beside])], true),
      drains,
    };
    expect(firstStep(before, after)).toEqual({ ...before, drains });
  });
});
