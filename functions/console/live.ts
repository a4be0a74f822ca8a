/**
 * Tells pages what changed, over connections that stay open. One look at the failure store serves
 * all of them, and without a connection nothing is looked at.
 */
import type { ReadSigns, StorePart, StoreSigns } from '../../shared/failures/signs.ts';
import { STORE_PARTS } from '../../shared/failures/signs.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';
import { Refused } from './http/problems.ts';

/** Rooms whose content may be another one. */
const ROOMS = {
  failures: ['now', 'failures', 'ports'],
  jobs: ['now', 'replay'],
  policies: ['replay'],
  asks: ['replay'],
  waiting: ['now', 'fleet'],
  views: ['now', 'ports', 'fleet'],
  verdicts: ['ports'],
  audit: ['audit'],
} as const satisfies Readonly<Record<StorePart, readonly string[]>>;

/** Between two looks for changes in the failure store. One look serves all connections. */
const LOOK_MS = 2_000;
/**
 * A page takes a longer silence for a dead connection; proxies cut quiet connections after 30 to 60
 * s.
 */
const BEAT_MS = 15_000;
/** Then the page connects again, with a session that still holds. */
const MAX_MS = 10 * 60_000;
/** One person may have several tabs and machines, but not without end. */
const MAX_OF_PERSON = 20;
/** Bounds memory; a page beyond this polls. */
const MAX_OF_ALL = 100;
/** Events that a page has not taken yet; one that takes none is dropped. */
const MAX_WAITING = 50;

/** One open connection of a person. `since` and `beat` by the monotonic clock. */
interface Listener {
  readonly who: string;
  readonly since: number;
  beat: number;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
}

/** Connections of pages. */
export interface Live {
  /** Server-sent events for one person. Throws a {@link Refused} if there are too many. */
  open(who: string): ReadableStream<Uint8Array>;
  /** Ends all connections. */
  stop(): void;
}

const textOf = (event: string, data: object): Uint8Array =>
  new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);

/** The rooms of all parts that differ, each once. */
function changedRooms(before: StoreSigns, after: StoreSigns): readonly string[] {
  const parts = STORE_PARTS.filter((part) => before[part] !== after[part]);
  return [...new Set(parts.flatMap((part) => ROOMS[part]))];
}

/** Those that listen, and what they are sent. */
class Listeners {
  readonly #all = new Set<Listener>();
  readonly #clock: Runtime['clock'];

  constructor(clock: Runtime['clock']) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Whether one more of this person would be too many. */
  isFullFor(who: string): boolean {
    const own = [...this.#all].filter((one) => one.who === who).length;
    return own >= MAX_OF_PERSON || this.#all.size >= MAX_OF_ALL;
  }

  /**
   * Opens a connection; its first beat is due at once, so that the page knows that it is connected.
   */
  add(who: string, controller: Listener['controller']): Listener {
    const since = this.#clock.monotonic();
    const listener = { who, since, beat: Number.NEGATIVE_INFINITY, controller };
    this.#all.add(listener);
    return listener;
  }

  /** It left by itself. */
  forget(listener: Listener): void {
    this.#all.delete(listener);
  }

  endAll(): void {
    for (const listener of this.#all) this.#end(listener);
  }

  /** Who listens for long is ended, so that it proves itself again. */
  tell(rooms: readonly string[]): void {
    const now = this.#clock.monotonic();
    for (const listener of this.#all) {
      if (rooms.length > 0) this.#send(listener, textOf('changed', { rooms }));
      if (now >= listener.beat + BEAT_MS) {
        listener.beat = now;
        this.#send(listener, textOf('beat', { at: this.#clock.now() }));
      }
      if (now >= listener.since + MAX_MS) this.#end(listener);
    }
  }

  /** Drops a connection that does not take its events, instead of keeping them in memory. */
  #send(listener: Listener, text: Uint8Array): void {
    if (!this.#all.has(listener)) return;
    if ((listener.controller.desiredSize ?? 0) < -MAX_WAITING) this.#end(listener);
    else listener.controller.enqueue(text);
  }

  #end(listener: Listener): void {
    if (this.#all.delete(listener)) listener.controller.close();
  }
}

/** `read`: of the failure store. */
export function createLive({ clock, log }: Pick<Runtime, 'clock' | 'log'>, read: ReadSigns): Live {
  const listeners = new Listeners(clock);
  const stopping = new AbortController();
  let isLooking = false;

  const look = async (): Promise<StoreSigns | undefined> => {
    try {
      return await read();
    } catch (error) {
      log.warn({ error: errorMessage(error) }, 'the console cannot look for changes');
      return undefined;
    }
  };
  const run = async (): Promise<void> => {
    isLooking = true;
    let known: StoreSigns | undefined;
    while (listeners.size > 0) {
      const found = await look();
      listeners.tell(known === undefined || found === undefined ? [] : changedRooms(known, found));
      known = found ?? known;
      await clock.sleep(LOOK_MS, stopping.signal);
    }
    isLooking = false;
  };
  const refuseMore = (who: string): void => {
    if (stopping.signal.aborted || listeners.isFullFor(who))
      throw new Refused(503, 'There are too many open pages. This one asks from time to time.');
  };
  return {
    open: (who) => {
      refuseMore(who);
      let own: Listener | undefined;
      const pull = (controller: Listener['controller']): void => {
        if (own !== undefined) return;
        refuseMore(who);
        own = listeners.add(who, controller);
        if (!isLooking) void run();
      };
      const cancel = (): void => {
        if (own !== undefined) listeners.forget(own);
      };
      // Only what somebody reads counts: the answer to HEAD, for instance, has no reader.
      return new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
    },
    stop: () => {
      stopping.abort();
      listeners.endAll();
    },
  };
}
