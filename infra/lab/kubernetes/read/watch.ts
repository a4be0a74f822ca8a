/** One open watch: its initial events, its changes, and its end. */
import type { ServerResponse } from 'node:http';
import { ApiError } from '../errors.ts';
import type { Fields, KubernetesObject } from '../types.ts';
import { type WatchPlace, WatchFeed } from './feed.ts';

/** Where the watch begins and what it sends. `timeoutMs`: when the server ends it. */
export interface WatchConnectionOptions extends WatchPlace {
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
  readonly bookmarkMs: number;
  /** Writes the object in the format that the client requested. */
  readonly render: (object: KubernetesObject, first: boolean) => Fields;
  readonly bookmark: (revision: number, annotations?: Readonly<Record<string, string>>) => Fields;
}

/** The last bookmark is sent this long before the server ends a watch. */
const LAST_BOOKMARK_MS = 2000;

/**
 * A client that reads too slowly by this much is disconnected, as the real server does when its
 * buffer is full.
 */
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

/** Ends by itself at the timeout, or if the client reads too slowly. */
export class WatchConnection {
  readonly #options: WatchConnectionOptions;
  readonly #response: ServerResponse;
  readonly #endings: (() => void)[] = [];
  readonly #feed: WatchFeed;
  #sent = 0;
  #silent = false;
  #over = false;

  constructor(options: WatchConnectionOptions, response: ServerResponse) {
    this.#options = options;
    this.#response = response;
    this.#feed = new WatchFeed(options, (type, object) => this.#object(type, object));
    response.once('close', () => this.#stop());
  }

  start(): void {
    const { store, initialEvents, timeoutMs, bookmarkMs } = this.#options;
    this.#response.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-cache, private',
    });
    this.#response.flushHeaders();
    try {
      this.#feed.begin();
      if (initialEvents) this.#bookmark(store.revision, { 'k8s.io/initial-events-end': 'true' });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Once a watch is accepted, errors are sent inside the stream.
      this.#send('ERROR', error.body);
      return this.end();
    }
    this.#endings.push(store.listen((change) => this.#feed.tell(change)));
    const timers = [
      setTimeout(() => this.#expire(), timeoutMs),
      setInterval(() => this.bookmark(), bookmarkMs),
      ...(timeoutMs > LAST_BOOKMARK_MS
        ? [setTimeout(() => this.bookmark(), timeoutMs - LAST_BOOKMARK_MS)]
        : []),
    ];
    for (const timer of timers) timer.unref();
    this.#endings.push(() => timers.forEach((timer) => clearTimeout(timer)));
  }

  /**
   * Sends a bookmark if the client allows them and the watch cache of the kind is ahead of what the
   * client received.
   */
  bookmark(): void {
    const { store, place } = this.#options;
    const known = store.known(place.storage);
    if (known > this.#feed.told) this.#bookmark(known);
  }

  #bookmark(revision: number, annotations?: Readonly<Record<string, string>>): void {
    const { bookmarks, bookmark } = this.#options;
    if (bookmarks) this.#send('BOOKMARK', bookmark(revision, annotations));
    this.#feed.told = revision;
  }

  /** Stays open but silent, like a connection whose peer is gone. */
  silence(): void {
    this.#silent = true;
  }

  /** Breaks the connection without an error. */
  cut(): void {
    this.#response.destroy();
    this.#stop();
  }

  end(): void {
    this.#response.end();
    this.#stop();
  }

  #object(type: string, object: KubernetesObject): void {
    this.#send(type, this.#options.render(object, this.#sent === 0));
  }

  #send(type: string, object: unknown): void {
    if (this.#silent || this.#over) return;
    this.#sent += 1;
    this.#response.write(`${JSON.stringify({ type, object })}\n`);
    if (this.#response.writableLength > MAX_BUFFERED_BYTES) this.cut();
  }

  #expire(): void {
    if (!this.#silent) this.end();
  }

  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    for (const ending of this.#endings) ending();
  }
}
