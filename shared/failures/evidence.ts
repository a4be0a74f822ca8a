/** Where the evidence of a failure lies. Keys are made here, from checked ids and hashes; none is taken from what somebody handed over. */
import { digest } from './identity.ts';
import { shardOf } from './shards.ts';
import type { Evidence, FailureHead } from './port.ts';

const OWN = /^(?:evidence|imported)\/([0-9a-f]{2})\/([0-9a-f]{16})\/[0-9a-f]{12}\.json$/;

export function evidenceKey(id: string, message: string): string {
  return `evidence/${shardOf(id)}/${id}/${digest(message).slice(0, 12)}.json`;
}

/** By its content. What came in a bundle stays apart: nobody here saw who sent it. */
export function importedKey(id: string, details: Evidence): string {
  return `imported/${shardOf(id)}/${id}/${digest(JSON.stringify(details)).slice(0, 12)}.json`;
}

export function isImported({ evidence }: Pick<FailureHead, 'evidence'>): boolean {
  return evidence.startsWith('imported/');
}

/** Undefined where the head names something else: an older Sluice took the key over from bundles. */
export function ownEvidence({
  id,
  evidence,
}: Pick<FailureHead, 'id' | 'evidence'>): string | undefined {
  const [, shard, owner] = OWN.exec(evidence) ?? [];
  return owner === id && shard === shardOf(id) ? evidence : undefined;
}
