/**
 * The settings of the catalogue that are a property of a virtual server: what AS3 takes, and what it
 * makes of it. The engine of F5 is compared with it in `tests/contract/bigip/rows-real.test.ts`.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import {
  SETTING_ROWS,
  type SettingName,
} from '../../../../shared/domain/exposure/settings/catalogue/catalogue.ts';
import {
  type ReferenceKind,
  referenceKind,
} from '../../../../shared/domain/exposure/settings/reference-kinds.ts';
import type {
  As3Property,
  DeviceEffect,
  SettingRow,
} from '../../../../shared/domain/exposure/settings/row.ts';
import type { Mode } from '../../../../shared/domain/exposure/settings/values.ts';
import { isObject, textOf } from '../json.ts';
import type { Json } from '../json.ts';
import { nameOf, partitionOf } from '../ltm/model.ts';
import type { Attached } from '../ltm/model.ts';

interface ServiceRow {
  readonly name: SettingName;
  readonly row: SettingRow;
  readonly as3: As3Property;
}

const ROWS: readonly ServiceRow[] = SETTING_ROWS.flatMap(([name, row]) =>
  row.as3?.object === 'virtual' ? [{ name, row, as3: row.as3 }] : [],
);

/** Paths instead of pointers. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return isObject(value) && 'bigip' in value ? value['bigip'] : value;
}

/** The value of a row in a property that several rows may share. */
function partOf(value: unknown, { key }: As3Property): unknown {
  if (key === undefined) return plain(value);
  return isObject(value) ? plain(value[key]) : undefined;
}

function propertySchema(rows: readonly ServiceRow[]): z.ZodType {
  const fits = (value: unknown): boolean =>
    rows.every(({ row, as3 }) => {
      const part = partOf(value, as3);
      return part === undefined || row.schema.safeParse(part).success;
    });
  return z.unknown().refine(fits, 'is NOT valid').optional();
}

/** The properties that a virtual server of this mode takes, except those that `known` has. */
export function serviceShape(mode: Mode, known: object): Readonly<Record<string, z.ZodType>> {
  const rows = ROWS.filter(
    ({ row, as3 }) => !(as3.property in known) && (row.modes?.includes(mode) ?? true),
  );
  return Object.fromEntries(
    [...Map.groupBy(rows, ({ as3 }) => as3.property)].map(([property, some]) => [
      property,
      propertySchema(some),
    ]),
  );
}

/** An object outside the declaration: where AS3 looks for it, and for which property. */
export interface Lookup {
  readonly collections: readonly string[];
  readonly path: string;
  readonly at: string;
}

function set(item: Json): readonly (ServiceRow & { readonly value: unknown })[] {
  return ROWS.flatMap((one) => {
    const value = partOf(item[one.as3.property], one.as3);
    const isAbsent = JSON.stringify(value) === JSON.stringify(one.as3.absent);
    return value === undefined || isAbsent ? [] : [{ ...one, value }];
  });
}

/** AS3 looks for these in its own way, or not at all. */
const NOT_LOOKED_UP: readonly ReferenceKind[] = ['persistence', 'snatPool', 'vlan'];

/** Objects of kinds that only the catalogue knows. */
export function lookupsOf(item: Json): readonly Lookup[] {
  return set(item).flatMap(({ row: { reference }, as3, value }) => {
    if (as3.device === undefined || reference === undefined) return [];
    if (NOT_LOOKED_UP.includes(reference)) return [];
    const { collections } = referenceKind(reference);
    const at = as3.key === undefined ? as3.property : `${as3.property}/${as3.key}`;
    return pathsIn(value).map((path) => ({ collections, path, at }));
  });
}

function pathsIn(value: unknown): readonly string[] {
  return [value].flat().filter((one): one is string => typeof one === 'string' && one[0] === '/');
}

/** What the settings add to a virtual server. */
export interface Additions {
  readonly profiles: readonly Attached[];
  readonly policies: readonly string[];
  readonly plain: Json;
}

/** Fields that the lab keeps typed, because something in it depends on them. */
const TYPED = new Set([
  'rateLimit',
  'autoLasthop',
  'translateAddress',
  'translatePort',
  'serviceDownImmediateAction',
]);

/** `path` is that of the virtual server. */
export function additionsOf(item: Json, path: string): Additions {
  const effects = set(item).flatMap(({ as3, value }) =>
    (as3.device ?? []).map((effect) => ({ effect, value })),
  );
  const clonePools = effects.flatMap(({ effect, value }) =>
    'clonePools' in effect
      ? pathsIn(value).map((pool) => ({ ...named(pool), context: effect.clonePools }))
      : [],
  );
  return {
    profiles: effects.flatMap(({ effect, value }) => profilesOf(effect, value)),
    policies: effects.flatMap(({ effect, value }) =>
      'policies' in effect
        ? effect.policies === 'waf'
          ? [`${folderOf(path)}/_WAF_${nameOf(path)}`]
          : pathsIn(value)
        : [],
    ),
    plain: {
      ...Object.fromEntries(effects.flatMap(({ effect, value }) => fieldOf(effect, value, path))),
      ...(clonePools.length > 0 && { clonePools }),
    },
  };
}

function profilesOf(effect: DeviceEffect, value: unknown): readonly Attached[] {
  if (!('profile' in effect)) return [];
  return [
    ...(effect.instead ?? pathsIn(value)).map((path) => ({ path, context: effect.profile })),
    ...(effect.others ?? []).map((path) => ({ path, context: 'all' as const })),
  ];
}

/** AS3 names what it makes for a path by its hash. */
function hashOf(path: string): string {
  return createHash('md5').update(path).digest('hex');
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function named(path: string): Json {
  return { name: nameOf(path), partition: partitionOf(path), fullPath: path };
}

function fieldOf(
  effect: DeviceEffect,
  value: unknown,
  path: string,
): readonly (readonly [string, unknown])[] {
  if (!('field' in effect) || TYPED.has(effect.field)) return [];
  const { field, key, values = {}, only, hashed } = effect;
  const isPath = typeof value === 'string' && value.startsWith('/');
  if ((only === 'paths' && !isPath) || only === 'words') return [];
  if (hashed === true) return [[field, `${folderOf(path)}/f5_appsvcs_${hashOf(textOf(value))}`]];
  const shown = values[textOf(value)] ?? value;
  return [[field, key === undefined ? shown : { [key]: shown }]];
}
