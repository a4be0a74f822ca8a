/** Faults of the API server, for tests. */
import { forbidden, ApiError, qualified } from './errors.ts';
import type { RequestInfo } from './http/request.ts';
import type { WatchConnection } from './read/watch.ts';
import type { VersionedStore } from './store.ts';

/** Selects requests. What is absent matches all. */
export interface FaultMatch {
  /** get, list, watch, create, update, patch, delete, deletecollection. */
  readonly verbs?: readonly string[];
  /** `services`, `gateways.networking.istio.io`. */
  readonly resource?: string;
  /** Empty: only requests for the whole cluster. */
  readonly namespace?: string;
}

/** What happens to a selected request. */
export type FaultEffect =
  | { readonly kind: 'deny' }
  | {
      readonly kind: 'fail';
      readonly code: number;
      readonly reason: string;
      readonly message: string;
    }
  /** Breaks the connection instead of answering. */
  | { readonly kind: 'cut' }
  /** Delays the answer. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Accepts the request and never answers; a watch stays open and silent. */
  | { readonly kind: 'hang' };

/** Faults of the API server that tests and the console of the lab cause. */
export interface ApiFaults {
  /** Applies a fault to all matching requests until the returned function is called. */
  add(match: FaultMatch, effect: FaultEffect): () => void;
  /** 403 for matching requests. */
  deny(match: FaultMatch): () => void;
  /** Discards the history: requests for an older resourceVersion get 410 Expired. */
  compact(): void;
  /**
   * 410 as an event in the stream, as the real server does (default), or as the status of the
   * answer, as some proxies and older servers do.
   */
  expireAs(how: 'event' | 'status'): void;
  /** Breaks open watches; returns their number. */
  cutWatches(match?: FaultMatch): number;
  /** Keeps open watches open and silent; returns their number. */
  silenceWatches(match?: FaultMatch): number;
  /** Updates etcd's progress, and sends a bookmark to every watch that allows them. */
  bookmark(): void;
  /** Number of matching requests, including refused ones. */
  requests(match?: FaultMatch): number;
  /** Number of open watches. */
  watches(match?: FaultMatch): number;
}

/** What is known of a request. */
type Asked = Pick<RequestInfo, 'verb' | 'resource' | 'namespace'>;
/** How an open watch is disturbed. */
type Disturbed = Pick<WatchConnection, 'cut' | 'silence' | 'bookmark'>;

interface OpenWatch {
  readonly info: Asked;
  readonly watch: Disturbed;
}

function applies(match: FaultMatch, info: Asked): boolean {
  const { verbs, resource, namespace } = match;
  if (verbs && !verbs.includes(info.verb)) return false;
  if (resource !== undefined && resource !== qualified(info.resource)) return false;
  return namespace === undefined || namespace === (info.namespace ?? '');
}

/** The faults, and what the server asks and reports about each request. */
export class FaultBoard implements ApiFaults {
  readonly #store: VersionedStore;
  readonly #rules = new Set<{ readonly match: FaultMatch; readonly effect: FaultEffect }>();
  readonly #open = new Set<OpenWatch>();
  /** By verb, resource and namespace. */
  readonly #counts = new Map<string, { readonly info: Asked; count: number }>();
  #expireAs: 'event' | 'status' = 'event';

  constructor(store: VersionedStore) {
    this.#store = store;
  }

  add(match: FaultMatch, effect: FaultEffect): () => void {
    const rule = { match, effect };
    this.#rules.add(rule);
    return () => void this.#rules.delete(rule);
  }

  deny(match: FaultMatch): () => void {
    return this.add(match, { kind: 'deny' });
  }

  compact(): void {
    this.#store.compact();
  }

  expireAs(how: 'event' | 'status'): void {
    this.#expireAs = how;
  }

  cutWatches(match: FaultMatch = {}): number {
    return this.#each(match, (watch) => watch.cut());
  }

  silenceWatches(match: FaultMatch = {}): number {
    return this.#each(match, (watch) => watch.silence());
  }

  bookmark(): void {
    this.#store.progress();
    this.#each({}, (watch) => watch.bookmark());
  }

  watches(match: FaultMatch = {}): number {
    return this.#each(match, () => undefined);
  }

  requests(match: FaultMatch = {}): number {
    return [...this.#counts.values()]
      .filter(({ info }) => applies(match, info))
      .reduce((sum, { count }) => sum + count, 0);
  }

  count(info: Asked): void {
    const key = `${info.verb} ${qualified(info.resource)} ${info.namespace ?? ''}`;
    const entry = this.#counts.get(key) ?? { info, count: 0 };
    entry.count += 1;
    this.#counts.set(key, entry);
  }

  get expiredAsStatus(): boolean {
    return this.#expireAs === 'status';
  }

  effectOn(info: Asked): FaultEffect | undefined {
    return [...this.#rules].find((rule) => applies(rule.match, info))?.effect;
  }

  /** Whether such a request would be refused with 403. */
  denies(info: Asked): boolean {
    return [...this.#rules].some(
      ({ match, effect }) => effect.kind === 'deny' && applies(match, info),
    );
  }

  register(info: Asked, watch: Disturbed): () => void {
    const entry = { info, watch };
    this.#open.add(entry);
    return () => void this.#open.delete(entry);
  }

  #each(match: FaultMatch, act: (watch: Disturbed) => void): number {
    const chosen = [...this.#open].filter(({ info }) => applies(match, info));
    for (const { watch } of chosen) act(watch);
    return chosen.length;
  }
}

/** The error of a fault, if it is one. */
export function errorOf(
  effect: FaultEffect,
  info: Asked & Pick<RequestInfo, 'name'>,
): ApiError | undefined {
  const { namespace, name } = info;
  if (effect.kind === 'deny')
    return forbidden(info.verb, info.resource, {
      ...(namespace && { namespace }),
      ...(name && { name }),
    });
  if (effect.kind === 'fail') return new ApiError(effect.code, effect.reason, effect.message);
  return undefined;
}
