/** Finds, archives and restores failures. */
import { ReplayError } from '../../failures/error.ts';
import { formatFilter, groupFailures, matchesFilter, parseFilter } from '../../failures/filter.ts';
import type { FailureGroup, GroupKey } from '../../failures/filter.ts';
import type { Failure, FailureHead, FailureStore } from '../../failures/port.ts';
import type { Author, OperationContext } from '../context.ts';

type StoreAndClock = Pick<OperationContext, 'store' | 'runtime'>;

/** Newest first. `words`: filter terms, such as `code:BIP421 since:2h`. */
export async function selectFailures(
  { store, runtime }: StoreAndClock,
  words: readonly string[],
): Promise<readonly FailureHead[]> {
  const filter = parseFilter(words, runtime.clock.now());
  return (await store.list()).filter((head) => matchesFilter(filter, head));
}

/** The data of `sluice failures list`. */
export interface FailureList {
  /** Number of matching failures. */
  readonly total: number;
  /** The first of them, up to the limit. */
  readonly failures: readonly FailureHead[];
}

/**
 * The newest failures that match the filter terms. Throws a {@link ReplayError} for an invalid
 * term.
 */
export async function listFailures(
  context: StoreAndClock,
  words: readonly string[],
  limit: number,
): Promise<FailureList> {
  const found = await selectFailures(context, words);
  return { total: found.length, failures: found.slice(0, limit) };
}

/** The data of `sluice failures groups`. */
export interface FailureGroups {
  readonly by: readonly GroupKey[];
  readonly groups: readonly FailureGroup[];
}

/** Counts the matching failures by the given properties. */
export async function countFailures(
  context: StoreAndClock,
  words: readonly string[],
  by: readonly GroupKey[],
): Promise<FailureGroups> {
  const filter = parseFilter(words, context.runtime.clock.now());
  return { by, groups: groupFailures(await selectFailures(context, words), by, filter) };
}

/** Finds a failure by its id or a unique prefix; throws if there is none, or more than one. */
export async function findFailure(store: FailureStore, id: string): Promise<Failure> {
  const exact = await store.get(id);
  if (exact) return exact;
  const similar = (await store.list()).filter((head) => head.id.startsWith(id));
  const only = similar.length === 1 ? await store.get(similar[0]!.id) : undefined;
  if (only) return only;
  throw new ReplayError(
    'RPL702',
    similar.length > 1
      ? `${id} matches ${similar.length} failures; write more characters of the id.`
      : `No failure ${id} in ${store.where}; "sluice failures list state:all" lists all failures.`,
  );
}

/** Failures to archive or restore, before it is done. */
export interface FailureMove {
  readonly what: 'archive' | 'restore';
  /** The filter as text. */
  readonly selection: string;
  readonly found: readonly FailureHead[];
}

/** The failures to archive or restore; throws if none matches. */
export async function planFailureMove(
  { store, runtime }: StoreAndClock,
  what: FailureMove['what'],
  words: readonly string[],
): Promise<FailureMove> {
  const filter = parseFilter(
    what === 'restore' ? [...words, 'state:archived'] : words,
    runtime.clock.now(),
  );
  const found = (await store.list()).filter((head) => matchesFilter(filter, head));
  const selection = formatFilter(filter);
  if (found.length === 0) throw new ReplayError('RPL705', `No failure matches "${selection}".`);
  return { what, selection, found };
}

/**
 * Returns the ids of the changed failures; those changed by another process in the meantime are
 * skipped.
 */
export async function moveFailures(
  { store, audit }: Pick<OperationContext, 'store' | 'audit'>,
  { what, selection, found }: FailureMove,
  { who, why }: Author,
): Promise<readonly string[]> {
  return audit.record({ who, action: `failures ${what}`, selection, why }, async () => {
    const changed = await store.change(
      found.map((head) => head.id),
      (head) => {
        if ((what === 'archive') === (head.state === 'archived')) return undefined;
        return what === 'archive'
          ? { state: 'archived', note: `archived by ${who}: ${why}` }
          : { state: 'open' };
      },
    );
    const value = changed.map(({ id }) => id);
    return { result: `${value.length} of ${found.length}`, value };
  });
}
