/** Converts between settings by name and the settings of an exposure. */
import {
  settingRow,
  SETTING_NAMES,
  SETTING_ROWS,
  type SettingName,
} from './catalogue/catalogue.ts';
import type { ReferenceKind } from './reference-kinds.ts';
import type { SettingRow } from './row.ts';
import {
  profileOf,
  SETTING_KEYS,
  type Settings,
  type SettingsInput,
  type SourceSettings,
} from './settings.ts';
import { type Mode, sameValue } from './values.ts';

/** Values by the names of the catalogue, which are the names in `sluice.yaml`. */
type Named = Partial<Record<SettingName, unknown>>;
/** A key of an exposure's settings, which may combine several names. */
type SettingKey = keyof Settings;

/** Names and keys of the profiles. */
const PROFILES = SETTING_ROWS.flatMap(([name, row]) => {
  const profile = profileOf(row);
  return profile === undefined ? [] : [{ name, profile }];
});
/** Keys that are stored only if they are set. */
const SET_KEYS: ReadonlySet<SettingKey> = new Set(
  SETTING_ROWS.flatMap(([name, { home }]) => (home === 'set' ? [name as SettingKey] : [])),
);

/** Rows whose value is put in front of the list under another key. */
const FIRSTS = SETTING_ROWS.flatMap(([name, { home }]) =>
  typeof home === 'object' && 'first' in home ? [{ name, key: home.first }] : [],
);

/** Profiles are one key with many names. */
function partsOf(key: SettingKey): readonly SettingName[] {
  if (key === 'profiles') return PROFILES.map(({ name }) => name);
  return [key, ...FIRSTS.filter((first) => first.key === key).map(({ name }) => name)];
}

/** Computed once, because settings are composed for every exposure. */
const PARTS: ReadonlyMap<SettingKey, readonly SettingName[]> = new Map(
  SETTING_KEYS.map((key) => [key, partsOf(key)]),
);

/** A setting and those that are replaced together with it, because they are stored under one key. */
export function namesReplacedWith(name: SettingName): readonly SettingName[] {
  return [...PARTS.values()].find((names) => names.includes(name)) ?? [name];
}

/** The settings behind one key of an exposure's settings. */
export function namesBehind(key: SettingKey): readonly SettingName[] {
  return PARTS.get(key) ?? [];
}

/** The meaning of an absent setting. */
function absenceOf(key: SettingKey): unknown {
  return key === 'profiles' ? {} : settingRow(key).as3?.absent;
}

/** The value of one key from all names behind it. What is put in front of a list occurs once. */
function valueOf(key: SettingKey, named: Named): unknown {
  const [own, ...others] = namesBehind(key);
  if (key === 'profiles') {
    const paths = PROFILES.map(({ name, profile }) => [profile, named[name]] as const);
    return Object.fromEntries(paths.filter(([, path]) => path !== undefined));
  }
  const before = others.map((name) => named[name]).filter((value) => value !== undefined);
  const value = own && named[own];
  return before.length === 0
    ? value
    : [...new Set([...before, ...((value ?? []) as readonly unknown[])])];
}

