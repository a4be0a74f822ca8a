/**
 * Repairs that left differences, so that they are not repeated while the same differences remain.
 * In the failure store, because it survives the process on every host.
 */
import { createHash } from 'node:crypto';
import type { Blobs } from './blobs.ts';

/** Prefix of these blobs in the failure store. */
export const REPAIRS = 'repairs/';

/** The content of a blob; anything else counts as absent. */
const DIGEST = /^\{"left":"([0-9a-f]{64})"\}$/;

/** What repairs left, by device and partition. Rejects if the failure store cannot be reached. */
export interface RepairMemory {
  /** The digest of what the last repair of this partition left; undefined if nothing. */
  left(device: string, partition: string): Promise<string | undefined>;
  note(device: string, partition: string, digest: string): Promise<void>;
  forget(device: string, partition: string): Promise<void>;
}

/** Whether new members of a device wait until its paths can be written. */
export interface HeldPaths {
  are(): Promise<boolean>;
  note(): Promise<void>;
  forget(): Promise<void>;
}

/** `partition`: that of the paths. Beside the digest of its repairs; no partition has a colon. */
export function heldPathsNote(memory: RepairMemory, device: string, partition: string): HeldPaths {
  const key = `${partition}:held`;
  return {
    are: async () => (await memory.left(device, key)) !== undefined,
    note: () => memory.note(device, key, differenceDigest([])),
    forget: () => memory.forget(device, key),
  };
}

/** Equal for the same differences, in any order. */
export function differenceDigest(
  found: readonly { readonly object: string; readonly message: string }[],
): string {
  const lines = found.map(({ object, message }) => `${object} ${message}`).toSorted();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/** One blob for each partition with a repair that left something. */
export function createRepairMemory(blobs: Blobs): RepairMemory {
  const key = (device: string, partition: string): string =>
    `${REPAIRS}${device}/${partition}.json`;
  return {
    left: async (device, partition) =>
      DIGEST.exec((await blobs.get(key(device, partition)))?.text ?? '')?.[1],
    note: async (device, partition, digest) => {
      await blobs.put(key(device, partition), JSON.stringify({ left: digest }));
    },
    forget: (device, partition) => blobs.delete(key(device, partition)),
  };
}
