/**
 * Reads the fields of CIS's custom resources: those with a setting in the catalogue, and those with
 * a fate of their own. Unknown fields are reported, so none is dropped silently.
 */
import { isJsonObject, type JsonObject } from '../../../json-object.ts';
import { nearest } from '../../../text/nearest.ts';
import { SETTING_ROWS, type SettingName } from '../../settings/catalogue/catalogue.ts';
import type { CisField, CisPart } from '../../settings/row.ts';
import { sameValue } from '../../settings/values.ts';
import { blockImport, type Draft, reportLost } from './cis-draft.ts';
import { type Fate, FATES } from './cis-fates.ts';
import { isEmpty } from './cis-object.ts';

/** What to do with a field: one of a row, or one with a fate. */
type Entry =
  | { readonly setting: SettingName; readonly field: CisField; readonly rank: number }
  | { readonly fate: Fate };

/** The known fields of a part by path, such as `profiles.tcp.client`. */
type FieldTable = ReadonlyMap<string, Entry>;

/** If a field has both, the setting counts. */
function tableOf(part: CisPart): FieldTable {
  const settings = SETTING_ROWS.flatMap(([setting, { cis = [] }]) =>
    cis.flatMap((field, rank): readonly (readonly [string, Entry])[] =>
      field.parts.includes(part) ? [[field.field, { setting, field, rank }]] : [],
    ),
  );
  const fates = Object.entries(FATES[part]).map(([path, fate]): readonly [string, Entry] => [
    path,
    { fate },
  ]);
  return new Map([...fates, ...settings]);
}

const PARTS = Object.keys(FATES) as readonly CisPart[];

/** All known fields, for the import and for its documentation. */
export const CIS_FIELDS = new Map(PARTS.map((part) => [part, tableOf(part)]));

/** The fields of a part below a path, which is empty or ends with a dot. */
function fieldsBelow(part: CisPart, path: string): readonly (readonly [string, Entry])[] {
  return [...(CIS_FIELDS.get(part) ?? [])].filter(([field]) => field.startsWith(path));
}

/** Whether the virtual server must not be imported without the field. */
function isEssential(entry: Entry): boolean {
  return 'fate' in entry ? 'blocks' in entry.fate : entry.field.essential === true;
}

/** Whether a value sets nothing, as CIS's own tools write it. */
function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** Reads all fields of an object, which is `spec` of a resource or a pool. */
export function takeFields(draft: Draft, part: CisPart, values: JsonObject, prefix: string): void {
  walk(draft, { part, path: '' }, values, prefix);
}

/** A path in the table of a part; empty, or it ends with a dot. */
interface Place {
  readonly part: CisPart;
  readonly path: string;
}

/** One level of an object; `prefix` is the path for messages, `path` that in the table. */
function walk(draft: Draft, { part, path }: Place, values: JsonObject, prefix: string): void {
  for (const [key, value] of Object.entries(values)) {
    const shown = `${prefix}${key}`;
    const entry = CIS_FIELDS.get(part)?.get(`${path}${key}`);
    const below = { part, path: `${path}${key}.` };
    if (entry !== undefined) takeEntry(draft, entry, value, shown);
    else if (fieldsBelow(part, below.path).length > 0) takeNested(draft, below, value, shown);
    else tellUnknown(draft, { part, path }, key, shown);
  }
}

/** An object with known fields, or a list of which CIS uses the last one. */
function takeNested(draft: Draft, at: Place, value: unknown, shown: string): void {
  if (isUnset(value)) return;
  if (isJsonObject(value)) {
    walk(draft, at, value, `${shown}.`);
    return;
  }
  const list = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  const last = list.at(-1);
  if (list.length === 0) return;
  if (!Array.isArray(value) || !list.every(isJsonObject) || !isJsonObject(last)) {
    const inner = fieldsBelow(at.part, at.path);
    const names = [...new Set(inner.map(([field]) => field.slice(at.path.length).split('.')[0]))];
    const tell = inner.some(([, entry]) => isEssential(entry)) ? blockImport : reportLost;
    tell(draft, shown, `is not an object with ${names.join(', ')}`);
    return;
  }
  for (let i = 0; i < list.length - 1; i += 1)
    reportLost(draft, `${shown}[${i}]`, 'CIS uses the last entry of the list');
  walk(draft, at, last, `${shown}[${list.length - 1}].`);
}

