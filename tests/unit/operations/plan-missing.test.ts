/** `sluice plan --device` reports what apply would leave out. */
import { describe, expect, test } from '@jest/globals';
import type { Reference } from '../../../shared/device/references.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import { type Plan, planPartition } from '../../../shared/domain/plan/plan.ts';
import { rejectMissing } from '../../../shared/operations/plan/missing.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const RULES = { sameFleet: () => false };
const LACKS = ['asm', '/Common/gone'];

function device(asked: Reference[]): Parameters<typeof rejectMissing>[0] {
  return {
    missing: (references) => {
      asked.push(...references);
      return Promise.resolve(
        references
          .filter(({ path }) => LACKS.includes(path))
          .map((one) => ({ ...one, response: `no ${one.path}` })),
      );
    },
  };
}

const plan = (...exposures: readonly Exposure[]): Plan =>
  planPartition('k8s', EMPTY_STATE, [slice(1, exposures)], RULES);

const http = { ...SETTINGS, mode: 'http' } as const;
const waf = exposure({ port: 80, settings: { ...http, policyWaf: '/Common/waf' } });
const rule = exposure({ port: 81, settings: { ...http, iRules: ['/Common/gone'] } });
const well = exposure({ port: 82, settings: { ...http, iRules: ['/Common/there'] } });

describe('planned changes that need what the device lacks', () => {
  test('are rejected with the reason, and the others stay', async () => {
    const [{ entries } = plan()] = await rejectMissing(device([]), [plan(waf, rule, well)]);
    const told = entries.map(({ key, kind, code, reason }) => [
      key.slice(15, 17),
      kind,
      code,
      reason,
    ]);
    expect(told.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))).toEqual([
      ['80', 'rejected', 'BIP425', 'no asm'],
      ['81', 'rejected', 'BIP424', 'no /Common/gone'],
      ['82', 'create', 'OK', expect.any(String)],
    ]);
  });

  test('ask about each need once, and about nothing that stays', async () => {
    const asked: Reference[] = [];
    const twin = exposure({ port: 83, settings: { ...http, policyWaf: '/Common/waf' } });
    await rejectMissing(device(asked), [plan(waf, twin), plan(waf)]);
    expect(asked).toEqual([
      { kind: 'module', path: 'asm' },
      { kind: 'wafPolicy', path: '/Common/waf' },
    ]);
    asked.length = 0;
    const declared = plan(waf).next;
    const again = planPartition('k8s', declared, [slice(2, [waf])], RULES);
    expect(await rejectMissing(device(asked), [again])).toEqual([again]);
    expect(asked).toEqual([]);
  });
});
