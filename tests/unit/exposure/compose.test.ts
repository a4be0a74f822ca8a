/** Settings by name and as stored in an exposure, and which of them a mode supports. */
import { describe, expect, test } from '@jest/globals';
import type { SettingName } from '../../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import {
  composeSettings,
  dependsOnMode,
  fittingPart,
  fittingSettings,
  isForUdp,
  namedInput,
  namedSettings,
  namesBehind,
  overlaySettings,
  referencesIn,
  settingKeys,
  settingsFromInput,
  settingValue,
} from '../../../shared/domain/exposure/settings/compose.ts';
import { Settings, SettingsInput } from '../../../shared/domain/exposure/settings/settings.ts';
import type { Mode } from '../../../shared/domain/exposure/settings/values.ts';
import { SETTINGS } from '../../fixtures/exposures.ts';

const [T, H, L] = ['/Common/t', '/Common/h', '/Common/l'];
type Part = Partial<Settings>;

describe('settings by name', () => {
  test.each<[Partial<Record<SettingName, unknown>>, Part]>([
    [{}, { profiles: {} }],
    [{ profileTcp: T, profileHttp: undefined }, { profiles: { tcp: T } }],
    [{ iRules: ['/Common/a'] }, { iRules: ['/Common/a'], profiles: {} }],
    [{ proxyProtocol: '/Common/p' }, { iRules: ['/Common/p'], profiles: {} }],
    [
      { proxyProtocol: '/Common/p', iRules: ['/Common/a', '/Common/p'] },
      { iRules: ['/Common/p', '/Common/a'], profiles: {} },
    ],
    [{ source: 'any', mirroring: 'none' }, { profiles: {} }],
    [
      { source: '10.0.0.0/8', mirroring: 'L4' },
      { source: '10.0.0.0/8', mirroring: 'L4', profiles: {} },
    ],
    [
      { connectionLimit: 0, vlans: [] },
      { connectionLimit: 0, vlans: [], profiles: {} },
    ],
  ])('%j make up %j', (named, settings) => {
    expect(composeSettings(named)).toStrictEqual(settings);
  });

  test('come back from the settings of an exposure', () => {
    expect(namedSettings({ snat: 'none', profiles: { tcp: T } })).toStrictEqual({
      snat: 'none',
      profileTcp: T,
    });
    expect(namedSettings({ snat: 'none' })).toStrictEqual({ snat: 'none' });
  });

  test('of sluice.yaml contain only what it sets', () => {
    expect(namedInput({ snat: undefined, profiles: { tcp: T, http: undefined } })).toStrictEqual({
      profileTcp: T,
    });
  });

  test.each<[object, Part]>([
    [{}, {}],
    [{ snat: 'none' }, { snat: 'none' }],
    [{ profiles: {} }, { profiles: {} }],
    [{ profiles: { tcp: T } }, { profiles: { tcp: T } }],
    [{ mirroring: 'none' }, { mirroring: 'none' }],
  ])('%j of sluice.yaml means %j for an exposure', (input, settings) => {
    expect(settingsFromInput(SettingsInput.parse(input))).toStrictEqual(settings);
  });
});

describe('a setting that is stored only if it is set', () => {
  test('is omitted once it means the same as its absence', () => {
    const mirrored = overlaySettings(SETTINGS, { mirroring: 'L4' });
    expect(mirrored).toStrictEqual({ ...SETTINGS, mirroring: 'L4' });
    expect(overlaySettings(mirrored, { mirroring: 'none' })).toStrictEqual(SETTINGS);
    expect(overlaySettings(SETTINGS, { vlans: [], connectionLimit: 0 })).toStrictEqual({
      ...SETTINGS,
      vlans: [],
      connectionLimit: 0,
    });
  });

  test('has the value that its absence implies, and is compared although it is absent', () => {
    expect([settingValue(SETTINGS, 'mirroring'), settingValue(SETTINGS, 'source')]).toEqual([
      'none',
      'any',
    ]);
    expect(settingValue({ ...SETTINGS, mirroring: 'L4' }, 'mirroring')).toBe('L4');
    expect(settingKeys(SETTINGS)).toEqual(expect.arrayContaining(['mirroring', 'source', 'mode']));
  });

  test.each<[keyof Settings, unknown]>([
    ['profiles', {}],
    ['vlans', []],
    ['connectionLimit', 0],
    ['reselectTries', 0],
  ])('as does %s in data of a release without it: %j', (key, value) => {
    const { [key]: _, ...before } = SETTINGS;
    expect(settingValue(before as Settings, key)).toEqual(value);
  });
});

