/** One open watch of the API server in one process, with its end on virtual time. */
import { ApiError } from '../../../infra/lab/kubernetes/errors.ts';
import { WatchFeed, type WatchPlace } from '../../../infra/lab/kubernetes/read/feed.ts';
import type { KubernetesObject } from '../../../infra/lab/kubernetes/types.ts';
import { errorFromStatus, unreachable } from '../../../shared/kubernetes/error.ts';
import type { RawObject, WatchFrame, WatchOptions } from '../../../shared/kubernetes/index.ts';
import type { TimedClock } from './clock.ts';

/** What is watched, and what the client asked for. */
export interface RigWatchOptions {
  readonly clock: TimedClock;
  /** For messages. */
  readonly what: string;
  readonly options: WatchOptions;
  readonly watched: WatchPlace;
  /** The object in the version of the client. */
  readonly shown: (object: KubernetesObject) => RawObject;
}

/** Frames wait here until the client takes them. */
export class RigWatch {
  readonly #given: RigWatchOptions;
  readonly #feed: WatchFeed;
  readonly #frames: WatchFrame[] = [];
  readonly #endings: (() => void)[] = [];
  #wake: (() => void) | undefined;
  #silent = false;
  #end: { readonly error?: unknown } | undefined;

  constructor(given: RigWatchOptions) {
    this.#given = given;
    const { clock, options, watched, shown } = given;
    this.#feed = new WatchFeed(watched, (type, object) =>
      this.#send({ type, object: shown(object) }),
    );
    options.received?.(0);
    try {
      this.#feed.begin();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#finish({ error: errorFromStatus(given.what, error.code, error.body) });
      return;
    }
    const abort = (): void => this.cut();
    options.signal?.addEventListener('abort', abort, { once: true });
    this.#endings.push(
      watched.store.listen((change) => this.#feed.tell(change)),
      () => options.signal?.removeEventListener('abort', abort),
      clock.after(options.timeoutSeconds * 1_000, () => {
        if (!this.#silent) this.#finish({});
      }),
      clock.after(options.longest, () => {
        options.overdue?.();
        this.#finish({});
      }),
    );
  }

  /** The next frame; undefined at the normal end. Throws when the connection broke. */
  async next(): Promise<WatchFrame | undefined> {
    while (this.#frames.length === 0 && this.#end === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const frame = this.#frames.shift();
    if (frame === undefined && this.#end?.error !== undefined) throw this.#end.error;
    return frame;
  }

  bookmark(): void {
    const { store, place } = this.#given.watched;
    const known = store.known(place.storage);
    if (known <= this.#feed.told) return;
    this.#feed.told = known;
    this.#send({
      type: 'BOOKMARK',
      object: { metadata: { name: '', resourceVersion: String(known) } },
    });
  }

  /** Stays open, and nothing arrives any more. */
  silence(): void {
    this.#silent = true;
  }

  cut(): void {
    this.#finish({ error: unreachable(this.#given.what, new Error('socket hang up')) });
  }

  /** The client does not read any more. */
  stop(): void {
    this.#finish({});
  }

  #send(frame: WatchFrame): void {
    if (this.#silent || this.#end !== undefined) return;
    this.#given.options.received?.(1);
    this.#frames.push(frame);
    this.#wake?.();
  }

  #finish(end: { readonly error?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const ending of this.#endings.splice(0)) ending();
    this.#wake?.();
  }
}
