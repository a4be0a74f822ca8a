/**
 * The Services of the whole cluster, watched only while an ingress has a server that opens its port
 * for mesh Services.
 */
import { KubernetesError, type Stream } from '../../../shared/kubernetes/index.ts';
import type { ObservedObject } from './kinds.ts';

/** How the stream is opened, and what to call when it has an answer or has ended. */
export interface MeshStreamOptions {
  /** `onFault` is called for every failed attempt. */
  readonly open: (onFault: (error: unknown) => void) => Stream<ObservedObject>;
  /** Called when the stream is no longer needed and has ended. */
  readonly closed: () => void;
  /** Called when the awaited list is complete or known to fail, or completes later. */
  readonly onAnswer: () => void;
}

interface Open {
  readonly stream: Stream<ObservedObject>;
  /** Number of pending lists. */
  pending: number;
  /** The API's refusal since the last list. */
  denied: string | undefined;
}

/** One stream for all ingresses. It starts with the first that needs it and ends after the last. */
export class MeshServiceStream {
  readonly #options: MeshStreamOptions;
  /** By ingress. */
  readonly #wanted = new Set<string>();
  #open: Open | undefined;
  #closing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: MeshStreamOptions) {
    this.#options = options;
  }

  /**
   * False while the API's answer is pending: missing Services are then not gone. A refusal counts
   * as an answer.
   */
  get answered(): boolean {
    return (
      this.#open !== undefined && (this.#open.pending === 0 || this.#open.denied !== undefined)
    );
  }

  get denied(): string | undefined {
    return this.#open?.denied;
  }

  /** Undefined unless it was listed, because nothing else waits for it. */
  get stream(): Stream<ObservedObject> | undefined {
    return this.#open === undefined || this.#open.pending > 0 || this.#open.denied !== undefined
      ? undefined
      : this.#open.stream;
  }

  want(ingress: string, wanted: boolean): void {
    if (wanted) this.#wanted.add(ingress);
    else this.#wanted.delete(ingress);
    if (this.#wanted.size === 0) this.#close();
    else if (this.#open === undefined) this.#start();
  }

  /** Requests a new list, because the cached state may be old. */
  relist(): void {
    const open = this.#open;
    if (open !== undefined) this.#await(open, open.stream.relist());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#close();
    await this.#closing;
  }

  /**
   * Opens a stream; it starts when the previous one has removed its cache, so that objects are not
   * held twice.
   */
  #start(): void {
    if (this.#stopped) return;
    const stream = this.#options.open((error) => this.#fault(open, error));
    const open: Open = { stream, pending: 0, denied: undefined };
    this.#open = open;
    this.#await(open, stream.synced);
    // The previous cache must be removed first.
    void this.#closing.then(() => (this.#open === open ? stream.start() : undefined));
  }

  /** Waits for a list. Several may be under way; the last one that ends counts as the answer. */
  #await(open: Open, list: Promise<void>): void {
    open.pending += 1;
    open.denied = undefined;
    void list.then(() => {
      open.pending -= 1;
      if (open.pending > 0 || this.#open !== open) return;
      open.denied = undefined;
      this.#options.onAnswer();
    });
  }

  /**
   * A refused list (403) counts as an answer, too: Services of the whole cluster are then unknown.
   * Other faults are retried by the stream.
   */
  #fault(open: Open, error: unknown): void {
    if (!(error instanceof KubernetesError) || error.status !== 403 || this.#open !== open) return;
    const first = open.denied === undefined;
    // A revoked permission may return.
    if (open.pending === 0) this.#await(open, open.stream.relist());
    open.denied = error.message;
    if (first) this.#options.onAnswer();
  }

  #close(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#closing = this.#closing.then(() => open.stream.stop()).then(() => this.#options.closed());
  }
}
