/** A clock that is far from the API server's is said at the ingress Services, at their Gateways and in the log. Nothing waits for it to be set right. */
import type { IngressRef } from '../../shared/domain/snapshot/snapshot.ts';
import type { KubernetesClient } from '../../shared/kubernetes/index.ts';
import type { Clock } from '../../shared/runtime/clock.ts';
import type { Logger } from '../../shared/telemetry/log.ts';
import { CLOCKS_DIFFER } from './leader/lease.ts';
import type { Recorder } from './report/event-recorder.ts';
import type { EventTarget } from './report/event-object.ts';
import { serviceTarget } from './report/event-targets.ts';
import type { ClusterCache } from './cache/cluster-cache.ts';

export interface ClockTellerOptions {
  readonly client: Pick<KubernetesClient, 'time'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly recorder: Recorder;
  readonly cache: Pick<ClusterCache, 'service'>;
  readonly log: Logger;
}

/** Milliseconds; undefined where the API server does not tell. */
export function clockAhead(
  client: Pick<KubernetesClient, 'time'>,
  clock: Pick<Clock, 'now'>,
): number | undefined {
  const time = client.time();
  return time === undefined ? undefined : clock.now() - time;
}

/** An ingress Service, and the Gateways whose servers it offers. */
export interface AffectedIngress {
  readonly ref: IngressRef;
  gateways(): readonly EventTarget[];
}

/** Says it once at each Service and Gateway, and again after the clocks agreed for a while. */
export class ClockTeller {
  readonly #options: ClockTellerOptions;
  /** By UID: where it was said since the clocks agreed last. */
  readonly #told = new Map<string, { readonly target: EventTarget; readonly subject: string }>();
  #agreed = false;

  constructor(options: ClockTellerOptions) {
    this.#options = options;
  }

  /** Looks at the clocks now; safe to call at any time. */
  tell(ingresses: readonly AffectedIngress[]): void {
    const { client, clock, log } = this.#options;
    const ahead = clockAhead(client, clock);
    if (ahead === undefined) return;
    if (Math.abs(ahead) <= CLOCKS_DIFFER) return this.#takeBack();
    const message = `GW105: ${clockInWords(ahead)}. Epochs are taken from the API server, so no change is lost. Times in records, Events and orders are wrong, and AWS refuses requests at a difference of 5 minutes. Correct whichever clock is wrong (NTP).`;
    log.warn({ code: 'GW105', ahead: Math.round(ahead) }, message);
    for (const ingress of ingresses) this.#tellOf(ingress, message);
  }

  #tellOf(ingress: AffectedIngress, message: string): void {
    const { ref } = ingress;
    const service = this.#options.cache.service(ref.namespace, ref.service);
    if (service === undefined) return;
    this.#report(
      serviceTarget(service.object.meta),
      `${ref.namespace}/${ref.service} clock`,
      message,
    );
    // Two ingresses may offer the same Gateway, and there is one clock to tell of.
    for (const target of ingress.gateways()) this.#report(target, 'clock', message);
  }

  #report(target: EventTarget, subject: string, message: string): void {
    // What an earlier process said before the clocks agreed would pass for said.
    const again = this.#agreed && !this.#told.has(target.uid);
    this.#options.recorder.report(
      target,
      subject,
      [{ subject, type: 'Warning', reason: 'ClockWrong', message }],
      { again },
    );
    this.#told.set(target.uid, { target, subject });
  }

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

/** Steady words: exact figures would make every look a new Event. */
function clockInWords(ahead: number): string {
  const far = Math.abs(ahead);
  const [unit, length] = UNITS.find(([, ms]) => far >= 0.95 * ms) ?? UNITS[2];
  const count = Math.round(far / length);
  return `the clock of the watcher's machine is about ${count} ${unit}${count === 1 ? '' : 's'} ${ahead > 0 ? 'ahead of' : 'behind'} the clock of the Kubernetes API server`;
}
