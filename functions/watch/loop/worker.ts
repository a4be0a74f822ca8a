/**
 * The loop of one task: everything that the watcher writes is reconciled by such workers, each
 * apart from the others.
 */
import { fullJitter } from '../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { RETRY_BACKOFF_MS } from './retry.ts';
import { Signal } from './signal.ts';

/** One repeated task. `name` appears in the log. */
export interface WorkerOptions {
  /** A phrase such as `reporting results`, for `<name> failed; retrying`. */
  readonly name: string;
  /** Pauses are measured by its monotonic time. */
  readonly clock: Clock;
  /** From 0 to 1, for the pauses after failures. */
  readonly random: () => number;
  readonly log: Logger;
  /**
   * Reconciles; may be called at any time. Returns the milliseconds until the next run, if one is
   * needed.
   */
  readonly work: () => Promise<number | undefined>;
}

/** A day, because timers of Node overflow at 25 days and then fire at once. */
const LONGEST_TIMER_MS = 86_400_000;

/** Runs `work` when requested, one run at a time, with retries after failures. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #wake: Signal;
  #poked = false;
  #stopping = false;
  #failures = 0;
  #due = Number.POSITIVE_INFINITY;
  #waiting: ((runAndWait: boolean) => void)[] = [];
  #running: Promise<void> | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#wake = new Signal(options.clock);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Requests a run. Requests that come during a run lead to one more, however many they are. */
  enqueue(): void {
    this.#poked = true;
    this.#wake.notify();
  }

  /**
   * Like `enqueue`; true when a run that started after this call succeeded, false if it failed or
   * the worker stops.
   */
  done(): Promise<boolean> {
    if (this.#stopping) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push(resolve);
    this.enqueue();
    return promise;
  }

  /** Finishes requested work once, and ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake.notify();
    await this.#running;
    for (const resolve of this.#waiting.splice(0)) resolve(false);
  }

  /**
   * Runs the work when it is due or requested, one run at a time. A request while stopping is still
   * served once.
   */
  async #run(): Promise<void> {
    for (;;) {
      const pause = this.#poked ? 0 : this.#due - this.#options.clock.monotonic();
      if (pause > 0 && !this.#stopping) {
        await this.#wake.wait(Math.min(pause, LONGEST_TIMER_MS));
        continue;
      }
      if (this.#poked || !this.#stopping) await this.#once();
      if (this.#stopping) return;
    }
  }

  /** Callers that arrive during the run wait for the next one. */
  async #once(): Promise<void> {
    const { name, clock, random, log, work } = this.#options;
    const waiting = this.#waiting.splice(0);
    this.#poked = false;
    try {
      const again = await work();
      this.#failures = 0;
      this.#due = again === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() + again;
      for (const resolve of waiting) resolve(true);
    } catch (error) {
      this.#failures += 1;
      const pause = fullJitter(this.#failures, RETRY_BACKOFF_MS, random);
      this.#due = clock.monotonic() + pause;
      log.warn(
        { error: String(error), attempt: this.#failures, pause },
        `${name} failed; retrying`,
      );
      for (const resolve of waiting) resolve(false);
    }
  }
}
