/**
 * Filters of failures, such as `cluster:east code:BIP421 since:2h`; the same syntax in commands,
 * jobs and links. Pure.
 */
import { wordsIn } from '../domain/text/words.ts';
import { parseOwner } from '../domain/snapshot/snapshot.ts';
import { FailureClass, FailureState } from './port.ts';
import type { FailureHead } from './port.ts';

/**
 * All conditions must hold; values of one condition are alternatives, and `-` is a property that is
 * not known of a failure.
 */
export interface FailureFilter {
  readonly code?: readonly string[];
  readonly class?: readonly string[];
  readonly cluster?: readonly string[];
  /** Namespace of the gateway, or of the ingress if no gateway is known. */
  readonly namespace?: readonly string[];
  readonly gateway?: readonly string[];
  readonly device?: readonly string[];
  readonly owner?: readonly string[];
  readonly queue?: readonly string[];
  /** Default: open failures. */
  readonly state?: readonly string[];
  readonly id?: readonly string[];
  /** Last seen at or after `since`, and before `until`; milliseconds since 1970. */
  readonly since?: number;
  readonly until?: number;
  /** Words that the message must contain. */
  readonly text?: readonly string[];
}

const LISTS = [
  'code',
  'class',
  'cluster',
  'namespace',
  'gateway',
  'device',
  'owner',
  'queue',
  'state',
  'id',
] as const;
type ListKey = (typeof LISTS)[number];
/** All but the state, which has a default and the value `all`. */
const PLAIN_LISTS = LISTS.filter((key) => key !== 'state');
/** Units of `since:2h`. */
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const CHOICES: Partial<Record<ListKey, readonly string[]>> = {
  class: FailureClass.options,
  state: [...FailureState.options, 'all'],
  queue: ['snapshots', 'slices'],
};

/** `key:a,b` terms; a word without a key is searched for in the message. */
export function parseFilter(words: readonly string[], now: number): FailureFilter {
  return words
    .flatMap(wordsIn)
    .reduce<FailureFilter>((filter, word) => addWord(filter, word, now), {});
}

/** Adds one term `key:value` or a word of the message. Throws for an unknown key or value. */
function addWord(filter: FailureFilter, word: string, now: number): FailureFilter {
  const cut = word.indexOf(':');
  const key = cut < 0 ? '' : word.slice(0, cut);
  const value = word.slice(cut + 1);
  if (key === 'since' || key === 'until') return { ...filter, [key]: parseTime(key, value, now) };
  if (!isList(key)) {
    if (/^[a-z]+$/.test(key))
      throw new Error(
        `filter ${word}: unknown field ${key}; known fields: ${[...LISTS, 'since', 'until'].join(', ')}`,
      );
    return { ...filter, text: [...(filter.text ?? []), word.toLowerCase()] };
  }
  const values = value.split(',').filter((v) => v !== '');
  const choices = CHOICES[key];
  const stranger = choices && values.find((v) => !choices.includes(v));
  if (values.length === 0 || stranger !== undefined)
    throw new Error(
      `filter ${word}: ${choices ? `${key} must be one of ${choices.join(', ')}` : 'the value is missing'}`,
    );
  return { ...filter, [key]: [...(filter[key] ?? []), ...values] };
}

function isList(key: string): key is ListKey {
  return (LISTS as readonly string[]).includes(key);
}

/** Relative such as `2h`, or absolute such as 2026-11-23T03:00Z. */
function parseTime(key: string, value: string, now: number): number {
  const ago = /^(\d+)([smhd])$/.exec(value);
  const at = ago
    ? now - Number(ago[1]) * UNIT_MS[ago[2] as keyof typeof UNIT_MS]
    : Date.parse(value);
  // A date has bounds.
  if (Number.isNaN(new Date(at).getTime()))
    throw new Error(
      `filter ${key}:${value}: must be a time such as 90s, 15m, 2h, 3d or 2026-11-23T03:00Z`,
    );
  return at;
}

/** Undefined if the owner is unknown. */
export function clusterOfFailure(head: Pick<FailureHead, 'owner'>): string | undefined {
  return head.owner === undefined ? undefined : parseOwner(head.owner).cluster;
}

/** Namespaces of its gateways, or of its ingress if no gateway is known. */
export function namespacesOfFailure(
  head: Pick<FailureHead, 'owner' | 'gateways'>,
): readonly string[] {
  if (head.gateways.length > 0)
    return [...new Set(head.gateways.map((gateway) => gateway.split('/')[0] ?? ''))];
  const namespace = head.owner === undefined ? '' : parseOwner(head.owner).ingress.namespace;
  return namespace === '' ? [] : [namespace];
}

