/**
 * Streams of the mesh ConfigMaps of the revisions that serve gateway pods, started on first
 * request.
 */
import type { Stream } from '../../../shared/kubernetes/index.ts';
import { meshConfigKind, type ObservedKind, type ObservedObject } from './kinds.ts';

/** How a stream is opened, and what to call when it has an answer. */
export interface MeshConfigStreamOptions {
  readonly open: (kind: ObservedKind) => Stream<ObservedObject>;
  /** Called when one is known, or known to be unreadable. */
  readonly onAnswer: () => void;
}

/** The stream of one revision's ConfigMap. `answered` once its first list is complete. */
interface Followed {
  readonly kind: ObservedKind;
  readonly stream: Stream<ObservedObject>;
  answered: boolean;
}

/**
 * One stream for each revision that was asked for. A ConfigMap that does not exist or cannot be
 * read is an answer too.
 */
export class MeshConfigStreams {
  readonly #options: MeshConfigStreamOptions;
  readonly #streams = new Map<string, Followed>();
  #stopped = false;

  constructor(options: MeshConfigStreamOptions) {
    this.#options = options;
  }

  get all(): readonly Followed[] {
    return [...this.#streams.values()];
  }

  /** False while the API's answer for one of them is pending. A refusal counts as an answer. */
  want(revisions: ReadonlySet<string>): boolean {
    const wanted = [...revisions].map((revision) => this.#follow(revision));
    return wanted.every((one) => one === undefined || one.answered);
  }

  follows(revision: string): boolean {
    return this.#streams.has(revision);
  }

  async relist(): Promise<void> {
    await Promise.all(this.all.map(({ stream }) => stream.relist()));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.all.map(({ stream }) => stream.stop()));
  }

  /** Opens the stream of a revision's ConfigMap once. Undefined after `stop`. */
  #follow(revision: string): Followed | undefined {
    const there = this.#streams.get(revision);
    if (there !== undefined || this.#stopped) return there;
    const kind = meshConfigKind(revision);
    const opened: Followed = { kind, stream: this.#options.open(kind), answered: false };
    this.#streams.set(revision, opened);
    void opened.stream.synced.then(() => {
      opened.answered = true;
      this.#options.onAnswer();
    });
    opened.stream.start();
    return opened;
  }
}
