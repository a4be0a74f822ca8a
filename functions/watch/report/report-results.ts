/**
 * Reports the results of an ingress to its users: Events on Gateways and Service, and the Service's
 * external address.
 */
import type { Service } from '../../../shared/domain/snapshot/objects.ts';
import type { KubernetesClient } from '../../../shared/kubernetes/index.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import type { WatchedIngress } from '../ingresses.ts';
import { eventMessages, statusAddresses } from './event-messages.ts';
import type { Recorder } from './event-recorder.ts';
import type { EventMessage } from './event-object.ts';
import type { LatestResults } from './latest-results.ts';
import { findTarget, serviceTarget } from './event-targets.ts';
import { decideStatus, writeStatus } from './service-status.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';

export interface ReportOptions {
  readonly client: KubernetesClient;
  readonly recorder: Recorder;
  readonly cache: Pick<ClusterCache, 'index' | 'service'>;
  readonly ingress: WatchedIngress;
  readonly results: LatestResults;
  readonly log: Logger;
}

/** Level-based: reports the newest results, however often it is called. */
export async function reportResults(options: ReportOptions): Promise<void> {
  const { ingress, cache, results } = options;
  const observed = cache.service(ingress.ref.namespace, ingress.ref.service);
  if (observed === undefined || results.newest() === undefined) return;
  reportEvents(options, observed.object);
  await keepStatus(options, observed);
}

function reportEvents(
  { recorder, cache, ingress, results }: ReportOptions,
  service: Service,
): void {
  const scope = `${ingress.ref.namespace}/${ingress.ref.service}`;
  const own = serviceTarget(service.meta);
  const byTarget = new Map([[own.uid, { target: own, occurrences: [] as EventMessage[] }]]);
  for (const { about, occurrence } of eventMessages(scope, results.all())) {
    const target = about.kind === 'Ingress' ? own : findTarget(cache.index, about);
    if (target === undefined) continue;
    const entry = byTarget.get(target.uid) ?? { target, occurrences: [] };
    byTarget.set(target.uid, entry);
    entry.occurrences.push(occurrence);
  }
  for (const { target, occurrences } of byTarget.values())
    recorder.report(target, `${scope} result `, occurrences);
}

async function keepStatus(
  { client, ingress, results, log }: ReportOptions,
  observed: NonNullable<ReturnType<ClusterCache['service']>>,
): Promise<void> {
  const { object: service, owned } = observed;
  const present = owned.status
    ? service.loadBalancerIngress.flatMap((entry) => entry.ip ?? [])
    : [];
  const decision = decideStatus(service, owned, ingress, statusAddresses(results.all(), present));
  if (decision.kind === 'leave')
    return log.debug({ reason: decision.reason }, 'Service status not changed');
  await writeStatus(client, service, decision.addresses);
  log.info({ addresses: decision.addresses }, 'status written');
}
