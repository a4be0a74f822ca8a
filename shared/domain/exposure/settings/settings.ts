/** Schemas of settings, derived from the catalogue. */
import * as z from 'zod';
import { type Catalogue, SETTING_ROWS, type SettingName } from './catalogue/catalogue.ts';
import type { SettingRow } from './row.ts';

type HomeOf<K extends SettingName> = Catalogue[K]['home'];
/** Names of the rows with one of these homes. */
type NamesAt<Home> = { [K in SettingName]: HomeOf<K> extends Home ? K : never }[SettingName];
type SchemaOf<K extends SettingName> = Catalogue[K]['schema'];
type ProfileName = NamesAt<{ readonly profile: string }>;
type ProfileKey<K extends ProfileName> =
  HomeOf<K> extends { readonly profile: infer P extends string } ? P : never;
type Simplify<T> = { [K in keyof T]: T[K] } & {};

type Profiles = {
  [K in ProfileName as ProfileKey<K>]: z.ZodOptional<SchemaOf<K>>;
};
type InputShape = Simplify<
  {
    [K in Exclude<SettingName, NamesAt<'place'> | ProfileName>]: z.ZodOptional<SchemaOf<K>>;
  } & { profiles: z.ZodOptional<z.ZodObject<Profiles, z.core.$strict>> }
>;
type SettingsShape = Simplify<
  { [K in NamesAt<'always'>]: SchemaOf<K> } & {
    [K in NamesAt<'set'>]: z.ZodExactOptional<SchemaOf<K>>;
  } & { profiles: z.ZodObject<Profiles, z.core.$strict> }
>;

/** All settings of one exposure by name, so that each value has its own source. */
export type SourceSettings = {
  readonly [K in SettingName]: Readonly<z.infer<SchemaOf<K>>>;
};

/**
 * The key of the profile in the settings of an exposure; undefined if the setting is no profile.
 */
export function profileOf({ home }: SettingRow): string | undefined {
  return typeof home === 'object' && 'profile' in home ? home.profile : undefined;
}

/**
 * The keys of an object schema. The types above are computed from the catalogue, so that a new row
 * needs no change here.
 */
type Shape = Record<string, z.ZodType>;

/** How the rows of the catalogue become a shape. */
interface Making {
  readonly isIn: (row: SettingRow) => boolean;
  readonly schemaOf: (row: SettingRow) => z.ZodType;
  /** Combines the profiles into one object. */
  readonly profilesIn: (profiles: Shape) => z.ZodType;
}

/**
 * A schema is made when its key is first read, because there are hundreds, and most processes need
 * only one of the shapes.
 */
function withLazy(shape: Shape, key: string, make: () => z.ZodType): Shape {
  return Object.defineProperty(shape, key, { get: make, enumerable: true, configurable: true });
}

/** A schema shape; profiles are combined into one object at the place of the first. */
function shapeOf({ isIn, schemaOf, profilesIn }: Making): Shape {
  const shape: Shape = {};
  const profiles: Shape = {};
  for (const [name, row] of SETTING_ROWS.filter(([, one]) => isIn(one))) {
    const profile = profileOf(row);
    if (profile === undefined) withLazy(shape, name, () => schemaOf(row));
    else {
      withLazy(profiles, profile, () => schemaOf(row));
      withLazy(shape, 'profiles', () => profilesIn(profiles));
    }
  }
  return shape;
}

const inputShape = shapeOf({
  isIn: ({ home }) => home !== 'place',
  schemaOf: (row) => {
    const schema = row.schema.optional();
    return profileOf(row) === undefined ? schema.describe(row.help) : schema;
  },
  profilesIn: (profiles) => z.strictObject(profiles).optional().describe('Paths of profiles.'),
});

/** Settings in sluice.yaml, all optional. */
export const SettingsInput = z.strictObject(inputShape as InputShape);
export type SettingsInput = z.infer<typeof SettingsInput>;

const isDeclared = (row: SettingRow): boolean =>
  row.home === 'always' || row.home === 'set' || profileOf(row) !== undefined;

/** As stored, without defaults. */
function declaredSchema(row: SettingRow): z.ZodType {
  const { home, schema, declared = schema } = row;
  if (home === 'set') return z.exactOptional(declared);
  return profileOf(row) === undefined ? declared : declared.optional();
}

const declaredShape = shapeOf({
  isIn: isDeclared,
  schemaOf: declaredSchema,
  profilesIn: (profiles) => z.strictObject(profiles),
});

/** Data from before a setting existed gets the value that it implied. */
const storedShape = shapeOf({
  isIn: isDeclared,
  schemaOf: (row) => {
    const schema = declaredSchema(row);
    return row.before === undefined ? schema : schema.default(row.before);
  },
  profilesIn: (profiles) => z.strictObject(profiles),
});

/** Keys of the settings of an exposure, in the order of the schema. */
export const SETTING_KEYS = Object.keys(storedShape) as readonly (keyof Settings)[];

/** The settings of an exposure; equal for every cluster that shares it. */
export const Settings = z.strictObject(storedShape as SettingsShape);
export type Settings = z.infer<typeof Settings>;

/** Requested settings of an owner, without defaults, which would count as requests. */
export const RequestedSettings = z.strictObject(declaredShape as SettingsShape).partial();
