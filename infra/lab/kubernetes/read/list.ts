/** Lists, complete or in pages. All pages of a list show the same revision. */
import { badRequest, expired, resourceVersionTooLarge } from '../errors.ts';
import { isFields } from '../fields.ts';
import { type StorePlace, type VersionedStore, keyOf } from '../store.ts';
import type { KubernetesObject } from '../types.ts';
import type { Matcher } from './selectors.ts';

/** `token`: where the page before ended; empty for the first one. `limit`: 0 for all. */
export interface ListOptions {
  readonly place: StorePlace;
  readonly matches: Matcher;
  readonly limit: number;
  readonly token: string;
  readonly revision: string;
  readonly revisionMatch: string;
}

/** `remaining`: how many are left, if the API server would tell. */
export interface Page {
  readonly items: readonly KubernetesObject[];
  readonly revision: number;
  readonly token?: string;
  readonly remaining?: number;
}

interface Continuation {
  readonly rv: number;
  /** Key of the last object of the previous page. */
  readonly start: string;
}

function readToken(token: string): Continuation {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (isFields(parsed) && typeof parsed['rv'] === 'number' && typeof parsed['start'] === 'string')
      return { rv: parsed['rv'], start: parsed['start'] };
  } catch {
    // Handled below: a token that cannot be parsed was not created here.
  }
  const [first = ''] = Buffer.from(token, 'base64url').toString('latin1');
  throw badRequest(
    `invalid continue token: continue key is not valid: invalid character '${first}' looking for beginning of value`,
  );
}

/** The requested revision; no version and "0" mean the newest one. */
export function revisionOf(text: string, current: number): number {
  if (text === '' || text === '0') return current;
  const revision = Number(text);
  if (!Number.isSafeInteger(revision) || revision < 0)
    throw badRequest(`Invalid value: "${text}": invalid resourceVersion`);
  if (revision > current) throw resourceVersionTooLarge(revision, current);
  return revision;
}

function source(
  store: VersionedStore,
  options: ListOptions,
): {
  readonly revision: number;
  readonly all: readonly KubernetesObject[];
  readonly start: string;
} {
  const { place, token, revisionMatch } = options;
  if (token !== '') {
    const { rv, start } = readToken(token);
    return { revision: rv, all: snapshot(store, place, rv), start };
  }
  const asked = revisionOf(options.revision, store.revision);
  const exact = revisionMatch === 'Exact';
  if (exact && (options.revision === '' || options.revision === '0'))
    throw badRequest(
      'resourceVersionMatch: Forbidden: resourceVersionMatch "Exact" is forbidden for resourceVersion "0"',
    );
  return exact
    ? { revision: asked, all: snapshot(store, place, asked), start: '' }
    : { revision: store.revision, all: store.list(place), start: '' };
}

function snapshot(
  store: VersionedStore,
  place: StorePlace,
  revision: number,
): readonly KubernetesObject[] {
  try {
    return store.listAt(place, revision);
  } catch {
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. ' +
        'You can start a new list without the continue parameter.',
    );
  }
}

/** Throws 410 if the revision of the first page is gone. */
export function listPage(store: VersionedStore, options: ListOptions): Page {
  const { all, revision, start } = source(store, options);
  const rest = all.filter((object) => keyOf(object) > start && options.matches(object));
  const items = options.limit > 0 ? rest.slice(0, options.limit) : rest;
  const last = items.at(-1);
  if (items.length === rest.length || !last) return { items, revision };
  const token = Buffer.from(JSON.stringify({ rv: revision, start: keyOf(last) })).toString(
    'base64url',
  );
  return { items, revision, token, remaining: rest.length - items.length };
}
