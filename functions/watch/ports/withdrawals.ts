import { compareRevisions, type Revision } from '../../../shared/domain/revision.ts';
import { includes, type PortDemand } from './port-plan.ts';
import type { PortKey } from '../cache/ownership.ts';

/** How long a port stays after BIG-IP has let go of it: connections on their way may still use it. */
const DELAY_MS = 5 * 60_000;

interface Candidate {
  readonly service: string;
  readonly key: PortKey;
  /** The newest revision when it was first seen unwanted: only later snapshots are known to go without it. */
  readonly since: Revision;
  /** Set once the device has settled a snapshot that no longer wanted the port. */
  readonly due: number | undefined;
}

/** Ports that Sluice added and no Gateway wants any more. Only after BIG-IP confirmed the removal, and some time, they may go. */
export class Withdrawals {
  #candidates = new Map<string, Candidate>();

  /** What is owned and what is wanted at this moment. A port that is wanted again is no candidate any more. */
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

  /** Every device has done what the snapshot of `revision` asked for. */
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