/** Fates are applied to unset values too, because some say that there is nothing to report. */
function takeEntry(draft: Draft, entry: Entry, value: unknown, shown: string): void {
  if ('fate' in entry) meet(draft, entry.fate, value, shown);
  else if (!isUnset(value)) takeSetting(draft, entry, value, shown);
}

/** A field that blocks is only reported if it is empty: then it asks for nothing. */
function meet(draft: Draft, fate: Fate, value: unknown, shown: string): void {
  if ('becomes' in fate) return;
  if ('blocks' in fate) {
    (isEmpty(value) ? reportLost : blockImport)(draft, shown, fate.blocks);
    return;
  }
  const reason = fate.when === undefined ? fate.lost : fate.when(value);
  if (reason !== undefined) reportLost(draft, shown, reason);
}

/** What CIS applies to other virtual servers only. The field for TLS has one without beside it. */
function appliesHere(draft: Draft, { only }: CisField, shown: string): boolean {
  if (only === undefined || draft.applies === undefined) return true;
  const { kind, secure } = draft.applies;
  if (only === 'secure' || only === 'insecure') return secure === (only === 'secure');
  if (only !== kind) reportLost(draft, shown, `CIS does not apply it to a ${kind}`);
  return only === kind;
}

/** The value of a row's field. If several fields set one setting, the first of the row counts. */
function takeSetting(
  draft: Draft,
  { setting, field, rank }: Exclude<Entry, { fate: Fate }>,
  value: unknown,
  shown: string,
): void {
  if (!appliesHere(draft, field, shown)) return;
  const { value: taken, problems = [] } = field.read(value);
  const tell = field.essential === true ? blockImport : reportLost;
  for (const problem of problems) tell(draft, shown, problem);
  if (taken === undefined) {
    if (problems.length > 0) draft.unread.add(setting);
    return;
  }
  if (!countsHere(draft, setting, { rank, shown, taken })) return;
  draft.wanted[setting] = taken;
  draft.setBy[setting] = {
    object: draft.object,
    field: shown,
    rank,
    isEssential: field.essential === true,
  };
}

/** Of two fields for one setting, the other is reported if it has another value. */
function countsHere(
  draft: Draft,
  setting: SettingName,
  {
    rank,
    shown,
    taken,
  }: { readonly rank: number; readonly shown: string; readonly taken: unknown },
): boolean {
  const earlier = draft.setBy[setting];
  if (earlier === undefined) return true;
  const counts = earlier.rank > rank;
  const [first, second] = counts ? [shown, earlier.field] : [earlier.field, shown];
  if (!sameValue(draft.wanted[setting], taken))
    reportLost(draft, second, `sets the same as ${first}, which counts`);
  return counts;
}

/** A field of another kind of resource, or of none. */
function tellUnknown(draft: Draft, { part, path }: Place, key: string, shown: string): void {
  const name = `${path}${key}`;
  const known = PARTS.filter((one) => one !== 'pool').map((one) => ({
    part: one,
    entries: [...(CIS_FIELDS.get(one) ?? [])]
      .filter(([field]) => field === name || field.startsWith(`${name}.`))
      .map(([, entry]) => entry),
  }));
  const others = known.filter(({ entries }) => entries.length > 0);
  const kind = part === 'pool' ? 'a pool' : part;
  if (others.length > 0) {
    const tell = others.some(({ entries }) => entries.some(isEssential)) ? blockImport : reportLost;
    const kinds = others.map((one) => one.part).join(', ');
    tell(draft, shown, `is a field of ${kinds}, not of ${kind}, so CIS ignores it`);
    return;
  }
  const siblings = fieldsBelow(part, path).map(
    ([field]) => field.slice(path.length).split('.')[0] ?? '',
  );
  const meant = nearest(key, [...new Set(siblings)]);
  reportLost(
    draft,
    shown,
    meant === undefined
      ? `is not a field of ${kind} that Sluice knows`
      : `is not a field of ${kind}; did you mean ${meant}?`,
  );
}
