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
  /**
   * For the reference and the schema of sluice.yaml; also the help of every annotation of the row.
   */
  readonly help: string;
  /** Without `sluice.io/`. */
  readonly annotation: string;
  /** Annotations of F5 with the same meaning and the same values. */
  readonly aliases?: readonly string[];
  /** Which AS3 object has the property; default: the virtual server. */
  readonly object?: 'pool' | 'address';
  /** The property of AS3. */
  readonly property: string;
  /**
   * The property is an object, and the value is below this key, such as `egress` of `profileTCP`.
   */
  readonly key?: string;
  /**
   * What AS3 makes of it on the device, for the comparison with it; empty: code of its own, or no
   * comparison.
   */
  readonly device: readonly DeviceEffect[];
  /**
   * Modes whose class has the property. AS3 ignores it in others without a word, so Sluice refuses
   * it there (as3.md §9.7).
   */
  readonly modes?: readonly Mode[];
  /** Any of them must be provisioned; only for values, because references bring their modules. */
  readonly modules?: readonly ModuleName[];
  /** Fields of CIS's custom resources with the same meaning, the first that is set counts. */
  readonly cis?: readonly CisField[];
}

/** F5's names come after Sluice's own, so they lose if both are on one object. */
function annotationsOf(
  { help, annotation, aliases = [] }: Row,
  read: AnnotationReader,
): readonly { readonly name: string; readonly help: string; readonly read: AnnotationReader }[] {
  return [`sluice.io/${annotation}`, ...aliases].map((name) => ({ name, help, read }));
}

/** Optional parts are left out rather than undefined, which the types do not allow. */
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
