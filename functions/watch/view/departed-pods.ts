/** Pods that are gone. Their connections may still end, so they stay in the snapshots as draining for a while. */
import type { Pod } from '../../../shared/domain/snapshot/objects.ts';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';

interface Departure {
  readonly pod: Pod;
  /** Its deletion: said once more when the member goes, because it proves that it may. */
  readonly change: Change;
  readonly until: number;
}

export class DepartedPods {
  readonly #drain: number;
  #gone: readonly Departure[] = [];

  /** In milliseconds; 0 keeps nobody. */
  constructor(drain: number) {
    this.#drain = drain;
  }

  /** Only for pods that served until then: whoever was out already does not come back to drain. */
  add(pod: Pod, change: Change, now: number): void {
    if (this.#drain === 0 || pod.ips.length === 0) return;
    this.#gone = [
      ...this.#gone,
      { pod: { ...pod, terminating: true, gone: true }, change, until: now + this.#drain },
    ];
  }

  get empty(): boolean {
    return this.#gone.length === 0;
  }

  /** The pods and those that are gone. An address that has a new owner is his. */
  among(pods: readonly Pod[]): readonly Pod[] {
    if (this.#gone.length === 0) return pods;
    const taken = new Set(pods.flatMap((pod) => pod.ips));
    return [
      ...pods,
      ...this.#gone.map(({ pod }) => pod).filter((pod) => !pod.ips.some((ip) => taken.has(ip))),
    ];
  }

  /** Forgets those whose time is over: the changes that say so. */
  expire(now: number): readonly Change[] {
    const over = this.#gone.filter(({ until }) => until <= now);
    this.#gone = this.#gone.filter(({ until }) => until > now);
    return over.map(({ change }) => change);
  }

  /** Milliseconds until the next one is forgotten. */
  nextDue(now: number): number | undefined {
    const waits = this.#gone.map(({ until }) => Math.max(0, until - now));
    return waits.length === 0 ? undefined : Math.min(...waits);
  }
}
