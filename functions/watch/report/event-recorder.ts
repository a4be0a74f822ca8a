/**
 * Level-based Kubernetes Events: callers report the current messages of an object, and they are
 * written asynchronously, object by object. A failing object does not block others.
 */
import { Fenced, fullJitter, type KubernetesClient } from '../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import { RETRY_BACKOFF_MS } from '../loop/retry.ts';
import { RequestPace } from '../loop/request-pace.ts';
import { sentence, type EventMessage, type EventTarget } from './event-object.ts';
import { failureOf } from './event-failure.ts';
import { EventStore, type LastMessages } from './event-store.ts';

/**
 * Maximum number of objects written in parallel, and of requests per second. One object has one
 * write at a time, so that its Events keep their order.
 */
const MAX_PARALLEL_WRITES = 8;
/** A start with thousands of Gateways must not flood the API server. */
const REQUESTS_PER_SECOND = 100;

/** Sets the current messages of objects. */
export interface Recorder {
  /**
   * Sets the current messages of the object for subjects that start with `scope`. Only new ones are
   * written; a message that was removed can be reported again later. `again`: also repeats earlier
   * messages.
   */
  report(
    target: EventTarget,
    scope: string,
    messages: readonly EventMessage[],
    options?: { readonly again?: boolean },
  ): void;
}

/** How Events are written, and the clock of their retries. */
export interface RecorderOptions {
  /** Fenced: on a replica that no longer leads, writes reject with {@link Fenced}. */
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** From 0 to 1; spreads retries. */
  readonly random: () => number;
  readonly log: Logger;
}

interface PendingMessages {
  /** The newest that were reported; older ones that were not written yet are replaced. */
  readonly messages: readonly EventMessage[];
  readonly again: boolean;
}

/** An object with pending messages, by scope. */
interface Pending {
  readonly target: EventTarget;
  /** By the scope of {@link Recorder.report}, each with its own current messages. */
  readonly scopes: Map<string, PendingMessages>;
  running: boolean;
  /**
   * In a row, for the pause before the next try; faults of the API server count for all objects
   * together.
   */
  failures: number;
}

