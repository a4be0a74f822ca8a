/** Filters of failures as text: the words of the command line, which are also in the URL. Pure. */
import { wordsIn } from '../../../../shared/domain/text/words.ts';
import type { GroupKey } from '../../../../shared/failures/filter.ts';

/** The properties by which failures are counted, in the order in which they are offered. */
export const GROUP_BY = [
  'code',
  'device',
  'cluster',
  'gateway',
  'namespace',
  'owner',
  'class',
  'queue',
  'state',
] as const satisfies readonly GroupKey[];

/** What is counted if nothing else is asked for. */
export const DEFAULT_BY: readonly GroupKey[] = ['code', 'device', 'cluster'];

/** Counts have at most so many properties. */
const MOST_KEYS = 4;

/** After the last key at the end of a term: the filter is complete. */
const PAUSE_MS = 40;
/** After the last key within a term such as `code:BIP4`, which is likely to go on. */
const PAUSE_IN_TERM_MS = 250;

/** Milliseconds after the last key until it is applied: half a term selects nothing, or is wrong. */
export function pauseAfter(text: string): number {
  return /:\S*$/.test(text) ? PAUSE_IN_TERM_MS : PAUSE_MS;
}

/** Whether `key:value` selects this value, and nothing else. */
const isTermValue = (value: string): boolean => value !== '' && !/[\s,]/.test(value);

/** With this term as the only one of its property; a value that cannot be a term changes nothing. */
export function withTerm(filter: string, key: string, value: string): string {
  if (!isTermValue(value)) return filter;
  const term = `${key}:${value}`;
  const words = wordsIn(filter);
  const at = words.findIndex((word) => word.startsWith(`${key}:`));
  const others = words.filter((word, i) => i === at || !word.startsWith(`${key}:`));
  return (at < 0 ? [...others, term] : others.with(at, term)).join(' ');
}

/** Without this word. */
export function withoutWord(filter: string, word: string): string {
  return wordsIn(filter)
    .filter((each) => each !== word)
    .join(' ');
}

/** The values of a property, as one term has them; undefined if no term names it. */
export function valueOf(filter: string, key: string): string | undefined {
  const values = wordsIn(filter)
    .filter((word) => word.startsWith(`${key}:`))
    .map((word) => word.slice(key.length + 1));
  return values.length === 0 ? undefined : values.join(',');
}

/** Selects what one group counts, and nothing else; undefined if no filter can. */
export function filterOfGroup(
  filter: string,
  by: readonly string[],
  values: readonly string[],
): string | undefined {
  if (!values.every(isTermValue)) return undefined;
  return by.reduce((words, key, i) => withTerm(words, key, values[i]!), filter);
}

/** Of the text in the URL; what is no property is left out. */
export function parseBy(text: string | undefined): readonly GroupKey[] {
  const wanted = (text ?? '').split(',');
  const known = GROUP_BY.filter((key) => wanted.includes(key)).toSorted(
    (a, b) => wanted.indexOf(a) - wanted.indexOf(b),
  );
  return known.length === 0 ? DEFAULT_BY : known.slice(0, MOST_KEYS);
}

/** Adds or removes a property; the oldest goes if there are too many, and one always stays. */
export function toggleBy(by: readonly GroupKey[], key: GroupKey): readonly GroupKey[] {
  if (!by.includes(key)) return [...by, key].slice(-MOST_KEYS);
  return by.length === 1 ? by : by.filter((each) => each !== key);
}
