/** Which settings the policy requires where, and what is added or missing. */
import { describe, expect, test } from '@jest/globals';
import { cidrRange } from '../../../shared/domain/address-pools/range.ts';
import type { SettingsLayer } from '../../../shared/domain/exposure/settings/layers.ts';
import {
  addRequired,
  PolicyRequirement,
  type Requirement,
  requirementsFor,
  unmetInFleet,
  unmetOverUdp,
  unmetRequirements,
} from '../../../shared/domain/exposure/settings/requirements.ts';
import {
  bundleLayer,
  ServiceBundle,
  unknownBundle,
} from '../../../shared/domain/exposure/settings/service-bundles.ts';
import {
  SETTING_ROWS,
  type SettingName,
} from '../../../shared/domain/exposure/settings/catalogue/catalogue.ts';

type Wanted = Partial<Record<SettingName, unknown>>;

/** Settings that can be required by name. */
const SET = SETTING_ROWS.flatMap(([name, { home }]) => (home === 'place' ? [] : [name]));
const FASTL4: Wanted = { mode: 'fastl4' };
const FOR_UDP: Wanted = { mode: 'udp', snat: 'auto' };

const rule = (more: Record<string, unknown> = {}): PolicyRequirement =>
  PolicyRequirement.parse({ name: 'r', bundle: 'web', otherwise: 'add', ...more });
const needs = (setting: SettingName, value?: unknown, more = {}): Requirement => ({
  rule: rule(more),
  setting,
  ...(value !== undefined && { value }),
});
const layer = (wanted: Wanted, isDefault = false): SettingsLayer => ({
  source: 'Gateway a/b',
  wanted: wanted as SettingsLayer['wanted'],
  refusals: [],
  notes: [],
  ...(isDefault && { isDefault: true }),
});
const added = (
  wanted: Wanted,
  requirements: readonly Requirement[],
  layers: readonly SettingsLayer[] = [layer(wanted)],
): readonly [Wanted, readonly string[], unknown] => {
  const sources = Object.fromEntries(Object.keys(wanted).map((name) => [name, 'Gateway a/b']));
  const merged = { wanted, sources, disagreements: [] } as Parameters<typeof addRequired>[1];
  const made = addRequired(layers, merged, requirements);
  return [made.wanted, unmetRequirements(made, requirements), made.sources];
};

describe('a required setting', () => {
  const web = ServiceBundle.parse({
    name: 'web',
    settings: { snat: 'none', iRules: ['/Common/log'] },
  });
  const other = ServiceBundle.parse({ name: 'other', settings: { balance: 'ratio-member' } });
  const asked = (
    rules: readonly PolicyRequirement[],
    addresses: readonly string[] = ['192.0.2.1'],
  ): readonly string[] =>
    requirementsFor(rules, [other, web], {
      matter: { namespace: 'team-a', port: 443, listener: 443, partition: 'k8s' },
      addresses: addresses.flatMap((text) => cidrRange(text) ?? []),
    }).map(({ setting, value }) => `${setting} ${JSON.stringify(value)}`);

  test.each<[string, Record<string, unknown>, readonly string[], readonly string[]]>([
    ['is each of its bundle', {}, ['192.0.2.1'], ['snat "none"', 'iRules ["/Common/log"]']],
    ['is only those that the rule names', { settings: ['snat'] }, ['192.0.2.1'], ['snat "none"']],
    ['is none that the bundle does not set', { settings: ['balance'] }, ['192.0.2.1'], []],
    [
      'may have any value without a bundle',
      { bundle: undefined, settings: ['snat'], otherwise: 'refuse' },
      ['192.0.2.1'],
      ['snat undefined'],
    ],
    ['is none for another namespace', { namespaces: ['team-b'] }, ['192.0.2.1'], []],
    ['is none for another address', { addresses: ['192.0.2.2'] }, ['192.0.2.1'], []],
    [
      'is one if any address of the pool is concerned',
      { addresses: ['192.0.2.2'], settings: ['snat'] },
      ['192.0.2.1', '192.0.2.2'],
      ['snat "none"'],
    ],
  ])('%s', (_, more, addresses, expected) => {
    expect(asked([rule(more)], addresses)).toEqual(expected);
  });

  test('cannot be an address, port or partition', () => {
    const parse = (name: string): boolean =>
      PolicyRequirement.safeParse({ name: 'r', settings: [name] }).success;
    expect(['port', 'partition', 'snat'].map(parse)).toEqual([false, false, true]);
  });
});

