/** The format of a row in the table of drift, and how rows are compared. */
import type { RepairMethod } from '../../device/difference.ts';
import type { As3Service } from '../as3/types.ts';

/** An object as iControl REST shows it. */
export type LiveItem = Readonly<Record<string, unknown>>;
/** A value that can be compared and shown. */
export type LiveValue = string | number | readonly string[];

/** One property of one kind of object; `W` is the part of the declaration that decides it. */
export interface DriftRow<W> {
  /** The property in iControl REST, for PATCH and for tests. */
  readonly field: string;
  /** Its name in messages. */
  readonly words: string;
  /**
   * `declare`: AS3 compares it, and the next declare restores it. `patch`: AS3 does not compare it,
   * or cannot restore it; one PATCH in the own partition does. `told`: Sluice does not write there.
   */
  readonly heal: RepairMethod;
  /** Undefined: the declaration does not decide it, so nothing is said. */
  readonly wanted: (declared: W) => LiveValue | undefined;
  /** Default: the field itself. Undefined: the device does not show it, so nothing is said. */
  readonly live?: (item: LiveItem) => LiveValue | undefined;
}

/** Settings by name, as their properties in the declaration have them. */
export type DeclaredSettings = Readonly<Record<string, unknown>>;

/** A virtual server with the paths that its declaration implies. */
export interface DeclaredVirtual {
  /** The object of class Service in the declaration, with AS3's property names. */
  readonly service: As3Service;
  readonly settings: DeclaredSettings;
  /** Full path of the virtual server; objects that AS3 makes beside it are named by it. */
  readonly path: string;
  /** Of IPv6. */
  readonly isLong: boolean;
}

/** Whether the value is an object, not a list. */
export function isItem(value: unknown): value is LiveItem {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Texts and numbers; anything else is no value of a property. */
export function asText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** The value, or an empty list. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** The path in `{bigip}`, in a reference of iControl REST, or the text itself. */
export function objectPath(value: unknown): string {
  if (!isItem(value)) return asText(value);
  if (typeof value['bigip'] === 'string') return value['bigip'];
  if (typeof value['fullPath'] === 'string') return value['fullPath'];
  const folder = value['subPath'] === undefined ? '' : `/${asText(value['subPath'])}`;
  return `/${asText(value['partition'] ?? 'Common')}${folder}/${asText(value['name'])}`;
}

/** The path of each object in a list. */
export function objectPaths(value: unknown): readonly string[] {
  return asList(value).map(objectPath);
}

/** A property whose live value is not the declared one. */
export interface PropertyDifference {
  /** As in {@link DriftRow}; the key of a PATCH that restores the value. */
  readonly field: string;
  /** A predicate about the object, such as `has snat none instead of automap`. */
  readonly message: string;
  readonly heal: RepairMethod;
  /** The declared value, as iControl REST takes it. */
  readonly wanted: LiveValue;
}

/** The rows whose live value differs; a field that the device does not show says nothing. */
export function compareRows<W>(
  rows: readonly DriftRow<W>[],
  declared: W,
  item: LiveItem,
): readonly PropertyDifference[] {
  return rows.flatMap(({ field, words, heal, wanted: want, live: read }) => {
    const live = read === undefined ? plain(item[field]) : read(item);
    const wanted = want(declared);
    if (live === undefined || wanted === undefined || same(live, wanted)) return [];
    const message = `has ${words} ${shown(live)} instead of ${shown(wanted)}`;
    return [{ field, message, heal, wanted }];
  });
}

/** Lists are compared in their order, so rows whose order does not matter sort both sides. */
function same(a: LiveValue, b: LiveValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Lists and objects need a row with `live` of its own, because REST shows them in several forms.
 */
function plain(value: unknown): LiveValue | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

/** A value for a message, cut at 100 characters: iRules and VLANs may be many. */
function shown(value: LiveValue): string {
  if (typeof value === 'number') return String(value);
  const words = typeof value === 'string' ? value : value.join(' ');
  return words === '' ? 'none' : words.length > 100 ? `${words.slice(0, 100)}…` : words;
}

type Constant = string | number;

/** A property that no setting changes: AS3 sets its default. */
export function fixedRow(
  field: string,
  words: string,
  value: Constant,
  heal: RepairMethod = 'declare',
): DriftRow<unknown> {
  return { field, words, heal, wanted: () => value };
}