describe('a mode', () => {
  test.each<[Mode, Part]>([
    ['tcp', { profiles: { tcp: T }, persistence: ['source-address'] }],
    ['http', { profiles: { tcp: T, http: H }, persistence: ['source-address'] }],
    ['fastl4', { profiles: { l4: L }, persistence: ['source-address'] }],
  ])('%s keeps what it supports, and the rest becomes the default', (mode, kept) => {
    const settings = {
      ...SETTINGS,
      persistence: ['source-address'],
      profiles: { tcp: T, http: H, l4: L },
    };
    expect(fittingSettings(settings, mode)).toStrictEqual({ ...SETTINGS, ...kept });
  });

  test.each<[Mode, string, readonly string[]]>([
    ['tcp', 'cookie', []],
    ['http', 'cookie', ['cookie']],
    ['fastl4', 'source-address', ['source-address']],
    ['fastl4', 'cookie', []],
  ])('%s with persistence %s has %j', (mode, method, kept) => {
    expect(fittingSettings({ ...SETTINGS, persistence: [method] }, mode).persistence).toEqual(kept);
    expect(fittingPart({ persistence: [method] }, mode)).toStrictEqual(
      kept.length > 0 ? { persistence: kept } : {},
    );
  });

  test.each<[Part, Mode, Part]>([
    [{}, 'tcp', {}],
    [{ snat: 'none' }, 'tcp', { snat: 'none' }],
    [{ mirroring: 'L4' }, 'http', {}],
    [{ mirroring: 'none' }, 'tcp', { mirroring: 'none' }],
    [{ profiles: {} }, 'tcp', { profiles: {} }],
    [{ profiles: { tcp: T } }, 'tcp', { profiles: { tcp: T } }],
    [{ profiles: { tcp: T, l4: L } }, 'fastl4', { profiles: { l4: L } }],
    [{ profiles: { tcp: T } }, 'fastl4', {}],
    [{ profiles: { http: H }, snat: 'none' }, 'tcp', { snat: 'none' }],
  ])('of a part such as %j for mode %s, %j remains', (said, mode, remains) => {
    expect(fittingPart(said, mode)).toStrictEqual(remains);
  });

  test.each<[keyof Settings, boolean]>([
    ['profiles', true],
    ['mirroring', true],
    ['snat', false],
    ['iRules', false],
  ])('may remove %s: %s', (key, may) => {
    expect(dependsOnMode(key)).toBe(may);
  });

  test.each<[keyof Settings, unknown, boolean]>([
    ['profiles', { tcp: T }, true],
    ['snat', 'none', true],
    ['reselectTries', 3, false],
    ['iRules', ['/Common/a'], false],
    ['persistence', ['source-address'], true],
    ['persistence', ['cookie'], false],
  ])('udp takes %s %j: %s', (key, value, takes) => {
    expect(isForUdp(key, value)).toBe(takes);
  });
});

test('sluice.yaml has no address, port or partition among the settings', () => {
  for (const place of ['virtualAddress', 'port', 'partition'])
    expect(SettingsInput.safeParse({ [place]: '192.0.2.1' }).success).toBe(false);
});

test('settings of a release without a setting have the value that it implied', () => {
  const { reselectTries: _tries, ...before } = SETTINGS;
  expect(Settings.parse(before)).toStrictEqual({ ...before, reselectTries: 0 });
});

test('each key has the names that its value comes from', () => {
  expect(namesBehind('iRules')).toEqual(['iRules', 'proxyProtocol']);
  expect(namesBehind('snat')).toEqual(['snat']);
  expect(namesBehind('profiles')).toEqual(['profileTcp', 'profileHttp', 'profileL4', 'profileUdp']);
});

test('references are the paths of settings that refer to objects', () => {
  expect(
    referencesIn({
      snat: 'auto',
      iRules: ['/Common/a'],
      virtualAddress: '/not/a/reference',
      profileTcp: T,
    }),
  ).toEqual([
    { setting: 'iRules', kind: 'iRule', path: '/Common/a' },
    { setting: 'profileTcp', kind: 'tcp', path: T },
  ]);
});
