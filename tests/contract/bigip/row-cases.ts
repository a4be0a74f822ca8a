/**
 * Each row of the catalogue as its own exposure, built from the row's examples: tests need only the
 * row to declare it, look it up and change it manually.
 */
import { virtualPaths, devicePaths } from '../../../shared/bigip/as3/names.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import { EMPTY_STATE } from '../../../shared/domain/declared/declared.ts';
import type { Exposure } from '../../../shared/domain/exposure/exposure.ts';
import {
  settingRow,
  SETTING_ROWS,
  type SettingName,
} from '../../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import {
  type Choice,
  COMBINATIONS,
} from '../../../shared/domain/exposure/settings/combinations.ts';
import {
  composeSettings,
  namedSettings,
  referencesIn,
} from '../../../shared/domain/exposure/settings/compose.ts';
import {
  type ModuleName,
  referenceKind,
} from '../../../shared/domain/exposure/settings/reference-kinds.ts';
import type { DeviceEffect, SettingRow } from '../../../shared/domain/exposure/settings/row.ts';
import type { Settings } from '../../../shared/domain/exposure/settings/settings.ts';
import type { Mode } from '../../../shared/domain/exposure/settings/values.ts';
import { planPartition } from '../../../shared/domain/plan/plan.ts';
import { exposure, SETTINGS, slice } from '../../fixtures/exposures.ts';

/** An object that must exist on the device. */
export interface Needed {
  readonly collection: string;
  readonly path: string;
}

/** One value of one row, in one mode. */
export interface RowCase {
  readonly name: string;
  readonly setting: SettingName;
  readonly exposure: Exposure;
  readonly needed: readonly Needed[];
  /** At least one module of each list. */
  readonly modules: readonly (readonly ModuleName[])[];
  /** Paths in iControl REST, and the values that a manual change sets there. */
  readonly byHand: readonly { readonly path: string; readonly body: object }[];
}

function companion({ setting, value }: Choice): readonly [SettingName, unknown] {
  return [setting, value ?? settingRow(setting).examples[0]];
}

/** The value together with the settings that it requires. */
function settingsFor(setting: SettingName, value: unknown, mode: Mode): Settings {
  const chosen: readonly (readonly [SettingName, unknown])[] = [
    ['mode', mode],
    [setting, value],
  ];
  const needed = COMBINATIONS.filter(({ when }) =>
    chosen.some(
      ([name, one]) => name === when.setting && (when.value === undefined || when.value === one),
    ),
  ).flatMap(({ needs = [] }) => needs.slice(0, 1).map(companion));
  return composeSettings({
    ...namedSettings(SETTINGS),
    ...Object.fromEntries([...needed, ...chosen]),
  }) as Settings;
}

const REST = { virtual: 'virtual', pool: 'pool', address: 'virtual-address' } as const;

function changeOf(effect: DeviceEffect, object: string): object {
  if ('profile' in effect)
    return {
      profiles: [{ name: 'tcp', partition: 'Common', context: 'all', fullPath: '/Common/tcp' }],
    };
  if ('policies' in effect) return { policies: [] };
  if ('clonePools' in effect) return { clonePools: [] };
  const { field, key, absent = `/Common/other-${object}` } = effect;
  return { [field]: key === undefined ? absent : { [key]: absent } };
}

/**
 * Manual changes of fields that several rows determine together, which no row lists as its effect.
 */
const TOGETHER: Partial<Record<SettingName, (one: Exposure) => RowCase['byHand'][number]>> = {
  redirect80: (one) => ({
    path: inUrl(virtualPaths('k8s', one).at(-1) ?? ''),
    body: { rules: [] },
  }),
  rejectVlans: (one) => ({
    path: inUrl(devicePaths('k8s', one).virtual),
    body: { vlansEnabled: true },
  }),
  profileTcpServer: (one) => ({
    path: inUrl(devicePaths('k8s', one).virtual),
    body: changeOf({ profile: 'serverside' }, 'virtual'),
  }),
};

/** Of a virtual server. */
function inUrl(path: string): string {
  return `/mgmt/tm/ltm/virtual/${path.replaceAll('/', '~')}`;
}

interface Changed {
  readonly one: Exposure;
  readonly paths: Readonly<Record<keyof typeof REST, string>>;
  readonly value: unknown;
}

function byHand(
  setting: SettingName,
  as3: SettingRow['as3'],
  { one, paths, value }: Changed,
): RowCase['byHand'] {
  const together = TOGETHER[setting]?.(one);
  if (together !== undefined) return [together];
  return (as3?.device ?? []).flatMap((effect) => {
    if (as3 === undefined || ('field' in effect && isAbsent(effect, value))) return [];
    const path = `/mgmt/tm/ltm/${REST[as3.object]}/${paths[as3.object].replaceAll('/', '~')}`;
    return [{ path, body: changeOf(effect, as3.object) }];
  });
}

function caseOf(
  setting: SettingName,
  row: SettingRow,
  value: unknown,
  at: { readonly mode: Mode; readonly number: number },
): RowCase {
  const { mode, number } = at;
  const settings = settingsFor(setting, value, mode);
  const one = exposure({
    address: `172.16.${101 + Math.floor(number / 200)}.${1 + (number % 200)}`,
    port: 443,
    protocol: mode === 'udp' ? 'udp' : 'tcp',
    settings,
  });
  const { virtual, pool } = devicePaths('k8s', one);
  const paths = { virtual, pool, address: `/k8s/${one.address}` };
  const { as3 } = row;
  const kinds = referencesIn(namedSettings(settings));
  return {
    name: `${setting} ${JSON.stringify(value)} in mode ${mode}`,
    setting,
    exposure: one,
    needed: kinds.flatMap(({ kind, path }) =>
      referenceKind(kind)
        .collections.slice(0, 1)
        .map((collection) => ({ collection, path })),
    ),
    modules: [
      ...kinds.flatMap(({ kind }) => {
        const { modules } = referenceKind(kind);
        return modules === undefined ? [] : [modules];
      }),
      ...(row.modules === undefined ? [] : [row.modules]),
    ],
    byHand: byHand(setting, as3, { one, paths, value }),
  };
}

/**
 * Whether this value leaves the field unchanged, as a keyword does with a field for pools of
 * routers.
 */
function isAbsent({ only }: Extract<DeviceEffect, { readonly field: string }>, value: unknown) {
  const isPath = typeof value === 'string' && value.startsWith('/');
  return (only === 'paths' && !isPath) || (only === 'words' && isPath);
}

/** Rows that describe what they change on the device; older rows do not. */
export const ROW_CASES: readonly RowCase[] = SETTING_ROWS.filter(
  ([, { as3 }]) => as3?.device !== undefined,
)
  .flatMap(([setting, row]) =>
    (row.modes ?? (['tcp', 'fastl4', 'http', 'https'] as const)).flatMap((mode) =>
      row.examples.map((value) => ({ setting, row, value, mode })),
    ),
  )
  .map(({ setting, row, value, mode }, number) => caseOf(setting, row, value, { mode, number }));

/** All these exposures, declared together. */
export function stateOf(cases: readonly RowCase[]): DeclaredState {
  return planPartition(
    'k8s',
    EMPTY_STATE,
    [
      slice(
        1,
        cases.map((one) => one.exposure),
      ),
    ],
    { sameFleet: () => false },
  ).next;
}

/** Paths of the virtual servers of a case, including the redirect. */
export function virtualsOf({ exposure: one }: RowCase): readonly string[] {
  return virtualPaths('k8s', one);
}
