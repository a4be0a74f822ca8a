import { MOST_LEAVING } from '../../../shared/domain/express/event.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import type { Outbox } from './outbox.ts';

/** One ingress, and where its messages go. */
export interface LeaversOptions {
  readonly ref: IngressRef;
  readonly outbox: Pick<Outbox, 'leaving'>;
  readonly log: Logger;
  readonly isLeading: () => boolean;
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
   * forgotten: a later one would take out whoever has the address then.
   */
  async tell(): Promise<void> {
    const { ref, outbox, log, isLeading } = this.#options;
    const addresses = [...this.#addresses].slice(0, MOST_LEAVING);
    this.#addresses.clear();
    if (addresses.length === 0 || !isLeading()) return;
    await outbox.leaving(ref, addresses).catch((error: unknown) => {
      log.warn({ error: String(error) }, 'pods that end are left to their snapshot');
    });
  }
}
