/**
 * Reports the results of an ingress to its users: Events on Gateways and Service, and the Service's
 * external address.
 */
import type { Service } from '../../../shared/domain/snapshot/objects.ts';
import type { Settled } from '../../../shared/domain/exposure/exposure.ts';
import type { ServerReport } from '../../../shared/domain/istio/port-mapping.ts';
import type { WatchedIngress } from '../ingresses.ts';
import { eventMessages } from './event-messages.ts';
import type { Recorder } from './event-recorder.ts';
import type { EventMessage } from './event-object.ts';
import type { LatestResults } from './latest-results.ts';
import { findTarget, serviceTarget } from './event-targets.ts';
import type { StatusKeeper } from './status-keeper.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';

/** The newest results of an ingress, and where they are reported. */
export interface ReportOptions {
  readonly recorder: Recorder;
  /** Finds the objects that get Events. */
  readonly cache: Pick<ClusterCache, 'index' | 'service'>;
  readonly ingress: WatchedIngress;
  /** The newest result of each device. */
  readonly results: LatestResults;
  /** Writes the external address. */
  readonly status: StatusKeeper;
  /** Servers whose Service port is being added, which need no warning yet. */
  readonly waiting: WaitingServers;
}

/** Servers whose Service port is being added: no Warning is true of them. */
export interface WaitingServers {
  isAdding(server: ServerReport): boolean;
}

/**
 * Level-based: reports the newest results, however often it is called. Returns the milliseconds
 * after which to look again, if any.
 */
export async function reportResults(options: ReportOptions): Promise<number | undefined> {
  const { ingress, cache, results, status } = options;
  const observed = cache.service(ingress.ref.namespace, ingress.ref.service);
  if (observed === undefined || results.newest() === undefined) return undefined;
  reportEvents(options, observed.object);
  return status.keep(observed);
}

/** Reports the messages of all results of the ingress. Objects that no longer exist are skipped. */
function reportEvents(
  { recorder, cache, ingress, results, waiting }: ReportOptions,
  service: Service,
): void {
  const scope = `${ingress.ref.namespace}/${ingress.ref.service}`;
  const own = serviceTarget(service.meta);
  const byTarget = new Map([[own.uid, { target: own, occurrences: [] as EventMessage[] }]]);
  for (const { about, occurrence } of eventMessages(
    scope,
    withoutWaiting(results.all(), waiting),
  )) {
    const target = about.kind === 'Ingress' ? own : findTarget(cache.index, about);
    if (target === undefined) continue;
    const entry = byTarget.get(target.uid) ?? { target, occurrences: [] };
    byTarget.set(target.uid, entry);
    entry.occurrences.push(occurrence);
  }
  for (const { target, occurrences } of byTarget.values())
    recorder.report(target, `${scope} result `, occurrences);
}

/**
 * A server whose port is being added to the Service would be reported as unreachable for a moment.
 */
function withoutWaiting(settled: readonly Settled[], waiting: WaitingServers): readonly Settled[] {
  return settled.map((result) => ({
    ...result,
    servers: result.servers.filter((server) => !waiting.isAdding(server)),
  }));
}
