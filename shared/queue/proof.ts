/**
 * Proves whether an event in a dead-letter queue or bundle comes from the cluster that its envelope
 * names.
 */
import type { ClusterConfig, SluiceConfig } from '../config/schema.ts';
import { parseOwner } from '../domain/snapshot/snapshot.ts';
import { parseAttributes } from './envelope-attributes.ts';
import type { EventAttributes } from './envelope-attributes.ts';
import { parseEvent } from './envelope.ts';
import { SLICE_EVENTS } from './events.ts';
import type { Keyring } from './keyring.ts';
import { checkOrigin, checkSignature } from './origin.ts';
import type { Origin } from './origin.ts';
import type { WorkQueueName } from './port.ts';

/**
 * `proven`: the checks that the cluster requires succeeded. `free`: the cluster requires no checks.
 */
export type Proof =
  | { readonly kind: 'proven' | 'free'; readonly cluster: string }
  | { readonly kind: 'unproven'; readonly reason: string };

/** Configuration and keys for proofs. */
export interface ProofRules {
  readonly config: Pick<SluiceConfig, 'clusters' | 'failures' | 'queue'>;
  readonly keys: Keyring;
}

const unproven = (reason: string): Proof => ({ kind: 'unproven', reason });

/** Whether the cluster requires known senders or signatures. */
export function demandsOrigin({
  senders,
  verifyKeys,
}: Pick<ClusterConfig, 'senders' | 'verifyKeys'>): boolean {
  return senders.length > 0 || verifyKeys.length > 0;
}

/**
 * For messages from a queue: checks the sender and the signature, each if the cluster requires it.
 */
export async function proofOfReceived(
  body: string,
  sender: string | undefined,
  rules: ProofRules,
): Promise<Proof> {
  const claimed = claimOf(body, rules);
  if ('kind' in claimed) return claimed;
  return proofOf(
    await checkOrigin({ ...rules, claimed: claimed.attributes, sender }),
    claimed.cluster,
  );
}

/**
 * For bytes from a file: a recorded sender proves nothing, and events from map have no signature.
 */
export async function proofOfHandedOver(
  queue: WorkQueueName,
  body: string,
  rules: ProofRules,
): Promise<Proof> {
  if (queue === 'slices') return proofOfSlice(body, rules);
  const claimed = claimOf(body, rules);
  if ('kind' in claimed) return claimed;
  const { attributes, cluster } = claimed;
  if (cluster.verifyKeys.length === 0)
    return unproven(
      `clusters[].senders of ${cluster.id} can be checked only for messages from the queue`,
    );
  return proofOf(
    (await checkSignature({ ...rules, claimed: attributes }, cluster)) ?? { kind: 'trusted' },
    cluster,
  );
}

/** A slice bypasses the check in map, so it is proven only if no cluster requires one. */
function proofOfSlice(body: string, { config }: ProofRules): Proof {
  const opened = parseEvent(body, SLICE_EVENTS);
  const speakers =
    'refused' in opened ? [] : [opened.ok.cluster, parseOwner(opened.ok.data.owner).cluster];
  const guarded = config.clusters.filter(demandsOrigin);
  const known =
    speakers.length > 0 &&
    speakers.every((id) =>
      config.clusters.some((cluster) => cluster.id === id && !demandsOrigin(cluster)),
    );
  if (known || guarded.length === 0) return { kind: 'free', cluster: speakers[0] ?? '' };
  return unproven(
    'it is a slice, which map creates after checking the origin of the snapshot, and which has no signature of its own',
  );
}

/**
 * Whom a message names, if its cluster requires proof. Otherwise the answer is known already: no
 * owner, or free.
 */
function claimOf(
  body: string,
  { config }: ProofRules,
): Proof | { readonly attributes: EventAttributes; readonly cluster: ClusterConfig } {
  const read = parseAttributes(body);
  if ('refused' in read) return unproven('it cannot be parsed, so its owner is unknown');
  const cluster = config.clusters.find(({ id }) => id === read.ok.cluster);
  if (cluster === undefined)
    return unproven(`cluster ${read.ok.cluster} is not in clusters of sluice.yaml`);
  return demandsOrigin(cluster)
    ? { attributes: read.ok, cluster }
    : { kind: 'free', cluster: cluster.id };
}

function proofOf(origin: Origin, { id }: ClusterConfig): Proof {
  return origin.kind === 'trusted' ? { kind: 'proven', cluster: id } : unproven(origin.reason);
}
