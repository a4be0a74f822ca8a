/** The fast way for pods that end: their addresses alone, ahead of the snapshot. */
import { MOST_LEAVING } from '../../../shared/domain/express/event.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import type { Outbox } from './outbox.ts';

/** One ingress, and where its messages go. */
export interface LeaversOptions {
  /** The ingress Service. */
  readonly ref: IngressRef;
  /** Used ahead of the snapshot, which takes longer. */
  readonly outbox: Pick<Outbox, 'leaving'>;
  readonly log: Logger;
  /** False: nothing is sent, because the leader does it. */
  readonly isLeading: () => boolean;
  /** Addresses of pods that do not end. */
  readonly standing: () => ReadonlySet<string>;
}

/** Tells that pods begin to end, in one small message, while their snapshot is being made. */
export class Leavers {
  readonly #options: LeaversOptions;
  #addresses = new Set<string>();

  constructor(options: LeaversOptions) {
    this.#options = options;
  }

  add(addresses: readonly string[]): void {
    for (const address of addresses) this.#addresses.add(address);
  }

  /**
   * The snapshot contains the same, so a failure here only costs time. What a term does not tell is
   * forgotten: a later one would take out whoever has the address then. So would a message that
   * waited for the one before: it is newer than the snapshot with the new pod.
   */
  async tell(): Promise<void> {
    const { ref, outbox, log, isLeading, standing } = this.#options;
    const noted = [...this.#addresses];
    this.#addresses.clear();
    if (noted.length === 0 || !isLeading()) return;
    const others = standing();
    const addresses = noted.filter((one) => !others.has(one)).slice(0, MOST_LEAVING);
    if (addresses.length === 0) return;
    await outbox.leaving(ref, addresses).catch((error: unknown) => {
      log.warn({ error: String(error) }, 'pods that end are left to their snapshot');
    });
  }
}
