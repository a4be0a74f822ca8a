/** Filters of failures as text: the words of the command line, which are also in the URL. Pure. */
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

/** The words of a filter. */
export function wordsIn(filter: string): readonly string[] {
  return filter.split(/\s+/).filter((word) => word !== '');
}

const PAUSE_MS = 40;
const PAUSE_IN_TERM_MS = 250;

/** Milliseconds after the last key until it is applied: half a term selects nothing, or is wrong. */
export function pauseAfter(text: string): number {
  return /:\S*$/.test(text) ? PAUSE_IN_TERM_MS : PAUSE_MS;
}

/** Replaces the term of a property, or adds it; a value with a space cannot be a term. */
export function withTerm(filter: string, key: string, value: string): string {
  if (/\s/.test(value) || value === '') return filter;
  const term = `${key}:${value}`;
  const words = wordsIn(filter);
  const at = words.findIndex((word) => word.startsWith(`${key}:`));
  return (at < 0 ? [...words, term] : words.with(at, term)).join(' ');
}

/** Without this word. */
export function withoutWord(filter: string, word: string): string {
  return wordsIn(filter)
    .filter((each) => each !== word)
    .join(' ');
}

/** The value of a property; the first one, if there are several terms. */
export function valueOf(filter: string, key: string): string | undefined {
  return wordsIn(filter)
    .find((word) => word.startsWith(`${key}:`))
    ?.slice(key.length + 1);
}

/** The filter of one group. What nothing is known of (`-`) cannot be selected by a term. */
export function filterOfGroup(
  filter: string,
  by: readonly string[],
  values: readonly string[],
): string {
  return by.reduce((words, key, i) => {
    const value = values[i] ?? '-';
    return value === '-' ? words : withTerm(words, key, value);
  }, filter);
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
