/** One list/watch stream: lists, watches, and lists again if its revision expired. */
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { fullJitter } from './backoff.ts';
import type { KubernetesClient } from './client.ts';
import type { Discoverable } from './discovery.ts';
import { KubernetesError } from './error.ts';
import type { WatchFrame } from './frames.ts';
import { objectKey, type RawObject, type Resource } from './object.ts';
import { ObjectStore, type StreamChange } from './store.ts';
import { Figures, type RelistCause, type StreamFigures } from './stream-figures.ts';

/** A kind to watch, in any of the supported versions. */
export interface StreamKind extends Discoverable {
  readonly kind: string;
  readonly namespaced: boolean;
}

/** In milliseconds. */
export interface StreamTiming {
  /** Of the growing pauses after failures; the pause is a random part of the current maximum. */
  readonly backoff: { readonly base: number; readonly max: number };
  /**
   * Maximum duration of a watch, in whole seconds. Bookmarks are not guaranteed: a quiet kind may
   * get none for ten minutes, so silence means nothing, and a new watch from the same version is
   * free.
   */
  readonly watchMs: number;
  /** Additional time after which the client ends the watch, because the connection may be dead. */
  readonly overdueMs: number;
  /** Interval between checks for a kind that the cluster does not serve. */
  readonly rediscoverMs: number;
  /** A watch that ended earlier counts as a failure. */
  readonly shortMs: number;
  /** Interval of periodic complete lists. */
  readonly relistMs: number;
}

const TIMING_MS: StreamTiming = {
  backoff: { base: 500, max: 30_000 },
  watchMs: 60_000,
  overdueMs: 15_000,
  rediscoverMs: 30_000,
  shortMs: 1_000,
  relistMs: 30 * 60_000,
};
/**
 * Consecutive failures without a frame after which the version is discarded and a new list is made.
 */
const MAX_RESUMES = 2;

/** What is listed and watched, and how objects are converted before they are cached. */
export interface StreamOptions<T> {
  readonly client: KubernetesClient;
  readonly kind: StreamKind;
  /** Absent: all namespaces, or a kind without namespaces. */
  readonly namespace?: string | undefined;
  /** Read again for every list and watch, so a getter may change it. */
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** May throw: then the last readable state of the object stays in the store. */
  readonly normalise: (raw: RawObject) => T;
  /** Called for each object that was added, updated or deleted, also by a new list. */
  readonly onChange: (change: StreamChange<T>) => void;
  /** An optional kind: a refusal counts as an answer, and is retried occasionally. */
  readonly optional?: boolean | undefined;
  /** Called after every complete list. */
  readonly onListed?: (() => void) | undefined;
  /** Called whenever the cluster is found not to serve the kind. */
  readonly onUnserved?: (() => void) | undefined;
  /** Called after every failed attempt, before the next one. */
  readonly onFault?: ((error: unknown) => void) | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly timing?: Partial<StreamTiming> | undefined;
}

/**
 * `starting` until the first answer; `stale` after an interruption, until the stream follows again.
 */
export type StreamState = 'starting' | 'not-served' | 'denied' | 'live' | 'stale';

/** One kind of objects, listed and then watched, until it is stopped. */
export interface Stream<T> {
  /** Resolves when the kind was listed completely, or the cluster does not serve it. */
  readonly synced: Promise<void>;
  /** What was read so far; not complete before `synced`. */
  readonly store: ObjectStore<T>;
  readonly figures: StreamFigures;
  state(): StreamState;
  /** Returns at once; further calls have no effect. */
  start(): void;
  relist(): Promise<void>;
  /** Resolves when the stream has ended; callers that wait for a list are released. */
  stop(): Promise<void>;
}

/**
 * Lists, then watches from there; retries after any error. Errors of callbacks are logged, and the
 * stream continues.
 */
export function createStream<T>(options: StreamOptions<T>): Stream<T> {
  return new ListWatch(options);
}

class ListWatch<T> implements Stream<T> {
  readonly synced: Promise<void>;
  readonly store: ObjectStore<T>;
  readonly #options: StreamOptions<T>;
  readonly #timing: StreamTiming;
  readonly #abort = new AbortController();
  readonly #markSynced: () => void;
  #running: Promise<void> | undefined;
  #state: StreamState = 'starting';
  #resource: Resource | undefined;
  /** Version to watch from; undefined requests a list. */
  #version: string | undefined;
  /** Cause of the next list. */
  #cause: RelistCause = 'first';
  /** Callers that wait for a list that has not started. */
  #asked: (() => void)[] = [];
  /** Aborts the running list or watch for another list. */
  #round = new AbortController();
  #failures = 0;
  /** Lists since a watch was last answered. */
  #fruitless = 0;
  readonly figures: Figures;

