/**
 * The queues in memory, on a clock of the test: groups, visibility, receive counts, deduplication,
 * redrive and retention. `tests/contract/queue` holds them to the same as SQLite, PostgreSQL and SQS.
 */
import { deadQueueOf, MAX_RECEIVE_COUNT } from '../../../shared/queue/limits.ts';
import {
  MAX_BODY_BYTES,
  type OutgoingMessage,
  type Queue,
  QueueError,
  type QueueMessage,
  type QueueName,
  type Queues,
  type ReceiveOptions,
} from '../../../shared/queue/port.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';

/** A message that is stored. */
interface Kept extends OutgoingMessage {
  readonly id: string;
  readonly sentAt: number;
  readonly redriven?: true;
  receiveCount: number;
  visibleAt: number;
  receipt: string;
}

export type QueueCall = 'send' | 'receive' | 'delete' | 'changeVisibility';

/** Everything is optional. */
export interface MemoryQueuesOptions {
  readonly maxReceiveCount?: number;
  /**
   * From 0 to 1. With it, what a queue leaves open differs from receive to receive: which groups
   * come first, and how many messages.
   */
  readonly random?: () => number;
  /** Called with every message that is accepted. */
  readonly onSend?: (name: QueueName, body: string, message: OutgoingMessage) => void;
  /** Called with every message that was received too often, before it is a dead letter. */
  readonly onBury?: (name: QueueName, message: Pick<Kept, 'group' | 'receiveCount'>) => void;
  /** Called before each call; throw to refuse it. */
  readonly before?: (call: QueueCall, name: QueueName) => void;
  /** Called after each call was carried out; throw to lose its answer. */
  readonly after?: (call: QueueCall, name: QueueName) => void;
}

export interface MemoryQueues extends Queues {
  /** Everything that waits or is in flight, oldest first. */
  messages(name: QueueName): readonly OutgoingMessage[];
  /** When the next message of a queue can be received; undefined when it is empty. */
  nextAt(name: QueueName): number | undefined;
  /** Everything that was ever sent. */
  sent(name: QueueName): readonly OutgoingMessage[];
}

const DEDUPLICATION_MS = 5 * 60_000;
const RETENTION_MS = 14 * 86_400_000;
/** A reason of its own: without one, each abort makes an error, which takes longer than the rest. */
const RUNG = 'something may have become receivable';

/** One queue for each name, from its first use on. */
export function memoryQueues(clock: Clock, options: MemoryQueuesOptions = {}): MemoryQueues {
  const queues = new Map<QueueName, MemoryQueue>();
  const queue = (name: QueueName): MemoryQueue => {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const dead = deadQueueOf(name);
    const made = new MemoryQueue(name, clock, {
      ...options,
      ...(dead !== undefined && { bury: (message: Kept) => queue(dead).take(message) }),
    });
    queues.set(name, made);
    return made;
  };
  return {
    // Plain, because tests replace single methods of a copy.
    queue: (name) => {
      const one = queue(name);
      return {
        name,
        send: (message) => one.send(message),
        receive: (wanted) => one.receive(wanted),
        delete: (receipt) => one.delete(receipt),
        changeVisibility: (receipt, ms) => one.changeVisibility(receipt, ms),
        depth: (group) => one.depth(group),
      };
    },
    close: () => Promise.resolve(),
    messages: (name) => queue(name).kept,
    sent: (name) => queue(name).sent,
    nextAt: (name) => queue(name).nextAt(),
  };
}

type Settings = MemoryQueuesOptions & { readonly bury?: (message: Kept) => void };

class MemoryQueue implements Queue {
  readonly name: QueueName;
  readonly kept: Kept[] = [];
  readonly sent: OutgoingMessage[] = [];
  readonly #clock: Clock;
  readonly #settings: Settings;
  /** When each id was used last. */
  readonly #known = new Map<string, number>();
  readonly #waiting = new Set<AbortController>();
  #ids = 0;

  constructor(name: QueueName, clock: Clock, settings: Settings) {
    this.name = name;
    this.#clock = clock;
    this.#settings = settings;
  }

