/** The id of a failure, which is equal for repetitions of the same failure. */
import { createHash } from 'node:crypto';

/** The fields that identify a failure. Frozen: changing them would change all ids. */
export interface FailureIdentity {
  readonly code: string;
  readonly queue: string;
  /**
   * The owner. An event that cannot be parsed has none, and is identified by the group of its
   * queue.
   */
  readonly owner: string | undefined;
  readonly group: string;
  readonly device: string | undefined;
  readonly partition: string | undefined;
  readonly exposure: string | undefined;
  /**
   * The requested configuration without members, so that a change of pods does not create a new
   * failure.
   */
  readonly structure: string;
}

/** SHA-256 in hex. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The first digit of an id is derived from the owner, so that failures of one owner are stored
 * together.
 */
export function ownerDigit(owner: string): string {
  return digest(owner).slice(0, 1);
}

/** 16 hex digits; the first is derived from the owner. */
export function failureId(of: FailureIdentity): string {
  const owner = of.owner ?? of.group;
  const parts = [of.code, of.queue, owner, of.device, of.partition, of.exposure, of.structure];
  return ownerDigit(owner) + digest(JSON.stringify(parts)).slice(0, 15);
}
