import { createHash } from 'node:crypto';

export interface FailureIdentity {
  readonly code: string;
  readonly queue: string;
  /** The owner; what cannot be read has none and is known by the queue's group. */
  readonly owner: string | undefined;
  readonly group: string;
  readonly device: string | undefined;
  readonly partition: string | undefined;
  readonly exposure: string | undefined;
  /** What was wanted, without its members: a pod that comes or goes makes no new failure. */
  readonly structure: string;
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The first digit stands for the owner, so that its failures lie together. */
export function ownerDigit(owner: string): string {
  return digest(owner).slice(0, 1);
}

export function failureId(of: FailureIdentity): string {
  const owner = of.owner ?? of.group;
  const parts = [of.code, of.queue, owner, of.device, of.partition, of.exposure, of.structure];
  return ownerDigit(owner) + digest(JSON.stringify(parts)).slice(0, 15);
}
