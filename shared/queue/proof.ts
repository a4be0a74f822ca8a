/** Whether an event that lies in a dead-letter queue or in a bundle comes from the cluster that its envelope names. */
import type { ClusterConfig, SluiceConfig } from '../config/schema.ts';
import { parseOwner } from '../domain/ingress/snapshot.ts';
import { readAttributes } from './envelope-attributes.ts';
import type { Attributes } from './envelope-attributes.ts';
import { open } from './envelope.ts';
import { SLICE_EVENTS } from './events.ts';
import type { Keyring } from './keyring.ts';
import type { WorkQueueName } from './port.ts';
import { isSignedBy } from './signature.ts';

/** `proven`: by what the cluster that it names demands. `free`: that cluster demands nothing. */
export type Proof = { readonly kind: 'proven' | 'free'; readonly cluster: string } | { readonly kind: 'unproven'; readonly reason: string };

export interface ProofRules {
  readonly config: Pick<SluiceConfig, 'clusters' | 'failures' | 'queue'>;
  readonly keys: Keyring;
}

const unproven = (reason: string): Proof => ({ kind: 'unproven', reason });

export function demandsOrigin({ senders, verifyKeys }: Pick<ClusterConfig, 'senders' | 'verifyKeys'>): boolean {
  return senders.length > 0 || verifyKeys.length > 0;
}

/** By what the queue saw of the sender, and by the signature: each counts where the cluster demands it. */
export async function proofOfReceived(body: string, sender: string | undefined, rules: ProofRules): Promise<Proof> {
  const claimed = claimOf(body, rules);
  if ('kind' in claimed) return claimed;
  const { attributes, cluster } = claimed;
  const known = sender === undefined ? rules.config.queue.kind === 'sqlite' : [...cluster.senders, ...rules.config.failures.replayers].includes(sender);
  if (cluster.senders.length > 0 && !known) return unproven(`clusters[].senders of ${cluster.id} does not name ${sender ?? 'a sender, and the queue says none'}`);
  return cluster.verifyKeys.length === 0 ? { kind: 'proven', cluster: cluster.id } : proofBySignature(attributes, cluster, rules);
}

/** Of bytes that somebody handed over: a sender that is written beside them proves nothing, and what map sends carries no signature. */
export async function proofOfHandedOver(queue: WorkQueueName, body: string, rules: ProofRules): Promise<Proof> {
  if (queue === 'slices') return proofOfSlice(body, rules);
  const claimed = claimOf(body, rules);
  if ('kind' in claimed) return claimed;
  const { attributes, cluster } = claimed;
  if (cluster.verifyKeys.length === 0) return unproven(`clusters[].senders of ${cluster.id} can be checked for what comes from the queue only`);
  return proofBySignature(attributes, cluster, rules);
}

/** Whoever speaks in it, and for whom: it goes past map, which is who checks. */
function proofOfSlice(body: string, { config }: ProofRules): Proof {
  const opened = open(body, SLICE_EVENTS);
  const speakers = 'refused' in opened ? [] : [opened.ok.cluster, parseOwner(opened.ok.data.owner).cluster];
  const guarded = config.clusters.filter(demandsOrigin);
  const known = speakers.length > 0 && speakers.every((id) => config.clusters.some((cluster) => cluster.id === id && !demandsOrigin(cluster)));
  if (known || guarded.length === 0) return { kind: 'free', cluster: speakers[0] ?? '' };
  return unproven('it is a slice, which map makes after it has checked who speaks, and which carries no signature itself');
}

function claimOf(body: string, { config }: ProofRules): Proof | { readonly attributes: Attributes; readonly cluster: ClusterConfig } {
  const read = readAttributes(body);
  if ('refused' in read) return unproven('it cannot be read, so nobody knows whose it is');
  const cluster = config.clusters.find(({ id }) => id === read.ok.cluster);
  if (cluster === undefined) return unproven(`cluster ${read.ok.cluster} is not in clusters of sluice.yaml`);
  return demandsOrigin(cluster) ? { attributes: read.ok, cluster } : { kind: 'free', cluster: cluster.id };
}

async function proofBySignature({ signature }: Attributes, cluster: ClusterConfig, { keys }: ProofRules): Promise<Proof> {
  if (signature === undefined) return unproven(`it is not signed, and clusters[].verifyKeys of ${cluster.id} demands it`);
  const found = await keys.find(cluster, signature.keyid);
  switch (found.kind) {
    case 'away':
      return unproven(`a key of clusters[].verifyKeys of ${cluster.id} cannot be had (${found.reason})`);
    case 'unknown':
      return unproven(`it is not signed by a key of clusters[].verifyKeys of ${cluster.id}`);
    case 'found':
      return isSignedBy(signature, found.key) ? { kind: 'proven', cluster: cluster.id } : unproven(`its signature by a key of ${cluster.id} does not fit`);
  }
}