describe('adding what is required', () => {
  test.each<[string, Wanted, readonly Requirement[], Wanted]>([
    ['adds what no source sets', {}, [needs('snat', 'none')], { snat: 'none' }],
    ['leaves what is as required', { snat: 'none' }, [needs('snat', 'none')], { snat: 'none' }],
    ['leaves what a Gateway sets', { snat: 'auto' }, [needs('snat', 'none')], { snat: 'auto' }],
    [
      'adds the mode before what depends on it',
      {},
      [needs('profileHttp', '/Common/h'), needs('mode', 'http')],
      { mode: 'http', profileHttp: '/Common/h' },
    ],
    ['adds nothing that the mode does not support', {}, [needs('profileHttp', '/Common/h')], {}],
    [
      'adds the first of two values',
      {},
      [needs('snat', 'none'), needs('snat', 'self')],
      { snat: 'none' },
    ],
    ['adds nothing that has no value', {}, [needs('snat')], {}],
    ['adds nothing if the rule refuses', {}, [needs('snat', 'none', { otherwise: 'refuse' })], {}],
    [
      'leaves a list that has all entries',
      { iRules: ['/Common/b', '/Common/a', '/Common/c'] },
      [needs('iRules', ['/Common/a', '/Common/b'])],
      { iRules: ['/Common/b', '/Common/a', '/Common/c'] },
    ],
  ])('%s', (_, wanted, requirements, expected) => {
    expect(added(wanted, requirements)[0]).toEqual(expected);
  });

  test('leaves a default that has more than what is required', () => {
    const wanted = { iRules: ['/Common/b', '/Common/a'] };
    const made = added(wanted, [needs('iRules', ['/Common/a'])], [layer(wanted, true)]);
    expect(made[0]).toEqual(wanted);
  });

  test('names no source of what it does not add', () => {
    expect(added({}, [needs('snat')])[2]).toEqual({});
  });

  test('overrides a default, and names the rule as the source', () => {
    const [wanted, unmet, sources] = added(
      { snat: 'auto' },
      [needs('snat', 'none')],
      [layer({ snat: 'auto' }, true)],
    );
    expect([wanted, unmet, sources]).toEqual([
      { snat: 'none' },
      [],
      { snat: 'policy requirement "r" (service bundle web)' },
    ]);
    expect(
      added(
        { snat: 'auto' },
        [needs('snat', 'none')],
        [layer({ snat: 'auto' }, true), layer({ snat: 'auto' })],
      )[0],
    ).toEqual({ snat: 'auto' });
  });
});

