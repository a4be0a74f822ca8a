/** Whether the content of an event speaks of what its envelope says. Who sends was judged before (`shared/queue/origin.ts`). */
import { ownerKey } from '../../shared/domain/snapshot/snapshot.ts';
import type { EventOf } from '../../shared/queue/envelope-types.ts';
import { CLUSTER_INVENTORY } from '../../shared/queue/events.ts';
import type { SNAPSHOT_EVENTS } from '../../shared/queue/events.ts';
import { refusedInTheNameOf, refuseOrigin } from '../../shared/queue/origin.ts';
import type { Origin } from '../../shared/queue/origin.ts';

type Event = EventOf<typeof SNAPSHOT_EVENTS>;

export function checkContent(event: Event): Origin {
  const other = disagreement(event);
  return other === undefined ? { kind: 'trusted' } : refusedInTheNameOf(event.subject, other);
}

/** What is checked is the envelope, and what is acted on is the content: they must speak of the same. */
function disagreement(event: Event): Origin | undefined {
  const { cluster, subject, data } = event;
  if (data.cluster !== cluster)
    return refuseOrigin(
      'OWN324',
      `source names cluster ${cluster}, data.cluster names ${data.cluster}; find out who sent the event, because a watcher writes the same cluster in both`,
    );
  const owner = event.type === CLUSTER_INVENTORY ? cluster : ownerKey(cluster, event.data.ingress);
  return subject === owner
    ? undefined
    : refuseOrigin(
        'OWN324',
        `subject is ${subject}, but the data is about ${owner}; find out who sent the event, because a watcher writes the same in both`,
      );
}
