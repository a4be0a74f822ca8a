/** What the failure store stands on: named blobs with conditional writes. A directory has it, and an S3 bucket. */

export interface Blob {
  readonly text: string;
  readonly tag: string;
}

export interface BlobEntry {
  readonly key: string;
  /** Changes with every write. */
  readonly tag: string;
}

/** `absent`: only if there is none yet; a tag: only if it is still that one; undefined: in any case. */
export type Condition = 'absent' | { readonly tag: string } | undefined;

export interface Blobs {
  /** For messages: where it is. */
  readonly where: string;
  get(key: string): Promise<Blob | undefined>;
  /** Readers see the old blob or the new one. Resolves with the new tag, or undefined when the condition does not hold. */
  put(key: string, text: string, condition?: Condition): Promise<string | undefined>;
  /** Nothing happens where there is none. */
  delete(key: string): Promise<void>;
  /** All whose key begins so, sorted by key; reads no content. */
  list(prefix: string): Promise<readonly BlobEntry[]>;
  close(): Promise<void>;
}