describe('what is missing is reported', () => {
  const unmet = (wanted: Wanted, one: Requirement): readonly string[] =>
    unmetRequirements(
      {
        wanted,
        sources: Object.fromEntries(Object.keys(wanted).map((name) => [name, 'Gateway a/b'])),
        disagreements: [],
      } as Parameters<typeof unmetRequirements>[0],
      [one],
    );
  const R = 'policy requirement "r" needs';
  test.each<[string, Wanted, Requirement, readonly string[]]>([
    ['not if it is set', { snat: 'none' }, needs('snat', 'none'), []],
    ['not if any value is set', { snat: 'none' }, needs('snat'), []],
    [
      'not if a list has all entries',
      { rejectVlans: ['/Common/a', '/Common/b'] },
      needs('rejectVlans', ['/Common/b']),
      [],
    ],
    [
      'if a list lacks one',
      { rejectVlans: ['/Common/a'] },
      needs('rejectVlans', ['/Common/a', '/Common/b']),
      [
        `${R} rejectVlans ["/Common/a","/Common/b"], but Gateway a/b sets ["/Common/a"]; remove that`,
      ],
    ],
    [
      'not if fewer VLANs are allowed',
      { vlans: ['/Common/a'] },
      needs('vlans', ['/Common/a', '/Common/b']),
      [],
    ],
    [
      'if another VLAN is also allowed',
      { vlans: ['/Common/a', '/Common/b'] },
      needs('vlans', ['/Common/a']),
      [`${R} vlans ["/Common/a"], but Gateway a/b sets ["/Common/a","/Common/b"]; remove that`],
    ],
    [
      'if every VLAN is allowed',
      { vlans: [] },
      needs('vlans', ['/Common/a']),
      [`${R} vlans ["/Common/a"], but Gateway a/b sets []; remove that`],
    ],
    [
      'if a list is empty',
      { vlans: [] },
      needs('vlans'),
      [`${R} vlans, but Gateway a/b sets [], which is as good as nothing; set another value`],
    ],
    [
      'if a number means no limit',
      { rateLimit: 0 },
      needs('rateLimit'),
      [`${R} rateLimit, but Gateway a/b sets 0, which is as good as nothing; set another value`],
    ],
    ['not if it is a limit', { rateLimit: 1 }, needs('rateLimit'), []],
    ...['any', '0.0.0.0/0', '0.0.0.0/1,128.0.0.0/1'].map(
      (source): [string, Wanted, Requirement, readonly string[]] => [
        `if ${source} may connect`,
        { source },
        needs('source'),
        [
          `${R} source, but Gateway a/b sets ${source}, which is as good as nothing; set another value`,
        ],
      ],
    ),
    [
      'not if fewer clients may connect',
      { source: '10.20.0.0/16' },
      needs('source', '10.0.0.0/8'),
      [],
    ],
    [
      'if more clients may connect',
      { source: '10.0.0.0/7' },
      needs('source', '10.0.0.0/8'),
      [`${R} source 10.0.0.0/8, but Gateway a/b sets 10.0.0.0/7; remove that`],
    ],
    ['not if a list is not empty', { vlans: ['/Common/a'] }, needs('vlans'), []],
    ['not if all VLANs are sufficient', { vlans: ['/Common/a'] }, needs('vlans', []), []],
    ['not if nothing is required and nothing is set', { rateLimit: 0 }, needs('rateLimit', 0), []],
    ...(['iRules', 'persistence', 'monitors'] as const).map(
      (setting): [string, Wanted, Requirement, readonly string[]] => [
        `if the list ${setting} is empty`,
        { [setting]: [] },
        needs(setting),
        [
          `${R} ${setting}, but Gateway a/b sets [], which is as good as nothing; set another value`,
        ],
      ],
    ),
    [
      'if another value is set',
      { snat: 'auto' },
      needs('snat', 'none'),
      [`${R} snat none, but Gateway a/b sets auto; remove that`],
    ],
    [
      'with the bundle that has it',
      {},
      needs('snat', 'none'),
      [`${R} snat none; request service bundle web with the annotation sluice.io/service-bundle`],
    ],
    [
      'with what to set, if there is no bundle',
      {},
      needs('snat', undefined, { bundle: undefined, settings: ['snat'], otherwise: 'refuse' }),
      [`${R} snat, which no source sets; set it`],
    ],
    [
      'with the modes that support it',
      { mode: 'fastl4' },
      needs('profileTcp', '/Common/t'),
      [
        `${R} profileTcp /Common/t, which mode fastl4 does not support; use mode tcp or http or https`,
      ],
    ],
    [
      'for the default mode, if none is set',
      {},
      needs('profileHttp', '/Common/h'),
      [`${R} profileHttp /Common/h, which mode tcp does not support; use mode http or https`],
    ],
  ])('%s', (_, wanted, one, expected) => {
    expect(unmet(wanted, one)).toEqual(expected);
  });

  test.each(SET)('if %s is required by name and nothing sets it', (name) => {
    const one = needs(name, undefined, { bundle: undefined, settings: [name] });
    expect(unmet({}, one)).toEqual([expect.stringContaining(`${R} ${name}, which `)]);
  });

  test.each<[string, Wanted, Requirement, Wanted, string | undefined]>([
    ['the mode fastl4, which UDP takes', { mode: 'udp' }, needs('mode', 'udp'), FASTL4, 'mode'],
    ['another value beside a mode for UDP', {}, needs('snat', 'none'), FOR_UDP, 'snat'],
    ['nothing else', { policyWaf: '/Common/w' }, needs('policyWaf'), { balance: 'x' }, undefined],
    ['a mode that supports it', {}, needs('policyWaf'), { mode: 'https' }, undefined],
    ['a mode that does not support it', {}, needs('policyWaf'), { mode: 'tcp' }, 'mode'],
    ['a mode for UDP, which TCP does not take', {}, needs('policyWaf'), { mode: 'udp' }, undefined],
    ['the required mode', {}, needs('mode', 'http'), { mode: 'http' }, undefined],
    ['another mode', {}, needs('mode', 'http'), { mode: 'https' }, 'mode'],
    ['no mode for TCP', {}, needs('mode', 'http'), { mode: 'udp' }, undefined],
    ['the same value', {}, needs('snat', 'none'), { snat: 'none' }, undefined],
    ['another value', {}, needs('snat', 'none'), { snat: 'auto' }, 'snat'],
    ['no VLAN', {}, needs('vlans'), { vlans: [] }, 'vlans'],
    ['another profile', {}, needs('profileHttp'), { profileTcp: '/Common/t' }, 'profileTcp'],
    ['a profile of another mode', {}, needs('profileHttp'), { profileL4: '/Common/l' }, undefined],
    ['other iRules', {}, needs('proxyProtocol'), { iRules: ['/Common/r'] }, 'iRules'],
  ])('for a fleet whose settings have %s', (_, wanted, one, settings, culprit) => {
    const told = unmetInFleet({ wanted: { mode: 'http', ...wanted } as never }, [one], {
      name: 'shop',
      settings: settings as never,
    });
    expect(told).toEqual(
      culprit === undefined
        ? []
        : [
            `${R} ${one.setting}, which ${culprit} in the settings of fleet shop takes away ` +
              'from virtual servers that its clusters share; change that in sluice.yaml',
          ],
    );
  });

  test('for HTTP/3, which lacks what suits only TCP', () => {
    const told = unmetOverUdp([
      needs('mode', 'udp'),
      needs('mode', 'http'),
      needs('snat', 'none'),
      needs('iRules', ['/Common/a']),
    ]);
    expect(told).toEqual(
      ['mode', 'iRules'].map((name) => `${R} ${name}, which is not applied to HTTP/3 (UDP)`),
    );
  });
});

