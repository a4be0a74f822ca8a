/** Forged messages in the queue. */
import { readFile } from 'node:fs/promises';
import { KubernetesObjects } from '../../../../shared/domain/snapshot/objects.ts';
import type { Snapshot } from '../../../../shared/domain/snapshot/snapshot.ts';
import { serialiseEvent } from '../../../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED } from '../../../../shared/queue/events.ts';
import {
  newKeyPair,
  readSigner,
  readVerifyKey,
  type EventSigner,
} from '../../../../shared/queue/signature.ts';
import type { Runtime } from '../../../../shared/host/runtime.ts';
import { keyFiles, type LabFiles } from '../../files.ts';

const INGRESS = { namespace: 'istio-system', service: 'istio-ingressgateway' };

/** A way to forge a message, with the code by which it is refused. */
export interface Forger {
  /** What is wrong with the message, in words. */
  readonly how: string;
  /** The code of the refusal. */
  readonly code: string;
  readonly signer?: EventSigner;
}

/** What an attacker can do who can read and write the queue, but has no cluster's private key. */
export async function forgers({ dir }: LabFiles, cluster: string): Promise<readonly Forger[]> {
  const own = readSigner(newKeyPair().privatePem);
  const known = readVerifyKey(await readFile(keyFiles(dir, cluster).verify, 'utf8'));
  if ('problem' in own || 'problem' in known)
    throw new Error(`the lab's keys of ${cluster} cannot be read`);
  return [
    { how: 'without a signature', code: 'OWN321' },
    { how: 'signed with another key', code: 'OWN323', signer: own.ok },
    {
      how: `signed with another key under the key id of ${cluster}`,
      code: 'OWN322',
      signer: { ...own.ok, keyid: known.ok.keyid },
    },
  ];
}

/**
 * Sends "my ingress is gone, remove everything" in the name of a cluster and with its UID. Resolves
 * with the id of the message.
 */
export async function forgeRemoval(
  { clock, id, queues }: Runtime,
  victim: Pick<Snapshot, 'cluster' | 'clusterUid'>,
  signer: EventSigner | undefined,
): Promise<string> {
  const event = id();
  const { cluster } = victim;
  const subject = `${cluster}/${INGRESS.namespace}/${INGRESS.service}`;
  const snapshot: Snapshot = {
    ...victim,
    ingress: INGRESS,
    revision: { epoch: clock.now(), counter: 1 },
    changes: [],
    removed: true,
    objects: KubernetesObjects.parse({}),
  };
  const body = serialiseEvent(
    INGRESS_OBSERVED,
    snapshot,
    { id: event, cluster, subject, time: new Date(clock.now()).toISOString() },
    signer,
  );
  await queues
    .queue('snapshots')
    .send({ group: `${subject}/forged`, deduplicationId: event, body });
  return event;
}
