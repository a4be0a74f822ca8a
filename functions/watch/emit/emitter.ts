/** Decides when the next snapshot of one ingress is sent, and sends it. */
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Revision } from '../../../shared/domain/revision.ts';
import { fullJitter } from '../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { SettlementTracker, type Settlement } from './settlement-tracker.ts';
import { ChangeLog } from './change-log.ts';
import { dropsServers, sameContent, type Content } from './snapshot-content.ts';
import { Debounce, type DebounceLimits } from './debounce.ts';
import { RETRY_BACKOFF_MS } from '../loop/retry.ts';
import { Signal } from '../loop/signal.ts';

/** Milliseconds to wait for the result of a snapshot before the next one is sent anyway. */
const UNSETTLED_MS = 60_000;
/** Milliseconds to wait for a Service port that is being written, so that it is in the snapshot. */
const PORT_WAIT_MS = 300;
/**
 * From so many changes on, a snapshot probably takes several declares; 100 new exposures are the
 * first step of a BIG-IP.
 */
const MANY_CHANGES = 100;
/**
 * Changes that do not wait for quiet: as many new ports, each a Gateway and its route, as fill the
 * first step. A device that is free declares them while the others are still written.
 */
const ENOUGH_CHANGES = 2 * MANY_CHANGES;
/** Snapshots that may go out without the result of the one before. */
const MAX_AHEAD = 3;
/** Milliseconds that the one more after a large snapshot waits for quiet; a declare takes longer. */
const LONG_QUIET_MS = 2_500;
/** Timers are limited to 32 bits. */
const LONGEST_TIMER_MS = 86_400_000;

/** How content is collected, debounced and sent for one ingress. */
export interface EmitterOptions {
  /** Debounce and waiting are measured by its monotonic time. */
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Milliseconds. */
  readonly debounce: DebounceLimits;
  /** The newest content; undefined if there is nothing to send. */
  readonly content: () => Content | undefined;
  /** Resolves when the queue has stored it. */
  readonly send: (content: Content, changes: readonly Change[]) => Promise<Revision>;
  /** Called after each debounce, whether or not a snapshot may be sent yet. */
  readonly observed: () => void;
  /** Whether a Service port that the content needs is being written; default: never. */
  readonly awaitsPort?: () => boolean;
  /** Finds out which Service ports the content needs, if that is not known yet. */
  readonly planPorts?: () => void;
  /** Whether only what Sluice wrote itself differs, without effect on BIG-IP; default: never. */
  readonly isOwnWrite?: (sent: Content, content: Content) => boolean;
}

/** The last snapshot, without a result so far. */
interface Unsettled {
  readonly revision: Revision;
  /** Monotonic time until which the next one waits for the result. */
  readonly until: number;
  /** The next one need not wait for the result. */
  readonly isLarge: boolean;
  /** Snapshots before it without a result. */
  readonly ahead: number;
}

/**
 * Sends the snapshots of one ingress: at most one pending and one unconfirmed, except for removed
 * members and for one more after a large one, which apply takes between its declares. After any
 * failure, the next attempt sends the newest content, so nothing accumulates and nothing is lost.
 */
export class Emitter {
  readonly #options: EmitterOptions;
  readonly #wake: Signal;
  readonly #debounce: Debounce;
  readonly #changes = new ChangeLog();
  /** Changes since the last attempt. */
  #noted = 0;
  #force = false;
  /** A member was removed: waiting for the last result would cost connections. */
  #urgent = false;
  #stopping = false;
  /** The debounce of the latest change is over. */
  #observed = true;
  #failures = 0;
  /** The snapshot is due and waits for a Service port, until then at most. */
  #heldUntil: number | undefined;
  #sent: Content | undefined;
  #unsettled: Unsettled | undefined;
  readonly #answers = new SettlementTracker();
  #running: Promise<void> | undefined;