describe('a bundle', () => {
  const one = (more: Record<string, unknown> = {}): ServiceBundle =>
    ServiceBundle.parse({ name: 'web', settings: { snat: 'none' }, ...more });
  test.each<[readonly ServiceBundle[], string]>([
    [[], 'sluice.yaml has no service bundle wbe; serviceBundles has none'],
    [[one()], 'sluice.yaml has no service bundle wbe; did you mean web?'],
    [
      [one({ name: 'public' }), one({ name: 'internal' })],
      'sluice.yaml has no service bundle wbe; serviceBundles has public, internal',
    ],
  ])('that is unknown (%#) says which there are', (bundles, message) => {
    expect(unknownBundle('wbe', bundles)).toBe(message);
  });

  test.each([
    ['team-a', true],
    ['edge', true],
    ['other', false],
  ])('may be used by one of its namespaces: %s %s', (namespace, may) => {
    const request = { name: 'web', asker: layer({}), source: 's', namespace };
    const { refusals, wanted } = bundleLayer([one({ namespaces: ['team-*', 'edge'] })], request);
    expect([refusals.length, wanted]).toEqual(may ? [0, { snat: 'none' }] : [1, {}]);
  });

  test('is only a default if it is requested by a default', () => {
    const of = (isDefault: boolean): SettingsLayer =>
      bundleLayer([one()], { name: 'web', asker: layer({}, isDefault), source: 's' });
    expect([of(true).isDefault, of(false).isDefault]).toEqual([true, undefined]);
  });
});