  constructor(options: StreamOptions<T>) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#markSynced = resolve;
    this.#options = options;
    this.#timing = { ...TIMING_MS, ...options.timing };
    this.figures = new Figures(options.clock);
    this.store = new ObjectStore<T>((change) =>
      this.#guard('a change', () => options.onChange(change)),
    );
  }

  state(): StreamState {
    return this.#state;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the round under way and resolves after the next complete list, or at `stop`. */
  relist(): Promise<void> {
    if (this.#abort.signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#asked.push(resolve);
    this.#round.abort();
    return promise;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#round.abort();
    await this.#running;
    for (const resolve of this.#asked.splice(0)) resolve();
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      this.#round = new AbortController();
      if (this.#asked.length > 0) this.#forget('asked');
      try {
        await this.#step();
      } catch (error) {
        // The request for a list aborted the running one, which is not an error.
        if (!this.#round.signal.aborted)
          await (isDenial(error) && this.#options.optional === true
            ? this.#waitForRight(error)
            : this.#recover(error));
      }
    }
  }

  /** The next step starts with a list, and a periodic one finds a kind in its other group. */
  #forget(cause: RelistCause): void {
    if (this.#version !== undefined || cause === 'asked') this.#cause = cause;
    this.#version = undefined;
    if (cause === 'due' && this.#options.kind.otherGroup) this.#resource = undefined;
  }

  /**
   * One round: find the kind, list it if its version is unknown, and watch until the watch ends.
   */
  async #step(): Promise<void> {
    this.#resource ??= await this.#discover();
    if (this.#resource === undefined) return this.#waitForKind();
    if (this.#version === undefined) await this.#list(this.#resource);
    await this.#follow(this.#resource);
    if (this.#options.clock.monotonic() - this.figures.complete >= this.#timing.relistMs)
      this.#forget('due');
  }

  async #discover(): Promise<Resource | undefined> {
    const { client, kind } = this.#options;
    const served = await client.discover(kind, this.#round.signal);
    return served === undefined
      ? undefined
      : {
          ...served,
          plural: kind.plural,
          kind: kind.kind,
          namespaced: kind.namespaced,
        };
  }

  async #waitForKind(): Promise<void> {
    if (this.#state !== 'not-served')
      this.#options.log.info(
        { kind: this.#options.kind.kind, group: this.#options.kind.group },
        'the cluster does not serve this kind; waiting for it',
      );
    this.#state = 'not-served';
    this.#options.onUnserved?.();
    await this.#doWithout();
  }

  /** Waiting callers continue without it. */
  async #doWithout(): Promise<void> {
    this.figures.received(0);
    this.#markSynced();
    for (const resolve of this.#asked.splice(0)) resolve();
    await this.#pause(this.#timing.rediscoverMs * (0.75 + this.#options.random() / 2));
  }

  /** Objects that were read before stay. */
  async #waitForRight(error: KubernetesError): Promise<void> {
    const { kind, group } = this.#options.kind;
    if (this.#state !== 'denied')
      this.#options.log.warn(
        { kind, group, error: error.message },
        'this kind may not be read; verdicts and notes that depend on it are left out',
      );
    this.#state = 'denied';
    this.#forget('denied');
    await this.#doWithout();
  }

  async #list(resource: Resource): Promise<void> {
    const asked = this.#asked.splice(0);
    const listed = new Set<string>();
    let version = '';
    try {
      for await (const page of this.#options.client.pages(resource, this.#selection())) {
        for (const raw of page.items) listed.add(this.#put(raw));
        version = page.resourceVersion;
      }
    } catch (error) {
      // They wait for the next list, which starts later.
      this.#asked.push(...asked);
      throw error;
    }
    this.store.retain(listed);
    this.#version = version;
    this.figures.listed(this.#cause);
    this.#state = 'live';
    // If lists succeed but no watch is answered, the pauses still grow.
    this.#failures = this.#fruitless;
    this.#fruitless += 1;
    this.#guard('a complete list', () => this.#options.onListed?.());
    this.#markSynced();
    for (const resolve of asked) resolve();
  }

  async #follow(resource: Resource): Promise<void> {
    const { client, clock, random } = this.#options;
    const { watchMs: most, overdueMs: overdue } = this.#timing;
    const begun = clock.monotonic();
    let frames = 0;
    let ended = false;
    // Not all at the same time.
    const length = most * (0.75 + random() / 4);
    // Live again when the watch is answered: an attempt does not prove that the list was current.
    const received = (bytes: number): void => {
      this.#state = 'live';
      this.#fruitless = 0;
      this.figures.received(bytes);
    };
    const watch = client.watch(resource, {
      ...this.#selection(),
      received,
      resourceVersion: this.#version ?? '',
      timeoutSeconds: Math.max(1, Math.floor(length / 1_000)),
      longest: length + overdue,
      overdue: () => {
        ended = true;
      },
    });
    for await (const frame of watch) {
      frames += 1;
      this.#failures = 0;
      this.#take(frame);
    }
    if (frames > 0 || ended || clock.monotonic() - begun >= this.#timing.shortMs) {
      this.#failures = 0;
      return;
    }
    // A proxy that cuts quiet streams must not cause a busy loop.
    this.#failures += 1;
    await this.#pause(fullJitter(this.#failures, this.#timing.backoff, random));
  }

  #take(frame: WatchFrame): void {
    if (frame.type !== 'BOOKMARK') this.figures.event();
    const { resourceVersion } = frame.object.metadata;
    if (frame.type === 'DELETED')
      this.store.delete(objectKey(frame.object.metadata), resourceVersion);
    else if (frame.type !== 'BOOKMARK') this.#put(frame.object);
    if (resourceVersion !== undefined) this.#version = resourceVersion;
  }

  /** An unreadable object keeps its last readable state, because its absence is not proven. */
  #put(raw: RawObject): string {
    this.#guard(`${this.#options.kind.kind} ${objectKey(raw.metadata)}`, () =>
      this.store.put(raw, this.#options.normalise(raw)),
    );
    return objectKey(raw.metadata);
  }

  async #recover(error: unknown): Promise<void> {
    const { kind, log, random } = this.#options;
    this.#failures += 1;
    this.figures.interruptions += 1;
    this.#state = this.#state === 'live' ? 'stale' : this.#state;
    const cut = error instanceof KubernetesError && error.status === 0;
    // After a cut the history still exists, so continuing costs the server nothing. All other
    // errors start again.
    if (!cut || this.#failures > MAX_RESUMES) this.#forget(causeOf(error));
    if (error instanceof KubernetesError && error.status === 404) this.#resource = undefined;
    const asked = error instanceof KubernetesError ? (error.retryAfter ?? 0) : 0;
    // Expired history requires a list, and waiting does not help; but only once.
    const atOnce = causeOf(error) === 'expired' && this.#failures === 1;
    const pause = atOnce ? 0 : asked + fullJitter(this.#failures, this.#timing.backoff, random);
    log.warn(
      {
        kind: kind.kind,
        group: kind.group,
        error: String(error),
        pause,
        relist: this.#version === undefined,
      },
      'stream interrupted',
    );
    this.#guard('a fault', () => this.#options.onFault?.(error));
    await this.#pause(pause);
  }

  #selection(): {
    namespace: string | undefined;
    labelSelector: string | undefined;
    fieldSelector: string | undefined;
    signal: AbortSignal;
    received: (bytes: number) => void;
  } {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return {
      namespace,
      labelSelector,
      fieldSelector,
      signal: this.#round.signal,
      received: this.figures.received,
    };
  }

  #pause(ms: number): Promise<void> {
    return this.#options.clock.sleep(ms, this.#round.signal);
  }

  #guard(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.log.error(
        { kind: this.#options.kind.kind, error: String(error) },
        `${what} could not be processed`,
      );
    }
  }
}

/** Only 403: with 401, the credentials are wrong for everything, which is a fault and no answer. */
function isDenial(error: unknown): error is KubernetesError {
  return error instanceof KubernetesError && error.status === 403;
}

/** Why the next list is needed, for the counter of lists by cause. */
function causeOf(error: unknown): RelistCause {
  if (!(error instanceof KubernetesError)) return 'failed';
  if (error.status === 410) return 'expired';
  if (error.status === 401 || error.status === 403) return 'denied';
  return error.status === 404 ? 'unserved' : 'failed';
}
