/**
 * Removed pods, which stay in snapshots as draining for a while, so that their connections can end.
 */
import type { Pod } from '../../../shared/domain/snapshot/objects.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';

/** A removed pod that still drains. */
interface Departure {
  readonly pod: Pod;
  /** Its deletion, reported again when the member is removed, because it proves the removal. */
  readonly change: Change;
  readonly until: number;
}

/** Keeps pods of one ingress after their removal, until their drain time is over. */
export class DepartedPods {
  readonly #drainMs: number;
  #gone: readonly Departure[] = [];

  /** Milliseconds; 0 disables draining. */
  constructor(drainMs: number) {
    this.#drainMs = drainMs;
  }

  /** Only for pods that served until then: a pod that was already out does not return to drain. */
  add(pod: Pod, change: Change, now: number): void {
    if (this.#drainMs === 0 || pod.ips.length === 0) return;
    this.#gone = [
      ...this.#gone,
      { pod: { ...pod, terminating: true, gone: true }, change, until: now + this.#drainMs },
    ];
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

  /** Drops expired pods and returns the changes that report them. */
  expire(now: number): readonly Change[] {
    const over = this.#gone.filter(({ until }) => until <= now);
    this.#gone = this.#gone.filter(({ until }) => until > now);
    return over.map(({ change }) => change);
  }

  /** Milliseconds until the next one expires. */
  nextDue(now: number): number | undefined {
    const waits = this.#gone.map(({ until }) => Math.max(0, until - now));
    return waits.length === 0 ? undefined : Math.min(...waits);
  }
}
