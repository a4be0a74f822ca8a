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
 * A schema shape with each row that has a schema here; profiles are combined into one object at the
 * place of the first.
 */
function shapeOf(
  schemaOf: (row: SettingRow) => z.ZodType | undefined,
  profilesIn: (profiles: Record<string, z.ZodType>) => z.ZodType,
): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = {};
  const profiles: Record<string, z.ZodType> = {};
  for (const [name, row] of SETTING_ROWS) {
    const schema = schemaOf(row);
    const profile = profileOf(row);
    if (schema === undefined) continue;
    if (profile === undefined) shape[name] = schema;
    else {
      profiles[profile] = schema;
      shape['profiles'] ??= z.any();
    }
  }
  // Already added at its place; now all keys are known.
  shape['profiles'] = profilesIn(profiles);
  return shape;
}

const inputShape = shapeOf(
  (row) => {
    if (row.home === 'place') return undefined;
    const schema = row.schema.optional();
    return profileOf(row) === undefined ? schema.describe(row.help) : schema;
  },
  (profiles) => z.strictObject(profiles).optional().describe('Paths of profiles.'),
);

/** Settings in sluice.yaml, all optional. */
export const SettingsInput = z.strictObject(inputShape as InputShape);
export type SettingsInput = z.infer<typeof SettingsInput>;

function declaredSchema({ home, schema, declared = schema }: SettingRow): z.ZodType | undefined {
  if (home === 'always') return declared;
  if (home === 'set') return z.exactOptional(declared);
  return typeof home === 'object' && 'profile' in home ? declared.optional() : undefined;
}

/** As stored, without defaults. */
const declaredShape = shapeOf(declaredSchema, (profiles) => z.strictObject(profiles));

/** Data from before a setting existed gets the value that it implied. */
const beforeShape = Object.fromEntries(
  SETTING_ROWS.flatMap(([name, { before }]) =>
    before === undefined ? [] : [[name, declaredShape[name]?.default(before)] as const],
  ),
);

/** The settings of an exposure; equal for every cluster that shares it. */
export const Settings = z.strictObject({ ...declaredShape, ...beforeShape } as SettingsShape);
export type Settings = z.infer<typeof Settings>;

/** Requested settings of an owner, without defaults, which would count as requests. */
export const SettingsWish = z.strictObject(declaredShape as SettingsShape).partial();
