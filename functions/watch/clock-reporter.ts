/**
 * Reports a large difference between this clock and the API server's at the ingress Services, their
 * Gateways and in the log. Nothing waits for a correction.
 */
import type { IngressRef } from '../../shared/domain/snapshot/snapshot.ts';
import type { KubernetesClient } from '../../shared/kubernetes/index.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/telemetry/log.ts';
import { MAX_CLOCK_SKEW_MS } from '../../shared/kubernetes/lease.ts';
import type { Recorder } from './report/event-recorder.ts';
import type { EventTarget } from './report/event-object.ts';
import { serviceTarget } from './report/event-targets.ts';
import type { ClusterCache } from './cache/cluster-cache.ts';

/** The two clocks to compare, and where the difference is reported. */
export interface ClockReporterOptions {
  /** Knows the API server's time. */
  readonly client: Pick<KubernetesClient, 'time'>;
  /** The clock that is compared with it. */
  readonly clock: Pick<Clock, 'now'>;
  readonly recorder: Recorder;
  /** Finds the Services that get the Event. */
  readonly cache: Pick<ClusterCache, 'service'>;
  readonly log: Logger;
}

/** Milliseconds; undefined if the API server's time is unknown. */
export function clockAhead(
  client: Pick<KubernetesClient, 'time'>,
  clock: Pick<Clock, 'now'>,
): number | undefined {
  const time = client.time();
  return time === undefined ? undefined : clock.now() - time;
}

/** An ingress Service, and the Gateways whose servers it exposes. */
export interface AffectedIngress {
  readonly ref: IngressRef;
  gateways(): readonly EventTarget[];
}

/**
 * Reports the difference once per Service and Gateway, and again after the clocks agreed for a
 * while.
 */
export class ClockReporter {
  readonly #options: ClockReporterOptions;
  /** By UID: objects informed since the clocks last agreed. */
  readonly #told = new Map<string, { readonly target: EventTarget; readonly subject: string }>();
  #agreed = false;

  constructor(options: ClockReporterOptions) {
    this.#options = options;
  }

  /** Compares the clocks; safe to call at any time. */
  report(ingresses: readonly AffectedIngress[]): void {
    const { client, clock, log } = this.#options;
    const ahead = clockAhead(client, clock);
    if (ahead === undefined) return;
    if (Math.abs(ahead) <= MAX_CLOCK_SKEW_MS) return this.#takeBack();
    const message =
      `GW105: ${clockInWords(ahead)}. ` +
      'Epochs are taken from the API server, so no change is lost. ' +
      'Times in records, Events and orders are wrong, ' +
      'and AWS refuses requests at a difference of 5 minutes. ' +
      'Correct whichever clock is wrong (NTP).';
    log.warn({ code: 'GW105', ahead: Math.round(ahead) }, message);
    for (const ingress of ingresses) this.#tellOf(ingress, message);
  }

  /** Reports the difference on the ingress Service and on its Gateways, each of them once. */
  #tellOf(ingress: AffectedIngress, message: string): void {
    const { ref } = ingress;
    const service = this.#options.cache.service(ref.namespace, ref.service);
    if (service === undefined) return;
    this.#report(
      serviceTarget(service.object.meta),
      `${ref.namespace}/${ref.service} clock`,
      message,
    );
    // Two ingresses may expose the same Gateway, which is informed once.
    for (const target of ingress.gateways()) this.#report(target, 'clock', message);
  }

  #report(target: EventTarget, subject: string, message: string): void {
    // Reports of an earlier process, from a time when the clocks disagreed, must not count.
    const again = this.#agreed && !this.#told.has(target.uid);
    this.#options.recorder.report(
      target,
      subject,
      [{ subject, type: 'Warning', reason: 'ClockWrong', message }],
      { again },
    );
    this.#told.set(target.uid, { target, subject });
  }

  /** The clocks agree again: ends the Events, and lets the next difference be reported anew. */
  #takeBack(): void {
    this.#agreed = true;
    if (this.#told.size === 0) return;
    for (const [uid, { target, subject }] of this.#told) {
      this.#options.recorder.report(target, subject, []);
      this.#told.delete(uid);
    }
    this.#options.log.info({}, 'the clocks agree again');
  }
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** Rounded, because exact figures would create a new Event each time. */
function clockInWords(ahead: number): string {
  const far = Math.abs(ahead);
  const [unit, length] = UNITS.find(([, ms]) => far >= 0.95 * ms) ?? UNITS[2];
  const count = Math.round(far / length);
  return (
    `the clock of the watcher's machine is about ${count} ${unit}${count === 1 ? '' : 's'} ` +
    `${ahead > 0 ? 'ahead of' : 'behind'} the clock of the Kubernetes API server`
  );
}