  constructor(options: EmitterOptions) {
    this.#options = options;
    this.#wake = new Signal(options.clock);
    this.#debounce = new Debounce(options.debounce);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  changed(change: Change, urgent: boolean): void {
    this.#changes.add(change);
    this.#noted += 1;
    this.#urgent ||= urgent;
    // What is added ends no wait for a Service port, and may come in hundreds.
    if (this.#heldUntil !== undefined && !urgent && change.what === 'added') this.#note(false);
    else this.#touch(urgent);
  }

  /**
   * A member leaves that is taken out ahead of the snapshot: this does not wait for the last answer,
   * but for what belongs to it.
   */
  left(change: Change): void {
    this.#changes.add(change);
    this.#urgent = true;
    this.#touch(false);
  }

  /** A member was removed that is out of rotation: it goes with the next snapshot, or soon. */
  collected(change: Change): void {
    this.#changes.add(change);
    this.#debounce.collect(this.#options.clock.monotonic());
    this.#wake.notify();
  }

  /** What was collected waits no longer. */
  hurry(): void {
    if (this.#debounce.collected(this.#options.clock.monotonic()) === undefined) return;
    this.#urgent = true;
    this.#touch(true);
  }

  /** Something changed that is no change by an author, such as what Sluice itself wrote. */
  touched(): void {
    // A snapshot that waits for it does not wait for more like it.
    if (this.#heldUntil === undefined) return this.#touch(false);
    this.#observed = false;
    this.#wake.notify();
  }

  /** Sends again without a change. */
  refresh(): void {
    this.#force = true;
    this.hurry();
    this.#touch(true);
  }

  /** The answer of `awaitsPort` may have changed. */
  portsChanged(): void {
    if (this.#heldUntil !== undefined) this.#wake.notify();
  }

  settled(settlement: Settlement): void {
    this.#changes.settle(settlement.revision);
    this.#answers.add(settlement);
    this.#wake.notify();
  }

  /** Sends pending content once, and ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake.notify();
    await this.#running;
  }

  #touch(urgent: boolean): void {
    this.#note(urgent);
    this.#wake.notify();
  }

  #note(urgent: boolean): void {
    this.#debounce.touch(this.#options.clock.monotonic(), urgent);
    this.#observed = false;
  }

  /**
   * Waits for the next due time and handles what is due. A wait for a Service port or an urgent
   * change postpones the observation until after the attempt.
   */
  async #run(): Promise<void> {
    for (;;) {
      const pause = Math.min(this.#pause(), this.#collected());
      if (pause > 0 && !this.#stopping) {
        await this.#wake.wait(pause);
        continue;
      }
      const isHeld = this.#heldUntil !== undefined;
      // Changes during the wait do not start it again; they are debounced, and observed after it. So
      // are members that leave: planning the Service ports of a large ingress takes longer than
      // sending it.
      const isObservedAfter = isHeld || this.#urgent;
      if (!isObservedAfter) this.#observe();
      if (this.#isDue()) await this.#attempt();
      if (isObservedAfter) this.#observe();
      if (this.#stopping) return;
    }
  }

  #isDue(): boolean {
    return (
      this.#debounce.due(this.#options.clock.monotonic()) !== undefined &&
      (this.#stopping || (this.#pause() === 0 && !this.#hold()))
    );
  }

  /** Milliseconds that what was collected may still wait; then it is urgent. */
  #collected(): number {
    const left = this.#debounce.collected(this.#options.clock.monotonic()) ?? LONGEST_TIMER_MS;
    if (left === 0) this.hurry();
    return left;
  }

  /** 0 if due. */
  #pause(): number {
    const now = this.#options.clock.monotonic();
    const quiet = this.#quiet(now);
    if (this.#heldUntil !== undefined)
      return this.#mustWait() ? Math.max(quiet, this.#heldUntil - now) : quiet;
    if (!this.#observed) return Math.min(quiet, LONGEST_TIMER_MS);
    const open = this.#open();
    const settled =
      this.#urgent || open === undefined || open.isLarge ? 0 : Math.max(0, open.until - now);
    return Math.min(Math.max(quiet, settled), LONGEST_TIMER_MS);
  }

  /** Milliseconds until the debounce is over. */
  #quiet(now: number): number {
    const open = this.#open();
    const due = this.#debounce.due(now, open?.isLarge === true ? LONG_QUIET_MS : undefined);
    if (due === undefined) return Number.POSITIVE_INFINITY;
    return open === undefined && this.#noted >= ENOUGH_CHANGES ? 0 : due;
  }

  /** The last snapshot, if its result is not known yet. */
  #open(): Unsettled | undefined {
    const open = this.#unsettled;
    return open === undefined || this.#answers.complete(open.revision) ? undefined : open;
  }

  /** Starts to wait for a Service port. */
  #hold(): boolean {
    if (this.#heldUntil !== undefined || !this.#mustWait()) return false;
    // The worker that plans may rest for longer than the wait.
    this.#options.planPorts?.();
    if (!this.#mustWait()) return false;
    this.#heldUntil = this.#options.clock.monotonic() + PORT_WAIT_MS;
    return true;
  }

  /**
   * Whether a Service port is missing that is being written. Members that leave, and servers that
   * are removed, never wait.
   */
  #mustWait(): boolean {
    if (this.#urgent || this.#options.awaitsPort?.() !== true) return false;
    const content = this.#options.content();
    return (
      content !== undefined && (this.#sent === undefined || !dropsServers(this.#sent, content))
    );
  }

  /** Work that does not wait for results runs as soon as the debounce is over. */
  #observe(): void {
    if (this.#observed) return;
    this.#observed = true;
    this.#options.observed();
  }

  /**
   * Sends the content if it is complete and differs from what was sent. Urgency is kept for the
   * next attempt if the queue refuses it.
   */
  async #attempt(): Promise<void> {
    this.#debounce.reset();
    this.#noted = 0;
    this.#heldUntil = undefined;
    const forced = this.#force;
    const urgent = this.#urgent;
    this.#force = false;
    this.#urgent = false;
    const content = this.#options.content();
    if (content === undefined) return;
    if (!forced && this.#sent !== undefined && this.#isKnown(this.#sent, content))
      return this.#changes.dropUnsent();
    // The removal of a member stays urgent at the next attempt.
    if (!(await this.#send(content))) this.#urgent ||= urgent;
  }

  #isKnown(sent: Content, content: Content): boolean {
    return sameContent(sent, content) || this.#options.isOwnWrite?.(sent, content) === true;
  }

  /** Whether the queue has stored it. */
  async #send(content: Content): Promise<boolean> {
    const { clock, random, log } = this.#options;
    const changes = this.#changes.list();
    const isObserved = this.#observed;
    const open = this.#open();
    const ahead = open === undefined ? 0 : open.ahead + 1;
    const isLarge = this.#changes.unsent >= MANY_CHANGES && ahead < MAX_AHEAD;
    try {
      const revision = await this.#options.send(content, changes).finally(() => {
        // Not after the pause that follows a failure.
        if (!isObserved) this.#observe();
      });
      this.#failures = 0;
      this.#sent = content;
      this.#changes.markSent(changes, revision);
      const until = clock.monotonic() + UNSETTLED_MS;
      this.#unsettled = { revision, until, isLarge, ahead };
      return true;
    } catch (error) {
      this.#failures += 1;
      const pause = fullJitter(this.#failures, RETRY_BACKOFF_MS, random);
      log.warn(
        { error: String(error), attempt: this.#failures, pause },
        'snapshot not sent; retrying with the newest content',
      );
      this.#force = true;
      this.#debounce.touch(clock.monotonic(), true);
      if (!this.#stopping) await this.#sleep(pause);
      return false;
    }
  }

  /** Not interrupted by changes, which join the next attempt. */
  async #sleep(ms: number): Promise<void> {
    const until = this.#options.clock.monotonic() + ms;
    while (!this.#stopping && this.#options.clock.monotonic() < until)
      await this.#wake.wait(until - this.#options.clock.monotonic());
  }
}