/** The given settings in the format of an exposure; profiles are always included. */
function composePart(named: Named): Partial<Settings> {
  const values = SETTING_KEYS.map((key) => [key, valueOf(key, named)] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

/** The complete settings of an exposure, without rows that are stored only if they are set. */
export function composeSettings(named: Named): Partial<Settings> {
  return withoutLeftOut(composePart(named));
}

/**
 * A value that means the same as its absence is not stored, so that equal settings have one form.
 */
function withoutLeftOut<T extends Partial<Settings>>(settings: T): T {
  const all = { ...settings };
  for (const key of SET_KEYS) if (sameValue(all[key], absenceOf(key))) delete all[key];
  return all;
}

/** Settings of an exposure by name. Values that were prepended to another setting stay there. */
export function namedSettings({ profiles = {}, ...rest }: Partial<Settings>): Named {
  const named: Named = { ...rest };
  const paths: Readonly<Record<string, unknown>> = profiles;
  for (const { name, profile } of PROFILES) {
    const path = paths[profile];
    if (path !== undefined) named[name] = path;
  }
  return named;
}

/** Settings of sluice.yaml by name. */
export function namedInput({ profiles = {}, ...rest }: SettingsInput): Partial<SourceSettings> {
  const named = { ...rest, ...namedSettings({ profiles }) };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** Settings of sluice.yaml in the format of an exposure. */
export function settingsFromInput(input: SettingsInput): Partial<Settings> {
  const { profiles, ...rest } = composePart(namedInput(input));
  return { ...rest, ...(input.profiles !== undefined && profiles !== undefined && { profiles }) };
}

/** The first settings, overridden by the second. */
export function overlaySettings(below: Settings, said: Partial<Settings>): Settings {
  return withoutLeftOut({ ...below, ...said });
}

/** The effective value of a setting, including the meaning of its absence. */
export function settingValue(settings: Settings, key: SettingKey): unknown {
  return settings[key] ?? absenceOf(key);
}

/** All keys in which settings can differ. */
export function settingKeys(settings: Settings): readonly SettingKey[] {
  return [...new Set([...(Object.keys(settings) as SettingKey[]), ...SET_KEYS])];
}

/** A path on the device in a setting, and the required kind of object. */
export interface SettingReference {
  readonly setting: SettingName;
  readonly kind: ReferenceKind;
  readonly path: string;
}

/**
 * The objects on the device that settings refer to, for the policy's `references`. Values that are
 * not paths, such as `auto`, are skipped.
 */
export function referencesIn(named: Named): readonly SettingReference[] {
  return REFERENCES.filter(({ setting }) => named[setting] !== undefined).flatMap(
    ({ setting, kind }) =>
      [named[setting]]
        .flat()
        .flatMap((path) =>
          typeof path === 'string' && path.startsWith('/') ? [{ setting, kind, path }] : [],
        ),
  );
}

/** The settings that can refer to objects on the device. */
const REFERENCES = SETTING_ROWS.flatMap(([setting, { reference: kind }]) =>
  kind === undefined ? [] : [{ setting, kind }],
);

/** Whether the mode may remove the value of a key. */
export function dependsOnMode(key: SettingKey): boolean {
  return namesBehind(key).some((name) => settingRow(name).modes !== undefined);
}

/** The part of the value that this mode does not support; undefined if it supports all. */
export function unfitValue(
  { modesOfValue }: SettingRow,
  value: unknown,
  mode: Mode,
): string | undefined {
  return [value]
    .flat()
    .find(
      (one): one is string =>
        typeof one === 'string' && modesOfValue?.[one]?.includes(mode) === false,
    );
}

/**
 * Whether a setting applies to virtual servers of this mode. A row without `modes` applies to all.
 */
export function takesMode({ modes }: SettingRow, mode: Mode): boolean {
  return modes?.includes(mode) ?? true;
}

/** Whether a setting applies to HTTP/3. */
export function holdsOverUdp(row: SettingRow, value: unknown): boolean {
  return (
    row.tcpOnly !== true && takesMode(row, 'udp') && unfitValue(row, value, 'udp') === undefined
  );
}

/** The same for a key of an exposure's settings; profiles are not distinguished. */
export function isForUdp(key: SettingKey, value: unknown): boolean {
  return key === 'profiles' || holdsOverUdp(settingRow(key), value);
}

/** Whether the setting and its value can be used in this mode. */
export function fitsMode(name: SettingName, value: unknown, mode: Mode): boolean {
  const row = settingRow(name);
  return takesMode(row, mode) && unfitValue(row, value, mode) === undefined;
}

/** The settings, with defaults instead of values that this mode does not support. */
export function fittingSettings(settings: Settings, mode: Mode): Settings {
  const named = namedSettings(settings);
  const fitting = SETTING_NAMES.map((name) => {
    const value = named[name];
    return [name, fitsMode(name, value, mode) ? value : settingRow(name).default] as const;
  });
  return composeSettings(Object.fromEntries(fitting)) as Settings;
}

/**
 * Some settings without those that this mode does not support. If it supports none of the given
 * profiles, the result has no profiles, so that those of another source remain.
 */
export function fittingPart(said: Partial<Settings>, mode: Mode): Partial<Settings> {
  const named = namedSettings(said);
  const names = SETTING_NAMES.filter((name) => fitsMode(name, named[name], mode));
  const { profiles = {}, ...rest } = composePart(
    Object.fromEntries(names.map((name) => [name, named[name]])),
  );
  const asked = Object.keys(said.profiles ?? {}).length;
  const isSaid = said.profiles !== undefined && (asked === 0 || Object.keys(profiles).length > 0);
  return isSaid ? { ...rest, profiles } : rest;
}
