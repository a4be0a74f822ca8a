/**
 * Reports a snapshot that is too large at the objects of its owner; no changes are sent until it is
 * split.
 */
import type { KubernetesObjects } from '../../../shared/domain/snapshot/objects.ts';
import type { IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import { QueueError } from '../../../shared/queue/port.ts';
import type { Recorder } from '../report/event-recorder.ts';
import type { EventMessage } from '../report/event-object.ts';
import { serviceTarget } from '../report/event-targets.ts';
import type { ClusterCache } from '../cache/cluster-cache.ts';

/**
 * Reports while a snapshot does not fit into a message, and clears the report after the next one
 * that does.
 */
export interface SizeReporter {
  /** Reports the error if it concerns the size. */
  failed(error: unknown, objects: KubernetesObjects): void;
  sent(): void;
}

/** Reports on the ingress Service. Other errors of the queue are ignored here. */
export function createSizeReporter(
  ref: IngressRef,
  recorder: Recorder,
  cache: Pick<ClusterCache, 'service'>,
): SizeReporter {
  const scope = `${ref.namespace}/${ref.service} snapshot`;
  let told = false;
  const say = (occurrences: readonly EventMessage[]): void => {
    const service = cache.service(ref.namespace, ref.service);
    if (service !== undefined)
      recorder.report(serviceTarget(service.object.meta), scope, occurrences);
    told = occurrences.length > 0;
  };
  return {
    failed: (error, objects) => {
      if (error instanceof QueueError && error.code === 'Q604')
        say([snapshotTooLarge(scope, ref, objects)]);
    },
    sent: () => {
      if (told) say([]);
    },
  };
}

/** Without exact sizes, which would create a new Event each time. */
export function snapshotTooLarge(
  scope: string,
  ref: IngressRef,
  objects: KubernetesObjects,
): EventMessage {
  const counts = [
    [objects.gateways.length + objects.apiGateways.length, 'Gateways'],
    [objects.virtualServices.length + objects.apiRoutes.length, 'routes'],
    [objects.pods.length, 'pods'],
    [objects.services.length, 'Services'],
    [objects.configMaps.length, 'ConfigMaps'],
  ] as const;
  const most = counts
    .toSorted(([a], [b]) => b - a)
    .slice(0, 2)
    .map(([count, what]) => `${count} ${what}`);
  const message =
    `Q604: the objects of Service ${ref.namespace}/${ref.service} do not fit into one ` +
    'message, so Sluice sends no changes to BIG-IP until they do; ' +
    `the largest parts are ${most.join(' and ')}. ` +
    'Give some of its Gateways a separate Service and gateway pods with a separate selector, ' +
    'and add that Service to ingresses in sluice.yaml.';
  return { subject: scope, type: 'Warning', reason: 'SnapshotTooLarge', message };
}
