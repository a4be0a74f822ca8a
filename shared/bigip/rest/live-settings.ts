/** Settings in live objects and their differences from the declaration, driven by the catalogue. */
import type * as z from 'zod';
import {
  type Catalogue,
  SETTING_ROWS,
  type SettingName,
} from '../../domain/exposure/settings/catalogue/catalogue.ts';
import { namedSettings } from '../../domain/exposure/settings/compose.ts';
import type { LiveField } from '../../domain/exposure/settings/row.ts';
import type { Settings } from '../../domain/exposure/settings/settings.ts';
import { sameValue } from '../../domain/exposure/settings/values.ts';

type LiveObject = LiveField['object'];
type FieldOf<Row, Of extends LiveObject> = Row extends {
  readonly live: { readonly object: Of; readonly field: infer Field extends string };
}
  ? Field
  : never;
type SchemaOf<Row> = Row extends { readonly live: { readonly schema: infer S extends z.ZodType } }
  ? S
  : never;
type LiveShape<Of extends LiveObject> = {
  [K in SettingName as FieldOf<Catalogue[K], Of>]: SchemaOf<Catalogue[K]>;
};

/** The fields of this kind of object that hold settings. */
export function liveShape<Of extends LiveObject>(object: Of): LiveShape<Of> {
  const fields = SETTING_ROWS.flatMap(([, { live }]) =>
    live?.object === object ? [[live.field, live.schema]] : [],
  );
  return Object.fromEntries(fields) as LiveShape<Of>;
}

/** Predicates about the object, one for each setting that differs and cannot be kept. */
export function settingDifferences(
  object: LiveObject,
  live: Readonly<Record<string, unknown>>,
  settings: Settings,
): readonly string[] {
  const named = namedSettings(settings);
  return SETTING_ROWS.flatMap(([name, { live: field, as3 }]) => {
    if (field?.object !== object || field.differs === undefined) return [];
    const there = live[field.field];
    const declared = named[name] ?? as3?.absent;
    return there === undefined || sameValue(there, declared) ? [] : field.differs(there, declared);
  });
}
