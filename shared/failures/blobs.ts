/**
 * The storage port of the failure store: named blobs with conditional writes. Implemented by a
 * directory, a table of PostgreSQL and an S3 bucket.
 */

/** The content of a blob. `tag` changes with every write and is the condition of the next one. */
export interface Blob {
  readonly text: string;
  readonly tag: string;
}

/** Key, tag and time of a blob, without its content. */
export interface BlobEntry {
  readonly key: string;
  /** Changes with every write. */
  readonly tag: string;
  /** Milliseconds since 1970 of the last write, by the clock of the storage. */
  readonly written: number;
}

/** Part of a listing. Keys compare as texts of ASCII. */
export interface KeyRange {
  /** Only keys that are larger. */
  readonly after?: string | undefined;
  /** Only keys that are smaller. */
  readonly before?: string | undefined;
}

/** Whether a key is in the range. */
export function isInRange(key: string, { after, before }: KeyRange): boolean {
  return (after === undefined || key > after) && (before === undefined || key < before);
}

/**
 * `absent`: only if no blob exists; a tag: only if the blob still has it; undefined:
 * unconditionally.
 */
export type Condition = 'absent' | { readonly tag: string } | undefined;

/**
 * Every call rejects with a {@link ReplayError} (RPL700) if the storage fails or does not answer.
 */
export interface Blobs {
  /** Location, for messages. */
  readonly where: string;
  get(key: string): Promise<Blob | undefined>;
  /**
   * Atomic: readers see either the old or the new blob. Resolves with the new tag, or with
   * undefined if the condition is not met.
   */
  put(key: string, text: string, condition?: Condition): Promise<string | undefined>;
  /** Does nothing if it does not exist. */
  delete(key: string): Promise<void>;
  /**
   * All blobs whose key starts with `prefix`, sorted by key; reads no content. A bucket is asked
   * once for each thousand of them, so a range saves requests.
   */
  list(prefix: string, range?: KeyRange): Promise<readonly BlobEntry[]>;
  /**
   * Identity of the data: another one follows after a standby took over or a backup was restored.
   * Absent, or undefined: the storage does not tell.
   */
  lineage?(): Promise<BlobLineage | undefined>;
  close(): Promise<void>;
}

/** `waits`: commits wait for a standby. */
export interface BlobLineage {
  readonly id: string;
  readonly waits: boolean;
}
