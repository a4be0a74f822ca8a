/** Sluice's Events in the cluster: read once per namespace, then cached, and written one by one. */
import {
  EVENTS,
  KubernetesError,
  type KubernetesClient,
} from '../../../shared/kubernetes/index.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import {
  byAge,
  eventFor,
  OWN_EVENTS,
  sentence,
  subjectOf,
  type EventMessage,
  type EventObject,
  type EventTarget,
} from './event-object.ts';

/** One page usually contains all Events of a namespace; only Sluice's own are requested. */
const PAGE_OBJECTS = 5_000;

/** By subject: the last message. */
export type LastMessages = Map<string, string>;

interface Memory {
  /** By UID of the object. */
  readonly said: Map<string, LastMessages>;
  /** By name of the Event: its count. */
  readonly counts: Map<string, number>;
}

/** Creates, updates and deletes Events so that an object shows exactly the reported messages. */
export class EventStore {
  readonly #client: KubernetesClient;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #memories = new Map<string, Promise<Memory>>();

  constructor(client: KubernetesClient, clock: Pick<Clock, 'now'>) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * The messages of an object, including those of an earlier process. Reads the API once per
   * namespace; rejects if that fails.
   */
  async said({ namespace, uid }: Pick<EventTarget, 'namespace' | 'uid'>): Promise<LastMessages> {
    const { said } = await this.#memory(namespace);
    const known = said.get(uid) ?? new Map<string, string>();
    said.set(uid, known);
    return known;
  }

  /** Writes a new Event, or increases the count of an existing one. */
  async write(target: EventTarget, message: EventMessage): Promise<void> {
    const event = eventFor(target, message, this.#clock.now());
    const { counts } = await this.#memory(target.namespace);
    const { name } = event.metadata;
    const count = counts.get(name);
    if (count !== undefined && (await this.#countUp(event, count)))
      return void counts.set(name, count + 1);
    try {
      await this.#client.create(EVENTS, event);
      counts.set(name, 1);
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
      const before: EventObject | undefined = await this.#client.get(
        EVENTS,
        name,
        target.namespace,
      );
      const last = before?.count ?? 1;
      // It expired in between: the next attempt creates it.
      if (!(await this.#countUp(event, last))) throw error;
      counts.set(name, last + 1);
    }
  }

  /** False if the API server no longer has it; Events expire after an hour. */
  async #countUp(event: EventObject, last: number): Promise<boolean> {
    const { name, namespace = '' } = event.metadata;
    const { message, lastTimestamp } = event;
    try {
      await this.#client.merge(
        EVENTS,
        { name, namespace },
        { message, lastTimestamp, count: last + 1 },
      );
      return true;
    } catch (error) {
      if (isStatus(error, 404)) return false;
      throw error;
    }
  }

  /**
   * Known Events of a namespace, read once. A failed read is forgotten, so that the next call tries
   * again.
   */
  #memory(namespace: string): Promise<Memory> {
    const known = this.#memories.get(namespace);
    if (known !== undefined) return known;
    const reading = this.#read(namespace);
    this.#memories.set(namespace, reading);
    reading.catch(() => this.#memories.delete(namespace));
    return reading;
  }

  /**
   * Lists the Events of this component, page by page. Without permission to list, none are known.
   */
  async #read(namespace: string): Promise<Memory> {
    const found: EventObject[] = [];
    const selection = { namespace, fieldSelector: OWN_EVENTS, limit: PAGE_OBJECTS };
    try {
      for await (const page of this.#client.pages(EVENTS, selection)) found.push(...page.items);
    } catch (error) {
      // Without permission to list, an Event may be counted once too often.
      if (!isStatus(error, 403)) throw error;
    }
    return memoryOf(found);
  }
}

/** What existing Events already say, by subject. */
function memoryOf(events: readonly EventObject[]): Memory {
  const memory: Memory = { said: new Map(), counts: new Map() };
  for (const event of events.toSorted(byAge)) {
    const subject = subjectOf(event);
    const uid = event.involvedObject?.uid;
    if (subject === undefined || uid === undefined) continue;
    const said = memory.said.get(uid) ?? new Map<string, string>();
    memory.said.set(uid, said.set(subject, sentence(event)));
    memory.counts.set(event.metadata.name, event.count ?? 1);
  }
  return memory;
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof KubernetesError && error.status === status;
}
