/** Makes the rows that differ only in names: a reference, a list of references, a plain value. */
import * as z from 'zod';
import { ANNOTATION_READERS, type AnnotationReader, readerOf } from '../annotation-values.ts';
import type { As3Property, CisField, DeviceEffect, SettingRow } from '../row.ts';
import type { ModuleName, ReferenceKind } from '../reference-kinds.ts';
import { DevicePath, type Mode } from '../values.ts';

/** A row whose schema is known, for the types that are derived from it. */
type RowOf<S extends z.ZodType> = SettingRow & { readonly schema: S; readonly home: 'set' };

/** What all these rows say. */
interface Row {
  readonly help: string;
  /** Without `sluice.io/`. */
  readonly annotation: string;
  /** Annotations of F5 with the same meaning and the same values. */
  readonly aliases?: readonly string[];
  readonly object?: 'pool' | 'address';
  /** The property of AS3. */
  readonly property: string;
  readonly key?: string;
  readonly device: readonly DeviceEffect[];
  readonly modes?: readonly Mode[];
  readonly modules?: readonly ModuleName[];
  readonly cis?: readonly CisField[];
}

function annotationsOf(
  { help, annotation, aliases = [] }: Row,
  read: AnnotationReader,
): readonly { readonly name: string; readonly help: string; readonly read: AnnotationReader }[] {
  return [`sluice.io/${annotation}`, ...aliases].map((name) => ({ name, help, read }));
}

function partsOf({
  help,
  modes,
  modules,
  cis,
}: Row): Pick<Row, 'help' | 'modes' | 'modules' | 'cis'> {
  return {
    help,
    ...(modes && { modes }),
    ...(modules && { modules }),
    ...(cis && { cis }),
  };
}

function as3Of({ object, property, key, device }: Row): As3Property {
  return { object: object ?? 'virtual', property, ...(key !== undefined && { key }), device };
}

/** A setting that is the path of one object on the device. */
export function pathRow(
  row: Row & { readonly reference: ReferenceKind; readonly example: string },
): RowOf<typeof DevicePath> {
  return {
    ...partsOf(row),
    schema: DevicePath,
    home: 'set',
    annotations: annotationsOf(row, ANNOTATION_READERS.path),
    as3: as3Of(row),
    reference: row.reference,
    examples: [row.example],
  };
}

/** A setting that is a list of paths; the empty list is the same as none. */
export function pathsRow(
  row: Row & {
    readonly reference: ReferenceKind;
    readonly example: readonly string[];
    readonly read?: AnnotationReader;
  },
): RowOf<z.ZodArray<typeof DevicePath>> {
  return {
    ...partsOf(row),
    schema: z.array(DevicePath),
    home: 'set',
    annotations: annotationsOf(row, row.read ?? ANNOTATION_READERS.paths),
    as3: { ...as3Of(row), absent: [] as readonly string[] },
    reference: row.reference,
    examples: [row.example],
  };
}

/** A setting that is a word, a number, or true or false; `absent` is AS3's default. */
export function plainRow<S extends z.ZodType>(
  row: Row & {
    readonly schema: S;
    readonly absent?: z.infer<S>;
    readonly examples: readonly [z.infer<S>, ...z.infer<S>[]];
  },
): RowOf<S> {
  return {
    ...partsOf(row),
    schema: row.schema,
    home: 'set',
    annotations: annotationsOf(row, readerOf(row.schema)),
    as3: { ...as3Of(row), absent: row.absent },
    examples: row.examples,
  };
}

/** The words of iControl REST for true and false. */
export const ENABLED = { true: 'enabled', false: 'disabled' } as const;
/** The words of other fields of iControl REST for true and false. */
export const YES = { true: 'yes', false: 'no' } as const;