  async send(message: OutgoingMessage): Promise<void> {
    const bytes = Buffer.byteLength(message.body);
    if (bytes > MAX_BODY_BYTES)
      throw new QueueError(
        'Q604',
        `a message of ${bytes} bytes is too large for queue ${this.name}`,
      );
    await this.#call('send', () => {
      const now = this.#clock.monotonic();
      const used = this.#known.get(message.deduplicationId);
      if (used !== undefined && used > now - DEDUPLICATION_MS) return;
      this.#known.set(message.deduplicationId, now);
      this.#settings.onSend?.(this.name, message.body, message);
      this.sent.push(message);
      this.#keep({ ...message, sentAt: this.#clock.now() });
    });
  }

  /** A message of another queue that was received too often. */
  take(message: Kept): void {
    this.sent.push(message);
    this.#keep({ ...message, redriven: true });
  }

  async receive({
    max,
    waitMs,
    visibilityMs,
    signal,
  }: ReceiveOptions): Promise<readonly QueueMessage[]> {
    const end = this.#clock.monotonic() + waitMs;
    for (;;) {
      if (signal?.aborted === true) return [];
      const taken = await this.#call('receive', () => this.#take(max, visibilityMs));
      const left = end - this.#clock.monotonic();
      if (taken.length > 0 || left <= 0) return taken;
      await this.#change(left, signal);
    }
  }

  delete(receipt: string): Promise<void> {
    return this.#call('delete', () => {
      this.kept.splice(this.kept.indexOf(this.#held(receipt)), 1);
      this.#ring();
    });
  }

  changeVisibility(receipt: string, visibility: number): Promise<void> {
    return this.#call('changeVisibility', () => {
      this.#held(receipt).visibleAt = this.#clock.monotonic() + visibility;
      this.#ring();
    });
  }

  async depth(group?: string): Promise<Awaited<ReturnType<Queue['depth']>>> {
    const all = this.kept.filter((one) => group === undefined || one.group === group);
    const waiting = all.filter((one) => this.#isVisible(one)).length;
    const oldest = all.length === 0 ? undefined : Math.min(...all.map(({ sentAt }) => sentAt));
    return { waiting, inFlight: all.length - waiting, ...(oldest !== undefined && { oldest }) };
  }

  nextAt(): number | undefined {
    const groups = [...Map.groupBy(this.kept, ({ group }) => group).values()];
    const times = groups.map((messages) =>
      Math.max(...messages.map((one) => (one.receiveCount > 0 ? one.visibleAt : 0))),
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  async #call<T>(call: QueueCall, run: () => T): Promise<T> {
    this.#settings.before?.(call, this.name);
    const result = run();
    this.#settings.after?.(call, this.name);
    return result;
  }

  #keep(message: OutgoingMessage & Pick<Kept, 'sentAt' | 'redriven'>): void {
    const id = `${this.name}-${++this.#ids}`;
    const visibleAt = this.#clock.monotonic();
    this.kept.push({ ...message, id, receiveCount: 0, visibleAt, receipt: '' });
    this.#ring();
  }

  #take(max: number, visibility: number): readonly QueueMessage[] {
    this.#expire();
    this.#bury();
    return this.#chosen(max).map((one) => {
      one.receiveCount += 1;
      one.visibleAt = this.#clock.monotonic() + visibility;
      one.receipt = `${this.name}-r${++this.#ids}`;
      const { visibleAt: _, ...message } = one;
      return message;
    });
  }

  /** Of the groups of which no message is in flight, in their order. */
  #chosen(max: number): readonly Kept[] {
    const blocked = new Set(this.kept.filter((one) => !this.#isVisible(one)).map((m) => m.group));
    const free = this.kept.filter(({ group }) => !blocked.has(group));
    const { random } = this.#settings;
    if (random === undefined || free.length === 0) return free.slice(0, max);
    const groups = [...Map.groupBy(free, ({ group }) => group).values()];
    const first = Math.floor(random() * groups.length);
    const turned = [...groups.slice(first), ...groups.slice(0, first)].flat();
    return turned.slice(0, 1 + Math.floor(random() * max));
  }

  #expire(): void {
    const oldest = this.#clock.now() - RETENTION_MS;
    for (const one of this.kept.filter(({ sentAt }) => sentAt < oldest)) this.#drop(one);
  }

  #bury(): void {
    const { bury, maxReceiveCount = MAX_RECEIVE_COUNT } = this.#settings;
    if (bury === undefined) return;
    const worn = this.kept.filter(
      (one) => this.#isVisible(one) && one.receiveCount >= maxReceiveCount,
    );
    for (const one of worn) {
      this.#drop(one);
      this.#settings.onBury?.(this.name, one);
      bury(one);
    }
  }

  #drop(one: Kept): void {
    this.kept.splice(this.kept.indexOf(one), 1);
  }

  #isVisible({ visibleAt }: Kept): boolean {
    return visibleAt <= this.#clock.monotonic();
  }

  #held(receipt: string): Kept {
    const found = this.kept.find((one) => one.receipt === receipt && !this.#isVisible(one));
    if (!found) throw new QueueError('Q605', `${receipt} is no longer held`);
    return found;
  }

  /** Until something may have become receivable, at most `ms`. */
  async #change(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const bell = new AbortController();
    const ring = (): void => bell.abort(RUNG);
    signal?.addEventListener('abort', ring, { once: true });
    this.#waiting.add(bell);
    const next = this.nextAt();
    const pause = next === undefined ? ms : Math.min(ms, next - this.#clock.monotonic());
    await this.#clock.sleep(Math.max(1, pause), bell.signal);
    this.#waiting.delete(bell);
    signal?.removeEventListener('abort', ring);
  }

  #ring(): void {
    for (const bell of this.#waiting) bell.abort(RUNG);
  }
}
