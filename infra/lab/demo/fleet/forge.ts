/** Messages that somebody puts into the queue who should not. */
import { KubernetesObjects } from '../../../../shared/domain/ingress/objects.ts';
import type { Snapshot } from '../../../../shared/domain/ingress/snapshot.ts';
import { seal } from '../../../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED } from '../../../../shared/queue/events.ts';
import type { Runtime } from '../../../../shared/runtime/runtime.ts';

const INGRESS = { namespace: 'istio-system', service: 'istio-ingressgateway' };

/** "My ingress is gone, take everything away", in the name of a cluster; resolves with the id of the message. */
export async function forgeRemoval({ clock, id, queues }: Runtime, cluster: string, clusterUid: string): Promise<string> {
  const event = id();
  const subject = `${cluster}/${INGRESS.namespace}/${INGRESS.service}`;
  const snapshot: Snapshot = { cluster, clusterUid, ingress: INGRESS, revision: { epoch: clock.now(), counter: 1 }, changes: [], removed: true, objects: KubernetesObjects.parse({}) };
  const body = seal(INGRESS_OBSERVED, snapshot, { id: event, cluster, subject, time: new Date(clock.now()).toISOString() });
  await queues.queue('snapshots').send({ group: `${subject}/forged`, deduplicationId: event, body });
  return event;
}
