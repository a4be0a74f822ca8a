/**
 * Kubernetes Events by level: callers say what holds for an object, and it is written beside them, object by object. No object waits
 * for another one that cannot be written to, and nobody waits for Events.
 */
import { Fenced, fullJitter, type KubernetesClient } from '../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import { RETRY_BACKOFF_MS } from '../loop/retry.ts';
import { RequestPace } from '../loop/request-pace.ts';
import { sentence, type EventMessage, type EventTarget } from './event-object.ts';
import { failureOf } from './event-failure.ts';
import { EventStore, type Said } from './event-store.ts';

/** So many objects are written to at the same time, at most so many requests a second. */
const PARALLEL = 8;
const REQUESTS_PER_SECOND = 100;

export interface Recorder {
  /**
   * From now on these messages hold for the object, and no others under subjects that start with `scope`. Only what is new is
   * written; what no longer holds may be said again when it comes back. `again`: what was said before is said once more.
   */
  report(
    target: EventTarget,
    scope: string,
    messages: readonly EventMessage[],
    options?: { readonly again?: boolean },
  ): void;
}

export interface RecorderOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

interface Wish {
  readonly messages: readonly EventMessage[];
  readonly again: boolean;
}

/** An object with what is still to be brought in line, by scope. */
interface Pending {
  readonly target: EventTarget;
  readonly scopes: Map<string, Wish>;
  running: boolean;
  failures: number;
}

export class EventRecorder implements Recorder {
  readonly #options: RecorderOptions;
  readonly #store: EventStore;
  readonly #pace: RequestPace;
  readonly #abort = new AbortController();
  readonly #pending = new Map<string, Pending>();
  /** By UID; Gateways first, as an ingress Service has as many messages as all of its Gateways. */
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
      scopes: new Map<string, Wish>(),
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

  /** Resolves once nothing is left that can be written now. */
  idle(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => void this.#waiters.push(resolve));
  }

  /** Writes what is in hand as far as that works at once, and ends. */
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

  #pump(): void {
    while (this.#running < PARALLEL && !this.#paused) {
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

  async #attempt(entry: Pending): Promise<void> {
    try {
      const said = await this.#store.said(entry.target);
      for (const [scope, wish] of entry.scopes) {
        await this.#bringInLine(entry, scope, wish, said);
        // A newer wish may have come meanwhile.
        if (entry.scopes.get(scope) === wish) entry.scopes.delete(scope);
      }
      entry.failures = 0;
      this.#failures = 0;
      if (entry.scopes.size === 0) this.#pending.delete(entry.target.uid);
      else this.#enqueue(entry);
    } catch (error) {
      this.#failed(entry, error);
    }
  }

  async #bringInLine(
    entry: Pending,
    scope: string,
    { messages, again }: Wish,
    said: Said,
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

  /** A final refusal is taken for said: the same words would be refused again. */
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

  async #sayAgain(target: EventTarget, message: EventMessage, after: number): Promise<void> {
    const { clock } = this.#options;
    await clock.sleep(after, this.#abort.signal);
    if (this.#stopping) return;
    const said = await this.#store.said(target).catch(() => undefined);
    // Something else was said meanwhile, or it no longer holds.
    if (said?.get(message.subject) !== sentence(message)) return;
    said.delete(message.subject);
    this.report(target, message.subject, [message]);
  }

  /** Once for each namespace: thousands of objects there have the same trouble. */
  #refused({ namespace, kind, name }: EventTarget, { reason }: EventMessage, error: unknown): void {
    if (this.#told.has(namespace)) return;
    this.#told.add(namespace);
    this.#options.log.warn(
      { namespace, object: `${kind} ${namespace}/${name}`, reason, error: String(error) },
      'Events in this namespace are refused; everything else goes on',
    );
  }

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

  /** Whoever leads next says it all again. */
  #drop(): void {
    this.#pending.clear();
    this.#ready.gateways.clear();
    this.#ready.others.clear();
  }
}

/** What stands under the scope and is not among the messages. */
function forget(said: Said, scope: string, messages: readonly EventMessage[]): void {
  const now = new Set(messages.map(({ subject }) => subject));
  for (const subject of said.keys())
    if (subject.startsWith(scope) && !now.has(subject)) said.delete(subject);
}

/** `kubectl` hands the message to a terminal as it is. */
function withVisibleText({ subject, message, ...rest }: EventMessage): EventMessage {
  return { ...rest, subject: visible(subject), message: visible(message) };
}
