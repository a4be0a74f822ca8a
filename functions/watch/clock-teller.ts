/** A clock that is far from the API server's is said at the ingress Services and in the log. Nothing waits for it to be set right. */
import type { IngressRef } from '../../shared/domain/snapshot/snapshot.ts';
import type { KubernetesClient } from '../../shared/kubernetes/index.ts';
import type { Clock } from '../../shared/runtime/runtime.ts';
import type { Logger } from '../../shared/telemetry/log.ts';
import { CLOCKS_DIFFER } from './leader/lease.ts';
import type { Recorder } from './report/event-recorder.ts';
import { serviceTarget } from './report/event-targets.ts';
import type { ClusterCache } from './cache/cluster-cache.ts';

export interface ClockTellerOptions {
  readonly client: Pick<KubernetesClient, 'time'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly recorder: Recorder;
  readonly world: Pick<ClusterCache, 'service'>;
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

/** What is said before is taken back once the clocks agree. */
export async function tellClock(
  { client, clock, recorder, world, log }: ClockTellerOptions,
  ingresses: readonly IngressRef[],
): Promise<void> {
  const ahead = clockAhead(client, clock);
  if (ahead === undefined) return;
  const wrong = Math.abs(ahead) > CLOCKS_DIFFER;
  const message = `GW105: ${clockInWords(ahead)}. Epochs are taken from the API server, so no change is lost; times in records, Events and orders are wrong, and AWS refuses requests from 5 minutes on. Set whichever of the two is wrong (NTP).`;
  if (wrong) log.warn({ code: 'GW105', ahead: Math.round(ahead) }, message);
  for (const { namespace, service } of ingresses) {
    const target = world.service(namespace, service);
    const subject = `${namespace}/${service} clock`;
    if (target !== undefined)
      await recorder.report(
        serviceTarget(target.object.meta),
        subject,
        wrong ? [{ subject, type: 'Warning', reason: 'ClockWrong', message }] : [],
      );
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
  return `the clock of the watcher's machine is about ${count} ${unit}${count === 1 ? '' : 's'} ${ahead > 0 ? 'ahead of' : 'behind'} that of the Kubernetes API server`;
}
