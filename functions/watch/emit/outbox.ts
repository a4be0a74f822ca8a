/** Signs the events of a watcher and sends them to its queues. */
import type { Change, IngressRef } from '../../../shared/domain/snapshot/snapshot.ts';
import { ownerKey } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Revision } from '../../../shared/domain/revision.ts';
import { signerOf } from '../../../shared/queue/keyring.ts';
import {
  CLUSTER_INVENTORY,
  INGRESS_OBSERVED,
  MEMBER_LEAVING,
} from '../../../shared/queue/events.ts';
import { publishEvent } from '../../../shared/queue/publish.ts';
import { newTraceparent, traceFields } from '../../../shared/queue/trace.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Content } from './snapshot-content.ts';
import type { Revisions } from './revisions.ts';

/** Sends the watcher's events; resolves when the queue has stored them. */
export interface Outbox {
  /** `settledSince` gets the revision of the snapshot, and answers as in `Snapshot`. */
  snapshot(
    ingress: IngressRef,
    content: Content & { readonly changes: readonly Change[] },
    settledSince: (revision: Revision) => Revision,
  ): Promise<Revision>;
  /** Addresses of pods that begin to end, ahead of the snapshot. */
  leaving(ingress: IngressRef, addresses: readonly string[]): Promise<void>;
  /** The existing ones among the watched ingresses; `began` gets the revision before it is sent. */
  inventory(
    ingresses: readonly IngressRef[],
    watched: readonly IngressRef[],
    began: (revision: Revision) => void,
  ): Promise<Revision>;
}

/**
 * The cluster in whose name events are sent; `clusterUid` is the UID of its namespace kube-system.
 */
export interface OutboxOptions {
  readonly runtime: Runtime;
  /** `clusters[].id`, the source of all events. */
  readonly cluster: string;
  /** UID of namespace kube-system. */
  readonly clusterUid: string;
  /** Shared by all ingresses, so that their events have one order. */
  readonly revisions: Revisions;
}

/** Every event gets the next revision, and a signature if the cluster has a key. */
export function createOutbox({ runtime, cluster, clusterUid, revisions }: OutboxOptions): Outbox {
  const signer = signerOf(
    runtime.secrets,
    runtime.config.clusters.find(({ id }) => id === cluster),
  );

  async function send(type: string, subject: string, data: object): Promise<void> {
    const cause = { traceparent: newTraceparent(runtime.id) };
    await publishEvent(runtime, {
      queue: 'snapshots',
      group: subject,
      type,
      data,
      cluster,
      subject,
      id: runtime.id(),
      cause,
      hop: 'watch',
      signer: await signer(),
    });
    runtime.log.info({ type, subject, ...traceFields(cause) }, 'sent');
  }

  return {
    snapshot: async (ingress, content, settledSince) => {
      const revision = revisions.next();
      await send(INGRESS_OBSERVED, ownerKey(cluster, ingress), {
        cluster,
        clusterUid,
        ingress,
        revision,
        settledSince: settledSince(revision),
        ...content,
      });
      return revision;
    },
    leaving: async (ingress, addresses) => {
      const data = { cluster, clusterUid, ingress, revision: revisions.next(), addresses };
      await send(MEMBER_LEAVING, ownerKey(cluster, ingress), data);
    },
    inventory: async (ingresses, watched, began) => {
      const revision = revisions.next();
      began(revision);
      await send(CLUSTER_INVENTORY, cluster, { cluster, clusterUid, revision, ingresses, watched });
      return revision;
    },
  };
}
