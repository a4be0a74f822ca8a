/** Ports that are no longer needed, and how long they stay. */
import { compareRevisions, type Revision } from '../../../shared/domain/revision.ts';
import { includes, type PortDemand } from './port-plan.ts';
import type { PortKey } from '../../../shared/kubernetes/ownership.ts';

/** Time for which a port stays after BIG-IP stopped using it, for connections in progress. */
const DELAY_MS = 5 * 60_000;

interface Candidate {
  readonly service: string;
  readonly key: PortKey;
  /**
   * The newest revision when it was first not needed: only later snapshots are known not to need
   * it.
   */
  readonly since: Revision;
  /** Set when the device has processed a snapshot without the port. */
  readonly due: number | undefined;
}

/**
 * Ports that Sluice added and no Gateway needs. They are removed after BIG-IP confirmed the
 * removal, with a delay.
 */
export class Withdrawals {
  #candidates = new Map<string, Candidate>();

  /** Updates owned and needed ports. A port that is needed again is not removed. */
  observe(service: string, owned: readonly PortKey[], { wants, newest }: PortDemand): void {
    const unwanted = owned.filter((key) => !wants.has(service, key.port));
    for (const [id, candidate] of this.#candidates) {
      if (candidate.service === service && !includes(unwanted, candidate.key))
        this.#candidates.delete(id);
    }
    for (const key of unwanted) {
      const id = idOf(service, key);
      if (!this.#candidates.has(id))
        this.#candidates.set(id, { service, key, since: newest, due: undefined });
    }
  }

  /** All devices have processed the snapshot of `revision`. */
  settled(revision: Revision, now: number): void {
    for (const [id, candidate] of this.#candidates) {
      if (candidate.due === undefined && compareRevisions(revision, candidate.since) > 0)
        this.#candidates.set(id, { ...candidate, due: now + DELAY_MS });
    }
  }

  due(service: string, now: number): readonly PortKey[] {
    return [...this.#candidates.values()]
      .filter((one) => one.service === service && one.due !== undefined && one.due <= now)
      .map((one) => one.key);
  }

  done(service: string, keys: readonly PortKey[]): void {
    for (const key of keys) this.#candidates.delete(idOf(service, key));
  }

  nextDue(now: number): number | undefined {
    const waits = [...this.#candidates.values()].flatMap((one) =>
      one.due === undefined ? [] : [Math.max(0, one.due - now)],
    );
    return waits.length === 0 ? undefined : Math.min(...waits);
  }
}

function idOf(service: string, key: PortKey): string {
  return `${service} ${key.port}/${key.protocol}`;
}
