/**
 * Settings that are plain properties of AS3's virtual server and pool, written and read through the
 * catalogue.
 */
import {
  SETTING_ROWS,
  type SettingName,
} from '../../domain/exposure/settings/catalogue/catalogue.ts';
import { namedSettings } from '../../domain/exposure/settings/compose.ts';
import type { As3Property } from '../../domain/exposure/settings/row.ts';
import type { Settings } from '../../domain/exposure/settings/settings.ts';
import { sameValue } from '../../domain/exposure/settings/values.ts';

type Properties = readonly { readonly name: SettingName; readonly as3: As3Property }[];

function propertiesOf(object: As3Property['object']): Properties {
  return SETTING_ROWS.flatMap(([name, { as3 }]) => (as3?.object === object ? [{ name, as3 }] : []));
}

const PROPERTIES: Readonly<Record<As3Property['object'], Properties>> = {
  virtual: propertiesOf('virtual'),
  pool: propertiesOf('pool'),
};

/** Strings and numbers unchanged; paths as pointers to objects on the device. */
function written(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(written);
  return typeof value === 'string' && value.startsWith('/') ? { bigip: value } : value;
}

function read(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(read);
  return typeof value === 'object' && value !== null && 'bigip' in value ? value.bigip : value;
}

/** In the order of the catalogue. */
export function renderProperties(
  object: As3Property['object'],
  settings: Settings,
): Readonly<Record<string, unknown>> {
  const named = namedSettings(settings);
  return Object.fromEntries(
    PROPERTIES[object].flatMap(({ name, as3 }) => {
      const value = named[name];
      return value === undefined || sameValue(value, as3.absent)
        ? []
        : [[as3.property, written(value)]];
    }),
  );
}

/** The settings in the properties, by name; not validated. */
export function readProperties(
  object: As3Property['object'],
  declared: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    PROPERTIES[object].map(({ name, as3 }) => {
      const value = declared[as3.property];
      return [name, value === undefined ? as3.absent : read(value)];
    }),
  );
}
