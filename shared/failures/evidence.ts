/**
 * Keys of the evidence blobs of failures. Keys are built from checked ids and hashes, never from
 * external input.
 */
import { digest } from './identity.ts';
import { shardOf } from './shards.ts';
import type { Evidence, FailureHead } from './port.ts';

/** Names of evidence that this store has made; others are not deleted. */
const OWN = /^(?:evidence|imported)\/([0-9a-f]{2})\/([0-9a-f]{16})\/[0-9a-f]{12}\.json$/;

/** Key of evidence received by this installation. */
export function evidenceKey(id: string, message: string): string {
  return `evidence/${shardOf(id)}/${id}/${digest(message).slice(0, 12)}.json`;
}

/**
 * Named by content. Imported evidence is stored separately, because this installation did not
 * receive the event itself.
 */
export function importedKey(id: string, details: Evidence): string {
  return `imported/${shardOf(id)}/${id}/${digest(JSON.stringify(details)).slice(0, 12)}.json`;
}

/** Whether the failure came from a bundle. */
export function isImported({ evidence }: Pick<FailureHead, 'evidence'>): boolean {
  return evidence.startsWith('imported/');
}

/** Undefined if the head names another key: older versions copied keys from bundles. */
export function ownEvidence({
  id,
  evidence,
}: Pick<FailureHead, 'id' | 'evidence'>): string | undefined {
  const [, shard, owner] = OWN.exec(evidence) ?? [];
  return owner === id && shard === shardOf(id) ? evidence : undefined;
}
