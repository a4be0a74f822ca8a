/** From settings by their own names to the settings of an exposure, and back. */
import { rowOf, SETTING_NAMES, SETTING_ROWS, type SettingName } from './catalogue/catalogue.ts';
import type { ReferenceKind, SettingRow } from './row.ts';
import { profileOf, Settings, type SettingsInput, type SourceSettings } from './settings.ts';
import { type Mode, sameValue } from './values.ts';

type Named = Partial<Record<SettingName, unknown>>;
type SettingKey = keyof Settings;

const KEYS = Object.keys(Settings.shape) as readonly SettingKey[];
const PROFILE_NAMES = SETTING_NAMES.filter((name) => profileOf(rowOf(name)) !== undefined);
/** Keys that stand in the settings only where they say something. */
const SET_KEYS = SETTING_ROWS.flatMap(([name, { home }]) =>
  home === 'set' ? [name as SettingKey] : [],
);

/** The settings that are told apart where one key of an exposure's settings holds several. */
export function namesBehind(key: SettingKey): readonly SettingName[] {
  if (key === 'profiles') return PROFILE_NAMES;
  const before = SETTING_NAMES.filter((name) => {
    const { home } = rowOf(name);
    return typeof home === 'object' && 'first' in home && home.first === key;
  });
  return [key, ...before];
}

/** What the absence of a setting in an exposure's settings means. */
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

/** Those that are given, as the settings of an exposure hold them; profiles always, for they hold none as well. */
export function composeSettings(named: Named): Partial<Settings> {
  return Object.fromEntries(
    KEYS.map((key) => [key, valueOf(key, named)] as const).filter(
      ([key, value]) => value !== undefined && !isLeftOut(key, value),
    ),
  );
}

/** Settings of an exposure by their own names. What was put before the values of another one stays there. */
export function namedSettings({ profiles = {}, ...rest }: Partial<Settings>): Named {
  const named: Named = { ...rest };
  const paths: Readonly<Record<string, unknown>> = profiles;
  for (const name of PROFILE_NAMES) {
    const path = paths[profileOf(rowOf(name)) ?? ''];
    if (path !== undefined) named[name] = path;
  }
  return named;
}

/** What sluice.yaml gives, by name. */
export function namedInput({ profiles = {}, ...rest }: SettingsInput): Partial<SourceSettings> {
  const named = { ...rest, ...namedSettings({ profiles }) };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** What sluice.yaml gives, as the settings of an exposure hold it. */
export function settingsFromInput(input: SettingsInput): Partial<Settings> {
  const { profiles, ...rest } = composeSettings(namedInput(input));
  return { ...rest, ...(input.profiles !== undefined && profiles !== undefined && { profiles }) };
}

/** The first settings where the second do not say otherwise. */
export function overlaySettings(below: Settings, said: Partial<Settings>): Settings {
  const all = { ...below, ...said };
  for (const key of SET_KEYS) if (isLeftOut(key, all[key])) delete all[key];
  return all;
}

/** What holds for a setting, also where it is left out because it is what AS3 takes absence for. */
export function settingValue(settings: Settings, key: SettingKey): unknown {
  return settings[key] ?? absenceOf(key);
}

/** All keys that these settings may differ in. */
export function settingKeys(settings: Settings): readonly SettingKey[] {
  return [...new Set([...(Object.keys(settings) as SettingKey[]), ...SET_KEYS])];
}

/** A path on the device that a setting names, and what it has to be there. */
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

/** Whether what holds for a key may have been left out because of the mode. */
export function dependsOnMode(key: SettingKey): boolean {
  return namesBehind(key).some((name) => rowOf(name).modes !== undefined);
}

/** The value of those in it that this mode does not take; undefined where it takes them all. */
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

/** Whether a setting holds for HTTP/3 beside its HTTPS server. */
export function holdsOverUdp(row: SettingRow, value: unknown): boolean {
  return (
    row.tcpOnly !== true && takesMode(row, 'udp') && unfitValue(row, value, 'udp') === undefined
  );
}

/** The same for what stands in the settings of an exposure; profiles are not told apart. */
export function isForUdp(key: SettingKey, value: unknown): boolean {
  return key === 'profiles' || holdsOverUdp(rowOf(key), value);
}

/** Without what this mode does not take. Rows whose key stands there always take every mode. */
export function fittingSettings(settings: Settings, mode: Mode): Settings {
  const named = namedSettings(settings);
  const fitting = SETTING_NAMES.filter((name) => takesMode(rowOf(name), mode));
  return composeSettings(
    Object.fromEntries(fitting.map((name) => [name, named[name]])),
  ) as Settings;
}
