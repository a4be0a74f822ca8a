/**
 * Settings that are plain properties of AS3's virtual server, pool and virtual address, written and
 * read through the catalogue.
 */
import {
  SETTING_ROWS,
  type SettingName,
} from '../../domain/exposure/settings/catalogue/catalogue.ts';
import { namedSettings } from '../../domain/exposure/settings/compose.ts';
import type { As3Property } from '../../domain/exposure/settings/row.ts';
import type { Settings } from '../../domain/exposure/settings/settings.ts';
import { sameValue } from '../../domain/exposure/settings/values.ts';

/** A setting and the AS3 property that it becomes. */
interface Property {
  readonly name: SettingName;
  readonly as3: As3Property;
}
type Values = Readonly<Record<string, unknown>>;

function propertiesOf(object: As3Property['object']): ReadonlyMap<string, readonly Property[]> {
  const rows = SETTING_ROWS.flatMap(([name, { as3 }]) =>
    as3?.object === object ? [{ name, as3 }] : [],
  );
  return Map.groupBy(rows, ({ as3 }) => as3.property);
}

/** By the property, which several rows may share. */
const PROPERTIES: Readonly<
  Record<As3Property['object'], ReadonlyMap<string, readonly Property[]>>
> = {
  virtual: propertiesOf('virtual'),
  pool: propertiesOf('pool'),
  address: propertiesOf('address'),
};

/** Strings, numbers and booleans unchanged; paths as pointers to objects on the device. */
function written(value: unknown, as3: As3Property): unknown {
  if (Array.isArray(value)) return value.map((one) => written(one, as3));
  const isPointer = typeof value === 'string' && value.startsWith('/') && as3.text !== true;
  return isPointer ? { bigip: value } : value;
}

/**
 * A value as settings have it: AS3 writes references to objects on the device as `{ bigip: path }`.
 */
function read(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(read);
  return isTable(value) && 'bigip' in value ? value['bigip'] : value;
}

function isTable(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSet({ name, as3 }: Property, named: Values): boolean {
  const value = named[name];
  return value !== undefined && !sameValue(value, as3.absent);
}

/** The property with the values of all its rows; some are set. */
function writtenTogether(rows: readonly Property[], named: Values): unknown {
  const set = rows
    .filter((row) => isSet(row, named))
    .map(({ name, as3 }) => ({ as3, value: written(named[name], as3) }));
  const keyed = set.flatMap(({ as3, value }) =>
    as3.key === undefined ? [] : [[as3.key, value] as const],
  );
  const plain = set.find(({ as3 }) => as3.key === undefined)?.value;
  if (keyed.length === 0) return plain;
  const whole = rows.find(({ as3 }) => as3.whole !== undefined)?.as3.whole;
  return {
    ...(whole && { [whole.key]: plain ?? whole.usual }),
    ...Object.fromEntries(keyed),
  };
}

/** In the order of the catalogue. */
export function renderProperties(object: As3Property['object'], settings: Settings): Values {
  const named = namedSettings(settings);
  const rendered: Record<string, unknown> = {};
  // Most properties are not set.
  for (const [property, rows] of PROPERTIES[object])
    if (rows.some((row) => isSet(row, named))) rendered[property] = writtenTogether(rows, named);
  return rendered;
}

/** The value of one row in a property, which may be an object with keys. */
function readPart(value: unknown, { key, whole }: As3Property): unknown {
  const isDivided = isTable(value) && !('bigip' in value);
  if (key !== undefined) return isDivided ? value[key] : undefined;
  if (!isDivided || whole === undefined) return value;
  return value[whole.key] === whole.usual ? undefined : value[whole.key];
}

/** The settings in the properties, by name; not validated. */
export function readProperties(object: As3Property['object'], declared: Values): Values {
  return Object.fromEntries(
    [...PROPERTIES[object].values()].flat().map(({ name, as3 }) => {
      const value = readPart(declared[as3.property], as3);
      return [name, value === undefined ? as3.absent : read(value)];
    }),
  );
}