/** Writes at most eight objects at a time and a hundred requests per second (decision 47). */
export class EventRecorder implements Recorder {
  readonly #options: RecorderOptions;
  readonly #store: EventStore;
  readonly #pace: RequestPace;
  readonly #abort = new AbortController();
  readonly #pending = new Map<string, Pending>();
  /**
   * By UID. Gateways come first, because an ingress Service has as many messages as all its
   * Gateways.
   */
  readonly #ready = { gateways: new Set<string>(), others: new Set<string>() };
  readonly #waiters: (() => void)[] = [];
  readonly #told = new Set<string>();
  #running = 0;
  #failures = 0;
  #paused = false;
  #stopping = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#store = new EventStore(options.client, options.clock);
    this.#pace = new RequestPace(options.clock, REQUESTS_PER_SECOND);
  }

  report(
    target: EventTarget,
    scope: string,
    messages: readonly EventMessage[],
    { again = false }: { readonly again?: boolean } = {},
  ): void {
    if (this.#stopping) return;
    const entry = this.#pending.get(target.uid) ?? {
      target,
      scopes: new Map<string, PendingMessages>(),
      running: false,
      failures: 0,
    };
    entry.scopes.set(scope, {
      messages: messages.map(withVisibleText),
      again: again || entry.scopes.get(scope)?.again === true,
    });
    this.#pending.set(target.uid, entry);
    this.#enqueue(entry);
  }

  /** Resolves when nothing is left that can be written now. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => void this.#waiters.push(resolve));
  }

  /** Writes pending messages that can be written at once, and ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#abort.abort();
    this.#pump();
    await this.idle();
  }

  #enqueue(entry: Pending): void {
    const { gateways, others } = this.#ready;
    (entry.target.kind === 'Gateway' ? gateways : others).add(entry.target.uid);
    this.#pump();
  }

  #isIdle(): boolean {
    const { gateways, others } = this.#ready;
    return this.#running === 0 && gateways.size === 0 && others.size === 0;
  }

  /** The next object whose messages can be written, and that is not being written. */
  #next(): Pending | undefined {
    for (const queue of [this.#ready.gateways, this.#ready.others])
      for (const uid of queue) {
        const entry = this.#pending.get(uid);
        if (entry?.running === true) continue;
        queue.delete(uid);
        if (entry !== undefined) return entry;
      }
    return undefined;
  }

  /** Starts writes up to the limit; called whenever something becomes ready or ends. */
  #pump(): void {
    while (this.#running < MAX_PARALLEL_WRITES && !this.#paused) {
      const entry = this.#next();
      if (entry === undefined) break;
      this.#running += 1;
      entry.running = true;
      void this.#attempt(entry).finally(() => {
        this.#running -= 1;
        entry.running = false;
        this.#pump();
      });
    }
    if (this.#isIdle()) for (const resolve of this.#waiters.splice(0)) resolve();
  }

  /**
   * Writes what an object lacks, scope by scope. Messages that arrive meanwhile get another turn.
   */
  async #attempt(entry: Pending): Promise<void> {
    try {
      const said = await this.#store.said(entry.target);
      for (const [scope, pending] of entry.scopes) {
        await this.#bringInLine(entry, scope, pending, said);
        // A newer request may have arrived in the meantime.
        if (entry.scopes.get(scope) === pending) entry.scopes.delete(scope);
      }
      entry.failures = 0;
      this.#failures = 0;
      if (entry.scopes.size === 0) this.#pending.delete(entry.target.uid);
      else this.#enqueue(entry);
    } catch (error) {
      this.#failed(entry, error);
    }
  }

  /**
   * `said`: the last message of each subject, as the API server has it; updated as messages are
   * written.
   */
  async #bringInLine(
    entry: Pending,
    scope: string,
    { messages, again }: PendingMessages,
    said: LastMessages,
  ): Promise<void> {
    if (again) forget(said, scope, []);
    for (const message of messages) {
      if (said.get(message.subject) === sentence(message)) continue;
      if (!(await this.#pace.take(this.#abort.signal))) throw new Fenced('the term is over');
      await this.#write(entry, message);
      said.set(message.subject, sentence(message));
    }
    forget(said, scope, messages);
  }

  /** A final refusal counts as reported, because the same message would be refused again. */
  async #write({ target }: Pending, message: EventMessage): Promise<void> {
    try {
      await this.#store.write(target, message);
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind !== 'final') throw error;
      this.#refused(target, message, error);
      if (failure.again !== undefined) void this.#sayAgain(target, message, failure.again);
    }
  }

  /**
   * After a missing permission, which may be granted meanwhile: reports the message again, if it is
   * still current.
   */
  async #sayAgain(target: EventTarget, message: EventMessage, after: number): Promise<void> {
    const { clock } = this.#options;
    await clock.sleep(after, this.#abort.signal);
    if (this.#stopping) return;
    const said = await this.#store.said(target).catch(() => undefined);
    // The message changed in the meantime.
    if (said?.get(message.subject) !== sentence(message)) return;
    said.delete(message.subject);
    this.report(target, message.subject, [message]);
  }

  /** Logged once per namespace, because thousands of objects may have the same problem. */
  #refused({ namespace, kind, name }: EventTarget, { reason }: EventMessage, error: unknown): void {
    if (this.#told.has(namespace)) return;
    this.#told.add(namespace);
    this.#options.log.warn(
      { namespace, object: `${kind} ${namespace}/${name}`, reason, error: String(error) },
      'Events in this namespace are refused; everything else goes on',
    );
  }

  /** If the API server itself does not answer, all objects wait; otherwise only this one. */
  #failed(entry: Pending, error: unknown): void {
    const { clock, random, log } = this.#options;
    if (this.#stopping) return this.#drop();
    const failure = failureOf(error);
    const { kind, namespace, name } = entry.target;
    const object = `${kind} ${namespace}/${name}`;
    const ofApi = failure.kind === 'api';
    const failures = ofApi ? (this.#failures += 1) : (entry.failures += 1);
    const pause = Math.max(
      fullJitter(failures, RETRY_BACKOFF_MS, random),
      ofApi ? (failure.after ?? 0) : 0,
    );
    log.warn(
      { object, error: String(error), attempt: failures, pause },
      'Event not written; trying again',
    );
    if (ofApi) this.#paused = true;
    void clock.sleep(pause, this.#abort.signal).then(() => {
      if (ofApi) this.#paused = false;
      this.#enqueue(entry);
    });
  }

  /** The next leader reports everything again. */
  #drop(): void {
    this.#pending.clear();
    this.#ready.gateways.clear();
    this.#ready.others.clear();
  }
}

/** Removes messages of the scope that are not current. */
function forget(said: LastMessages, scope: string, messages: readonly EventMessage[]): void {
  const now = new Set(messages.map(({ subject }) => subject));
  for (const subject of said.keys())
    if (subject.startsWith(scope) && !now.has(subject)) said.delete(subject);
}

/** Escapes the message, because `kubectl` passes it to the terminal unchanged. */
function withVisibleText({ subject, message, ...rest }: EventMessage): EventMessage {
  return { ...rest, subject: visible(subject), message: visible(message) };
}
