import type { Change, IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import { ownerKey } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Revision } from '../../../shared/domain/revision.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import type { EventMeta } from '../../../shared/queue/envelope-types.ts';
import { signerOf } from '../../../shared/queue/keyring.ts';
import { CLUSTER_INVENTORY, INGRESS_OBSERVED } from '../../../shared/queue/events.ts';
import { queueToken } from '../../../shared/queue/limits.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Content } from './snapshot-content.ts';
import type { Revisions } from './revisions.ts';

/** Puts what the watcher says on the queue; resolves only when the queue has it. */
export interface Outbox {
  snapshot(ingress: IngressRef, content: Content, changes: readonly Change[]): Promise<Revision>;
  /** Those that exist, of those that are looked for. */
  inventory(ingresses: readonly IngressRef[], watched: readonly IngressRef[]): Promise<Revision>;
}

export interface OutboxOptions {
  readonly runtime: Runtime;
  readonly cluster: string;
  readonly clusterUid: string;
  readonly revisions: Revisions;
}

export function createOutbox({ runtime, cluster, clusterUid, revisions }: OutboxOptions): Outbox {
  const queue = runtime.queues.queue('snapshots');
  const signer = signerOf(
    runtime.secrets,
    runtime.config.clusters.find(({ id }) => id === cluster),
  );

  async function send(type: string, subject: string, data: object): Promise<void> {
    const time = new Date(runtime.clock.now()).toISOString();
    const meta: EventMeta = {
      id: runtime.id(),
      cluster,
      subject,
      time,
      traceparent: traceparent(runtime),
      hops: [{ at: time, where: 'watch' }],
    };
    await queue.send({
      group: queueToken(subject),
      deduplicationId: queueToken(meta.id),
      body: serialiseEvent(type, data, meta, await signer()),
    });
  }

  return {
    snapshot: async (ingress, content, changes) => {
      const revision = revisions.next();
      await send(INGRESS_OBSERVED, ownerKey(cluster, ingress), {
        cluster,
        clusterUid,
        ingress,
        revision,
        changes,
        ...content,
      });
      return revision;
    },
    inventory: async (ingresses, watched) => {
      const revision = revisions.next();
      await send(CLUSTER_INVENTORY, cluster, { cluster, clusterUid, revision, ingresses, watched });
      return revision;
    },
  };
}

/** W3C trace context: a new trace for each event that leaves the cluster. */
function traceparent(runtime: Runtime): string {
  const hex = (): string => runtime.id().replaceAll('-', '').padEnd(32, '0').slice(0, 32);
  return `00-${hex()}-${hex().slice(0, 16)}-01`;
}
