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

/** New members of a device that wait because its paths cannot be written. */
export interface HeldPaths {
  /** They wait because of this code; noted once, until another code or the end. */
  note(code: string): Promise<void>;
  /** Paths can be written, so the next fault is a new one. */
  end(): Promise<void>;
  /** Whether there is a note; it is gone then, so only one audit acts on it. */
  take(): Promise<boolean>;
}

/**
 * `partition`: that of the paths. The notes are beside the digest of its repairs; no partition has a
 * colon.
 */
export function heldPathsNote(memory: RepairMemory, device: string, partition: string): HeldPaths {
  const [note, cause] = [`${partition}:held`, `${partition}:cause`];
  return {
    note: async (code) => {
      const digest = differenceDigest([{ object: code, message: '' }]);
      if ((await memory.left(device, cause)) === digest) return;
      await memory.note(device, note, digest);
      // Last: if the process dies before, watchers are asked twice and not never.
      await memory.note(device, cause, digest);
    },
    end: () => memory.forget(device, cause),
    take: async () => {
      if ((await memory.left(device, note)) === undefined) return false;
      await memory.forget(device, note);
      return true;
    },
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
