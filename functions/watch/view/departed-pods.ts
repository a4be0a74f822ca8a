/**
 * Removed pods, which stay in snapshots as draining for a while, so that their connections can end.
 */
import { parseIps } from '../../../shared/domain/exposure/indexed-ingress.ts';
import { formatIp } from '../../../shared/domain/net/ip.ts';
import type { Revision } from '../../../shared/domain/revision.ts';
import type { Pod } from '../../../shared/domain/snapshot/objects.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';

/** A removed pod that still drains. */
interface Departure {
  readonly pod: Pod;
  /** Its deletion, reported again when the member is removed, because it proves the removal. */
  readonly change: Change;
  readonly until: number;
  /** The newest revision when it was removed. */
  readonly since: Revision;
}

/** A removed pod whose drain time is over. */
export type EndedDrain = Pick<Departure, 'change' | 'since'> & {
  readonly addresses: readonly string[];
};

/** When and by what a pod was removed. `now`: monotonic. */
export type Departing = Pick<Departure, 'change' | 'since'> & { readonly now: number };

/** In their usual form, so that they can be compared. */
export function podAddresses({ ips }: Pick<Pod, 'ips'>): readonly string[] {
  return parseIps(ips).map(formatIp);
}

/** Keeps pods of one ingress after their removal, until their drain time is over. */
export class DepartedPods {
  readonly #drainMs: number;
  #gone: readonly Departure[] = [];

  /** Milliseconds; 0 disables draining. */
  constructor(drainMs: number) {
    this.#drainMs = drainMs;
  }

  /**
   * Only for pods that served until then: a pod that was already out does not return to drain.
   * Returns whether it is kept.
   */
  add(pod: Pod, { change, now, since }: Departing): boolean {
    if (this.#drainMs === 0 || pod.ips.length === 0) return false;
    this.#gone = [
      ...this.#gone,
      {
        pod: { ...pod, terminating: true, gone: true },
        change,
        until: now + this.#drainMs,
        since,
      },
    ];
    return true;
  }

  get empty(): boolean {
    return this.#gone.length === 0;
  }

  /** The pods including removed ones. An address that a new pod uses belongs to it. */
  among(pods: readonly Pod[]): readonly Pod[] {
    if (this.#gone.length === 0) return pods;
    const taken = new Set(pods.flatMap((pod) => pod.ips));
    return [
      ...pods,
      ...this.#gone.map(({ pod }) => pod).filter((pod) => !pod.ips.some((ip) => taken.has(ip))),
    ];
  }

  /** Drops expired pods and returns them. */
  expire(now: number): readonly EndedDrain[] {
    const over = this.#gone.filter(({ until }) => until <= now);
    this.#gone = this.#gone.filter(({ until }) => until > now);
    return over.map(({ pod, change, since }) => ({ change, since, addresses: podAddresses(pod) }));
  }

  /** Milliseconds until the next one expires. */
  nextDue(now: number): number | undefined {
    const waits = this.#gone.map(({ until }) => Math.max(0, until - now));
    return waits.length === 0 ? undefined : Math.min(...waits);
  }
}
