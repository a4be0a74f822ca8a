/**
 * Verifies from the envelope alone whether an event comes from the cluster that it names. The only
 * check of senders and signatures; it runs before the content is unpacked, so a forged event costs
 * only the parsing of its envelope.
 */
import type { ClusterConfig, SluiceConfig } from '../config/schema.ts';
import type { EventAttributes } from './envelope-attributes.ts';
import type { Keyring } from './keyring.ts';
import { queueBackend } from './open.ts';
import { isSignedBy } from './signature.ts';

/** A refusal with code and message. */
export interface OriginRefusal {
  readonly code: string;
  readonly reason: string;
}

/** The claims of an envelope, and the rules for its cluster. */
export interface OriginInput {
  /** As parsed from the envelope. */
  readonly claimed: Pick<EventAttributes, 'cluster' | 'subject' | 'signature'>;
  /** Role id of the sender, if the queue reports it. */
  readonly sender: string | undefined;
  readonly config: Pick<SluiceConfig, 'clusters' | 'failures' | 'queue'>;
  readonly keys: Keyring;
}

/** `away`: a key cannot be read at the moment, so the event must be retried. */
export type Origin =
  { readonly kind: 'trusted' } | ({ readonly kind: 'refused' | 'away' } & OriginRefusal);

/** Checks the cluster, then the sender, then the signature. */
export async function checkOrigin(input: OriginInput): Promise<Origin> {
  const { claimed, config } = input;
  const { cluster: id, subject } = claimed;
  const cluster = config.clusters.find((known) => known.id === id);
  if (cluster === undefined)
    return refuseOrigin(
      'GW103',
      `cluster: ${id} is not in clusters of sluice.yaml; add it, or correct the watcher's cluster id`,
    );
  const unproven = stranger(input, cluster) ?? (await checkSignature(input, cluster));
  return unproven === undefined ? { kind: 'trusted' } : refusedInTheNameOf(subject, unproven);
}

/** A refused event is not attributed to an owner, so the message says which one it names. */
export function refusedInTheNameOf(subject: string, origin: Origin): Origin {
  return origin.kind === 'refused'
    ? { ...origin, reason: `in the name of ${subject.slice(0, 200)}: ${origin.reason}` }
    : origin;
}

/** A refusal with its code (OWN320 to OWN324) and reason. */
export function refuseOrigin(code: string, reason: string): Origin {
  return { kind: 'refused', code, reason };
}

/** Replayers may send events of other clusters. */
function stranger(
  { sender, config }: OriginInput,
  { id, senders }: ClusterConfig,
): Origin | undefined {
  if (senders.length === 0) return undefined;
  if (sender === undefined) {
    // A server that does not report senders proves nothing.
    return queueBackend(config.queue).isLocal
      ? undefined
      : refuseOrigin(
          'OWN320',
          'the queue does not report senders, ' +
            `so clusters[].senders of ${id} cannot be checked; ` +
            'with this queue server, use clusters[].verifyKeys instead',
        );
  }
  if (senders.includes(sender) || config.failures.replayers.includes(sender)) return undefined;
  return refuseOrigin(
    'OWN320',
    `sender ${sender} may not speak for cluster ${id}; clusters[].senders names ${senders.join(', ')}`,
  );
}

/**
 * Signed bytes stay valid whatever sender delivers them: a replay of the original is accepted, and
 * a modified event is not.
 */
export async function checkSignature(
  { claimed, keys }: Pick<OriginInput, 'claimed' | 'keys'>,
  cluster: ClusterConfig,
): Promise<Origin | undefined> {
  const { id, verifyKeys } = cluster;
  const { signature } = claimed;
  if (verifyKeys.length === 0) return undefined;
  if (signature === undefined)
    return refuseOrigin(
      'OWN321',
      `the event is not signed, but clusters[].verifyKeys is set for ${id}; ` +
        `set clusters[].signKey for the watcher of ${id}, or find out who sent the event`,
    );
  const found = await keys.find(cluster, signature.keyid);
  const named = JSON.stringify(signature.keyid.slice(0, 64));
  switch (found.kind) {
    case 'away':
      return { kind: 'away', code: found.code, reason: found.reason };
    case 'unknown':
      return refuseOrigin(
        'OWN323',
        `the event is signed with key ${named}, ` +
          `but clusters[].verifyKeys of ${id} holds ${found.known.join(', ')}; ` +
          `add the public key if it is a new key of ${id}, or find out who sent the event`,
      );
    case 'found':
      return isSignedBy(signature, found.key)
        ? undefined
        : refuseOrigin(
            'OWN322',
            `the signature with key ${named} of cluster ${id} is not valid: ` +
              'the event was changed after signing, or forged; find out who sent it',
          );
  }
}
