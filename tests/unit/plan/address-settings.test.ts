/** Settings of a virtual address that owners share. */
import { describe, expect, test } from '@jest/globals';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Settings } from '../../../shared/domain/exposure/settings/settings.ts';
import { type Plan, planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

const OTHER = { owner: 'west/istio-system/istio-ingressgateway', clusterUid: 'uid-west' };
const RULES = { sameFleet: () => false };
const silent: Settings = { ...SETTINGS, arp: false };

/** East on port 443 with the first settings, then west on another port of the same address. */
function planned(first: Settings, second: Settings, address = '172.16.100.195'): Plan {
  const there = planPartition(
    'k8s',
    EMPTY_STATE,
    [slice(1, [exposure({ port: 443, settings: first })])],
    RULES,
  ).next;
  const joins = slice(1, [exposure({ port: 444, settings: second, address })], OTHER);
  return planPartition('k8s', there, [joins], RULES);
}
const told = ({ entries }: Plan): readonly unknown[] =>
  entries.filter(({ owner }) => owner === OTHER.owner).map(({ kind, code }) => [kind, code]);

describe('another owner on the same address', () => {
  test.each<[string, Settings, Settings]>([
    ['asks for what the first does not', SETTINGS, silent],
    ['does not ask for what the first does', silent, SETTINGS],
    ['asks for something else', { ...SETTINGS, icmpEcho: 'disable' }, silent],
  ])('that %s gets no exposure, because AS3 would use the last one for both', (_, a, b) => {
    const plan = planned(a, b);
    expect(told(plan)).toEqual([['conflict', 'GW169']]);
    expect(Object.keys(plan.next.exposures)).toEqual(['172.16.100.195:443/tcp']);
  });

  test('is named with the setting and both values', () => {
    const { entries } = planned(silent, SETTINGS);
    expect(entries.at(-1)?.reason).toBe(
      'arp of 172.16.100.195 is false for east/istio-system/istio-ingressgateway, ' +
        'and the default here; ask for the same, or choose another address',
    );
  });

  test('that agrees is exposed, and so is one on another address', () => {
    expect(told(planned(silent, silent))).toEqual([['create', 'OK']]);
    expect(told(planned(silent, SETTINGS, '172.16.100.196'))).toEqual([['create', 'OK']]);
    expect(told(planned(SETTINGS, { ...SETTINGS, connectionLimit: 7 }))).toEqual([
      ['create', 'OK'],
    ]);
  });

  test('that comes in the same batch is compared, too', () => {
    const both = [
      slice(1, [exposure({ port: 443, settings: silent })]),
      slice(1, [exposure({ port: 444, since: '2026-02-01T00:00:00Z' })], OTHER),
    ];
    expect(told(planPartition('k8s', EMPTY_STATE, both, RULES))).toEqual([['conflict', 'GW169']]);
  });

  test('changes its mind about its own exposures alone', () => {
    const own = (settings: Settings) => [443, 444].map((port) => exposure({ port, settings }));
    const { next } = planPartition('k8s', EMPTY_STATE, [slice(1, own(SETTINGS))], RULES);
    const changed = planPartition('k8s', next, [slice(2, own(silent))], RULES);
    expect(changed.entries.map(({ kind }) => kind)).toEqual(['update', 'update']);
  });
});
