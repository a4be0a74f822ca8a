/** Converts between settings by name and the settings of an exposure. */
import { rowOf, SETTING_NAMES, SETTING_ROWS, type SettingName } from './catalogue/catalogue.ts';
import type { ReferenceKind, SettingRow } from './row.ts';
import { profileOf, Settings, type SettingsInput, type SourceSettings } from './settings.ts';
import { type Mode, sameValue } from './values.ts';

type Named = Partial<Record<SettingName, unknown>>;
type SettingKey = keyof Settings;

const KEYS = Object.keys(Settings.shape) as readonly SettingKey[];
const PROFILE_NAMES = SETTING_NAMES.filter((name) => profileOf(rowOf(name)) !== undefined);
/** Keys that are stored only if they are set. */
const SET_KEYS = SETTING_ROWS.flatMap(([name, { home }]) =>
  home === 'set' ? [name as SettingKey] : [],
);

/** The settings behind one key of an exposure's settings. */
export function namesBehind(key: SettingKey): readonly SettingName[] {
  if (key === 'profiles') return PROFILE_NAMES;
  const before = SETTING_NAMES.filter((name) => {
    const { home } = rowOf(name);
    return typeof home === 'object' && 'first' in home && home.first === key;
  });
  return [key, ...before];
}

/** The meaning of an absent setting. */
function absenceOf(key: SettingKey): unknown {
  return key === 'profiles' ? {} : rowOf(key).as3?.absent;
}

function isLeftOut(key: SettingKey, value: unknown): boolean {
  return SET_KEYS.includes(key) && sameValue(value, absenceOf(key));
}

function valueOf(key: SettingKey, named: Named): unknown {
  const [own, ...others] = namesBehind(key);
  if (key === 'profiles') {
    const profiles = PROFILE_NAMES.map((name) => [profileOf(rowOf(name)), named[name]] as const);
    return Object.fromEntries(profiles.filter(([, path]) => path !== undefined));
  }
  const before = others.map((name) => named[name]).filter((value) => value !== undefined);
  const value = own && named[own];
  return before.length === 0
    ? value
    : [...new Set([...before, ...((value ?? []) as readonly unknown[])])];
}

/** The given settings in the format of an exposure; profiles are always included. */
export function composeSettings(named: Named): Partial<Settings> {
  return Object.fromEntries(
    KEYS.map((key) => [key, valueOf(key, named)] as const).filter(
      ([key, value]) => value !== undefined && !isLeftOut(key, value),
    ),
  );
}

/** Settings of an exposure by name. Values that were prepended to another setting stay there. */
export function namedSettings({ profiles = {}, ...rest }: Partial<Settings>): Named {
  const named: Named = { ...rest };
  const paths: Readonly<Record<string, unknown>> = profiles;
  for (const name of PROFILE_NAMES) {
    const path = paths[profileOf(rowOf(name)) ?? ''];
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
  const { profiles, ...rest } = composeSettings(namedInput(input));
  return { ...rest, ...(input.profiles !== undefined && profiles !== undefined && { profiles }) };
}

/** The first settings, overridden by the second. */
export function overlaySettings(below: Settings, said: Partial<Settings>): Settings {
  const all = { ...below, ...said };
  for (const key of SET_KEYS) if (isLeftOut(key, all[key])) delete all[key];
  return all;
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

export function referencesIn(named: Named): readonly SettingReference[] {
  return SETTING_ROWS.flatMap(([setting, { reference: kind }]) => {
    if (kind === undefined) return [];
    return [named[setting]]
      .flat()
      .flatMap((path) =>
        typeof path === 'string' && path.startsWith('/') ? [{ setting, kind, path }] : [],
      );
  });
}

/** Whether the mode may remove the value of a key. */
export function dependsOnMode(key: SettingKey): boolean {
  return namesBehind(key).some((name) => rowOf(name).modes !== undefined);
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
  return key === 'profiles' || holdsOverUdp(rowOf(key), value);
}

/**
 * The settings without those that this mode does not support. Always-present rows support every
 * mode.
 */
export function fittingSettings(settings: Settings, mode: Mode): Settings {
  const named = namedSettings(settings);
  const fitting = SETTING_NAMES.filter((name) => takesMode(rowOf(name), mode));
  return composeSettings(
    Object.fromEntries(fitting.map((name) => [name, named[name]])),
  ) as Settings;
}
