/** The shapes of settings, all of them derived from the catalogue. */
import * as z from 'zod';
import { type Catalogue, SETTING_ROWS, type SettingName } from './catalogue/catalogue.ts';
import type { SettingRow } from './row.ts';

type HomeOf<K extends SettingName> = Catalogue[K]['home'];
/** The names of the rows whose home is one of these. */
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

/** Everything that a source can say about one exposure, flat, so that each value has its own source. */
export type SourceSettings = {
  readonly [K in SettingName]: Readonly<z.infer<SchemaOf<K>>>;
};

export function profileOf({ home }: SettingRow): string | undefined {
  return typeof home === 'object' && 'profile' in home ? home.profile : undefined;
}

/** A schema for each row that has one here, under its own name; those of profiles in an object where the first of them is. */
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
  // In its place already, now that all of its keys are known.
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

/** The settings of an exposure that a source of sluice.yaml may leave open. */
export const SettingsInput = z.strictObject(inputShape as InputShape);
export type SettingsInput = z.infer<typeof SettingsInput>;

function declaredSchema({ home, schema, declared = schema }: SettingRow): z.ZodType | undefined {
  if (home === 'always') return declared;
  if (home === 'set') return z.exactOptional(declared);
  return typeof home === 'object' && 'profile' in home ? declared.optional() : undefined;
}

/** As they are said by somebody: nothing is filled in where one is missing. */
const declaredShape = shapeOf(declaredSchema, (profiles) => z.strictObject(profiles));

/** What was written before there was such a setting lacks it, and meant this. */
const beforeShape = Object.fromEntries(
  SETTING_ROWS.flatMap(([name, { before }]) =>
    before === undefined ? [] : [[name, declaredShape[name]?.default(before)] as const],
  ),
);

/** How BIG-IP offers an exposure; the same for every cluster that shares it. */
export const Settings = z.strictObject({ ...declaredShape, ...beforeShape } as SettingsShape);
export type Settings = z.infer<typeof Settings>;

/** Some of them, as an owner wishes them: a default would be a wish that nobody has. */
export const SettingsWish = z.strictObject(declaredShape as SettingsShape).partial();
