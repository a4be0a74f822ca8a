/**
 * Checks that the content of an event matches its envelope. The sender was verified before
 * (`shared/queue/origin.ts`).
 */
import { ownerKey } from '../../shared/domain/snapshot/snapshot.ts';
import type { EventOf } from '../../shared/queue/envelope-types.ts';
import { CLUSTER_INVENTORY } from '../../shared/queue/events.ts';
import type { LEAVING_EVENTS, SNAPSHOT_EVENTS } from '../../shared/queue/events.ts';
import { refusedInTheNameOf, refuseOrigin } from '../../shared/queue/origin.ts';
import type { Origin } from '../../shared/queue/origin.ts';

type Event = EventOf<typeof SNAPSHOT_EVENTS> | EventOf<typeof LEAVING_EVENTS>;

/** Compares source, subject and data; returns a refusal (OWN324) if they differ. */
export function checkContent(event: Event): Origin {
  const other = disagreement(event);
  return other === undefined ? { kind: 'trusted' } : refusedInTheNameOf(event.subject, other);
}

/**
 * The envelope was verified, but the content is used, so both must name the same cluster and owner.
 */
function disagreement(event: Event): Origin | undefined {
  const { cluster, subject, data } = event;
  if (data.cluster !== cluster)
    return refuseOrigin(
      'OWN324',
      `source names cluster ${cluster}, data.cluster names ${data.cluster}; ` +
        'find out who sent the event, because a watcher writes the same cluster in both',
    );
  // An inventory is about the whole cluster, so its subject is the cluster itself.
  const owner = event.type === CLUSTER_INVENTORY ? cluster : ownerKey(cluster, event.data.ingress);
  return subject === owner
    ? undefined
    : refuseOrigin(
        'OWN324',
        `subject is ${subject}, but the data is about ${owner}; ` +
          'find out who sent the event, because a watcher writes the same in both',
      );
}