/** What a property is called that is not known of a failure, in filters and groups. */
export const NOT_KNOWN = '-';

/** At least one. */
function valuesOf(head: FailureHead, key: ListKey): readonly string[] {
  if (key !== 'namespace' && key !== 'gateway')
    return [(key === 'cluster' ? clusterOfFailure(head) : head[key]) ?? NOT_KNOWN];
  const values = key === 'namespace' ? namespacesOfFailure(head) : head.gateways;
  return values.length === 0 ? [NOT_KNOWN] : values;
}

/**
 * Whether a failure matches all terms of the filter. Without a term `state`, only open failures
 * match.
 */
export function matchesFilter(filter: FailureFilter, head: FailureHead): boolean {
  const { state: states = ['open'], since = -Infinity, until = Infinity, text = [] } = filter;
  if (!states.includes('all') && !states.includes(head.state)) return false;
  if (head.last < since || head.last >= until) return false;
  if (text.some((word) => !head.sentence.toLowerCase().includes(word))) return false;
  return PLAIN_LISTS.every((key) => {
    const wanted = filter[key];
    return wanted === undefined || valuesOf(head, key).some((value) => wanted.includes(value));
  });
}

/** Formats the filter as terms, with absolute times, so that it keeps its meaning. */
export function formatFilter(filter: FailureFilter): string {
  const lists = LISTS.flatMap((key) =>
    filter[key] === undefined ? [] : [`${key}:${filter[key].join(',')}`],
  );
  const times = (['since', 'until'] as const).flatMap((key) =>
    filter[key] === undefined ? [] : [`${key}:${new Date(filter[key]).toISOString()}`],
  );
  return [...lists, ...times, ...(filter.text ?? [])].join(' ') || 'state:open';
}

/** The properties by which `sluice failures groups` can count. */
export const GROUP_KEYS = [
  'code',
  'class',
  'cluster',
  'namespace',
  'gateway',
  'device',
  'owner',
  'queue',
  'state',
] as const;
/** One of {@link GROUP_KEYS}. */
export type GroupKey = (typeof GROUP_KEYS)[number];

/** Failures with equal values of the grouping fields. */
export interface FailureGroup {
  /** In the order of the requested keys. */
  readonly values: readonly string[];
  /** Number of failures. */
  readonly failures: number;
  /** Total number of occurrences. */
  readonly seen: number;
  /** When the oldest of them was first seen; milliseconds since 1970. */
  readonly first: number;
  /** When one of them was last seen; milliseconds since 1970. */
  readonly last: number;
  /** Message of the newest failure. */
  readonly sentence: string;
}

/** Of failures that match the filter. Largest group first. */
export function groupFailures(
  heads: readonly FailureHead[],
  keys: readonly GroupKey[],
  filter: FailureFilter = {},
): readonly FailureGroup[] {
  const groups = new Map<
    string,
    {
      values: readonly string[];
      failures: number;
      seen: number;
      first: number;
      last: number;
      sentence: string;
    }
  >();
  for (const head of heads) {
    for (const values of combinations(head, keys, filter)) {
      const name = JSON.stringify(values);
      const group = groups.get(name) ?? {
        values,
        failures: 0,
        seen: 0,
        first: head.first,
        last: -Infinity,
        sentence: '',
      };
      if (head.last > group.last) group.sentence = head.sentence;
      group.failures += 1;
      group.seen += head.count;
      group.first = Math.min(group.first, head.first);
      group.last = Math.max(group.last, head.last);
      groups.set(name, group);
    }
  }
  return [...groups.values()].sort((a, b) => b.failures - a.failures || b.last - a.last);
}

/**
 * The groups of a failure that matches the filter: one for each combination, because it can have
 * several gateways. Those that the filter names are counted, if it names any, so that a filter of
 * each group exists.
 */
export function combinations(
  head: FailureHead,
  keys: readonly GroupKey[],
  filter: FailureFilter,
): readonly (readonly string[])[] {
  const all = keys.map((key) => {
    const values = valuesOf(head, key);
    const wanted = filter[key];
    return values.length === 1 || wanted === undefined
      ? values
      : values.filter((value) => wanted.includes(value));
  });
  // Nearly always; thousands are counted while somebody types.
  if (all.every(({ length }) => length === 1)) return [all.flat()];
  return all.reduce<readonly (readonly string[])[]>(
    (rows, values) => rows.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  );
}
