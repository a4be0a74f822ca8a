/** Wakes receivers when a message arrives, also from another process. */
import type { Clock } from '../../runtime/clock.ts';
import type { QueueName } from '../port.ts';
import type { WriteListener } from './writes.ts';

/** Wakes the receivers of this process when there may be something to receive. */
export interface WakeUp extends WriteListener {
  /** Wakes every `wait` for this queue. */
  ring(name: QueueName): void;
  /** Resolves after `ms`, or when the queue is rung, another process changed the file, or `signal` fires. */
  wait(name: QueueName, ms: number, signal?: AbortSignal): Promise<void>;
}

/** Milliseconds without a message after which the file is looked at less often. */
const REST_AFTER_MS = 10_000;
/** Intervals between two looks at rest: waking a process costs more than the look itself. */
const REST_FACTOR = 5;
/** The same once a write was heard, so that looks are only needed if the next one is not. */
const HEARING_REST_FACTOR = 100;

/**
 * `changed` is called every `poll` milliseconds while anything waits, and less often at rest; true
 * wakes everything.
 */
export interface WakeUpOptions {
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  /** Milliseconds between two looks at the file. */
  readonly poll: number;
  /** Whether another process wrote to the file since the last call. */
  readonly changed: () => boolean;
}

interface Waiter {
  readonly name: QueueName;
  /** By the monotonic clock. */
  readonly until: number;
  readonly wake: () => void;
}

/** One timer and one look at the file serve all receivers of the process. */
export function createWakeUp(options: WakeUpOptions): WakeUp {
  return new Bell(options);
}

class Bell implements WakeUp {
  readonly #options: WakeUpOptions;
  readonly #waiting = new Set<Waiter>();
  #running = false;
  /** By the monotonic clock, as all times here. */
  #nextLook = 0;
  #nextAlarm = 0;
  #lastUse: number;
  #alarm = new AbortController();
  /** A write was reported, so the operating system reports writes. */
  #hears = false;

  constructor(options: WakeUpOptions) {
    this.#options = options;
    this.#lastUse = options.clock.monotonic();
  }

  ring(name: QueueName): void {
    this.#lastUse = this.#options.clock.monotonic();
    this.#wake((waiter) => waiter.name === name);
  }

  /** Resolves at a ring for the queue, after `ms` milliseconds, or at the signal. */
  wait(name: QueueName, ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      name,
      until: this.#options.clock.monotonic() + ms,
      wake: () => {
        this.#waiting.delete(waiter);
        signal?.removeEventListener('abort', stop);
        resolve();
      },
    };
    // A process that stops has no timer left to wait for.
    const stop = (): void => {
      waiter.wake();
      if (this.#waiting.size === 0) this.#alarm.abort();
    };
    signal?.addEventListener('abort', stop, { once: true });
    this.#waiting.add(waiter);
    if (!this.#running) void this.#run();
    else if (waiter.until < this.#nextAlarm) this.#alarm.abort();
    return promise;
  }

  heard(): void {
    this.#hears = true;
    this.#lookSoon();
  }

  deafened(): void {
    this.#hears = false;
    this.#lookSoon();
  }

  #lookSoon(): void {
    const now = this.#options.clock.monotonic();
    this.#lastUse = now;
    // Not at once, because the write may not be readable yet.
    const look = now + this.#options.poll;
    if (look >= this.#nextLook) return;
    this.#nextLook = look;
    if (look < this.#nextAlarm) this.#alarm.abort();
  }

  async #run(): Promise<void> {
    const { clock, changed } = this.#options;
    this.#running = true;
    this.#nextLook = clock.monotonic() + this.#interval(clock.monotonic());
    while (this.#waiting.size > 0) {
      const ends = Array.from(this.#waiting, ({ until }) => until);
      this.#nextAlarm = Math.min(this.#nextLook, ...ends);
      await clock.sleep(Math.max(1, this.#nextAlarm - clock.monotonic()), this.#alarm.signal);
      if (this.#alarm.signal.aborted) this.#alarm = new AbortController();
      const now = clock.monotonic();
      if (now >= this.#nextLook) {
        if (changed()) {
          this.#lastUse = now;
          this.#wake(() => true);
        }
        this.#nextLook = now + this.#interval(now);
      }
      this.#wake(({ until }) => until <= now);
    }
    this.#running = false;
  }

  #interval(now: number): number {
    const { poll } = this.#options;
    if (now - this.#lastUse < REST_AFTER_MS) return poll;
    return poll * (this.#hears ? HEARING_REST_FACTOR : REST_FACTOR);
  }

  #wake(which: (waiter: Waiter) => boolean): void {
    for (const waiter of [...this.#waiting].filter(which)) waiter.wake();
  }
}
