/** Settings of a virtual address that owners share. */
import { describe, expect, test } from '@jest/globals';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
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
    ['requests a setting that the first does not', SETTINGS, silent],
    ['does not request a setting that the first does', silent, SETTINGS],
    ['requests another value', { ...SETTINGS, icmpEcho: 'disable' }, silent],
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

  test('can change its own exposures together', () => {
    const own = (settings: Settings) => [443, 444].map((port) => exposure({ port, settings }));
    const { next } = planPartition('k8s', EMPTY_STATE, [slice(1, own(SETTINGS))], RULES);
    const changed = planPartition('k8s', next, [slice(2, own(silent))], RULES);
    expect(changed.entries.map(({ kind }) => kind)).toEqual(['update', 'update']);
  });
});

describe('the port of a redirect', () => {
  const redirects: Settings = {
    ...SETTINGS,
    mode: 'https',
    clientTls: ['/Common/c'],
    redirect80: true,
  };
  const AT80 = exposure({ port: 80 });
  const AT443 = exposure({ port: 443, settings: redirects });
  const AT8443 = exposure({ port: 8443, settings: redirects });
  const HTTP3 = exposure({ port: 80, protocol: 'udp', settings: { ...SETTINGS, mode: 'udp' } });
  const ELSEWHERE = exposure({ port: 80, address: '172.16.100.196' });
  const after = (first: Exposure, second: Exposure): Plan => {
    const { next } = planPartition('k8s', EMPTY_STATE, [slice(1, [first])], RULES);
    return planPartition('k8s', next, [slice(1, [second], OTHER)], RULES);
  };
  const taken = [['conflict', 'OWN301']];

  test.each<[string, Exposure, Exposure]>([
    ['a redirect, if port 80 is declared', AT80, AT443],
    ['port 80, if a redirect is declared', AT443, AT80],
    ['a second redirect', AT443, AT8443],
  ])('belongs to one owner of an address: refused is %s', (_, first, second) => {
    expect(told(after(first, second))).toEqual(taken);
  });

  test.each<[string, Exposure, Exposure]>([
    ['UDP', AT443, HTTP3],
    ['another port', AT443, exposure({ port: 8443 })],
    ['another address', AT443, ELSEWHERE],
  ])('leaves %s to others', (_, first, second) => {
    expect(told(after(first, second))).toEqual([['create', 'OK']]);
  });

  test('is named with its owner and the remedy', () => {
    expect(after(AT80, AT443).entries.at(-1)?.reason).toBe(
      'port 80 of 172.16.100.195 belongs to east/istio-system/istio-ingressgateway, ' +
        'and redirect80 needs it; remove redirect80, or choose another address',
    );
  });

  test.each([
    [80, redirects, [['conflict', 'BIP422']]],
    [80, SETTINGS, [['create', 'OK']]],
    [81, redirects, [['create', 'OK']]],
  ])('%i may be used outside of Sluice', (port, settings, expected) => {
    const holders = [
      {
        path: '/Common/theirs',
        partition: 'Common',
        address: '172.16.100.195',
        port,
        protocol: 'tcp',
      },
    ];
    const wanted = slice(1, [exposure({ port: 443, settings })], OTHER);
    expect(told(planPartition('k8s', EMPTY_STATE, [wanted], { ...RULES, holders }))).toEqual(
      expected,
    );
  });
});
