/** Rows of the table of drift that follow from the catalogue of settings. */
import { createHash } from 'node:crypto';
import { SETTING_ROWS } from '../../domain/exposure/settings/catalogue/catalogue.ts';
import type { As3Property, DeviceEffect } from '../../domain/exposure/settings/row.ts';
import {
  type DeclaredSettings,
  type DeclaredVirtual,
  type DriftRow,
  isItem,
  asList,
  type LiveItem,
  type LiveValue,
  objectPath,
  objectPaths,
  asText,
} from './row.ts';

/** The value of a setting, as a list of paths. */
export function pathsOfValue(value: unknown): readonly string[] {
  return [value].flat().filter((one): one is string => typeof one === 'string' && one[0] === '/');
}

/** Effects of the settings that have a value other than AS3's default. */
export function effectsIn(
  settings: DeclaredSettings,
): readonly { readonly effect: DeviceEffect; readonly value: unknown }[] {
  return EFFECTS.flatMap(({ name, as3, effect }) => {
    const value = settings[name];
    const isSet = value !== undefined && JSON.stringify(value) !== JSON.stringify(as3.absent);
    return isSet ? [{ effect, value }] : [];
  });
}

/** Every effect of every setting, flat, so that one pass over it answers for all settings. */
const EFFECTS = SETTING_ROWS.flatMap(([name, { as3 }]) =>
  as3 === undefined ? [] : (as3.device ?? []).map((effect) => ({ name, as3, effect }) as const),
);

/** `/Common/x`, or `/Common/x (clientside)`. */
export function inContext(path: string, context: unknown): string {
  return context === undefined || context === 'all' ? path : `${path} (${asText(context)})`;
}

/** Paths of the LTM policies that AS3 attaches for these settings. */
export function wantedPolicies({ settings, path }: DeclaredVirtual): readonly string[] {
  return effectsIn(settings)
    .flatMap(({ effect, value }) =>
      'policies' in effect
        ? effect.policies === 'waf'
          ? [`${path.slice(0, path.lastIndexOf('/'))}/_WAF_virtual`]
          : pathsOfValue(value)
        : [],
    )
    .toSorted();
}

/** Paths of the declared clone pools with their context, sorted. */
export function wantedClonePools({ settings }: DeclaredVirtual): readonly string[] {
  return effectsIn(settings)
    .flatMap(({ effect, value }) =>
      'clonePools' in effect
        ? pathsOfValue(value).map((path) => inContext(path, effect.clonePools))
        : [],
    )
    .toSorted();
}

/** The same for a virtual server on the device. */
export function liveClonePools({ clonePools }: LiveItem): readonly string[] {
  return asList(clonePools)
    .map((item) => inContext(objectPath(item), isItem(item) ? item['context'] : undefined))
    .toSorted();
}

type FieldEffect = Extract<DeviceEffect, { readonly field: string }>;

/** What the field holds for this value. */
function fieldValue(
  { values = {}, absent, only, hashed }: FieldEffect,
  value: unknown,
  folder: string,
): LiveValue | undefined {
  if (value === undefined) return absent;
  if (Array.isArray(value)) return value.length === 0 ? absent : pathsOfValue(value);
  const text = asText(typeof value === 'boolean' ? String(value) : value);
  if (hashed === true)
    return `${folder}/f5_appsvcs_${createHash('md5').update(text).digest('hex')}`;
  if (values[text] !== undefined) return values[text];
  const isPath = text.startsWith('/');
  if ((only === 'paths' && !isPath) || only === 'words') return absent;
  return typeof absent === 'number' ? Number(text) : text;
}

/**
 * What the device shows, in the form of `fieldValue`. A field that is missing counts like a setting
 * that is not set.
 */
function liveField({ field, key, absent }: FieldEffect, item: LiveItem): LiveValue | undefined {
  const holder = item[field];
  const value = key === undefined || !isItem(holder) ? holder : holder[key];
  if (value === undefined) return absent;
  if (Array.isArray(value)) return value.length === 0 ? absent : objectPaths(value);
  return typeof absent === 'number' ? Number(value) : objectPath(value);
}

/**
 * One row for each field that a setting decides. AS3 compares all of them, except the traffic group
 * that the partition has.
 */
export function settingRows<W>(
  object: As3Property['object'],
  declaredOf: (declared: W) => { readonly settings: DeclaredSettings; readonly path: string },
): readonly DriftRow<W>[] {
  return EFFECTS.flatMap(({ name, as3, effect }) => {
    if (as3.object !== object || !('field' in effect)) return [];
    const row: DriftRow<W> = {
      field: effect.field,
      words: effect.label,
      heal: 'declare',
      wanted: (declared) => {
        const { settings, path } = declaredOf(declared);
        const folder = path.slice(0, path.lastIndexOf('/'));
        return fieldValue(effect, settings[name] ?? as3.absent, folder);
      },
      live: (item) => liveField(effect, item),
    };
    return [row];
  });
}
