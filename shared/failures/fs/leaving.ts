/** The files of a failure store that is left for another place. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { inPages, MoveRefusal } from '../../postgres/moving.ts';
import type { MovedItem, MoveSource } from '../../postgres/moving.ts';
import { markMoved } from '../../runtime/moved-mark.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import type { Blobs } from '../blobs.ts';
import { createFileBlobs } from './blobs.ts';
import { takeLock } from './lock.ts';
import { FOLDER_LOCK, FOLDER_MARK } from './moved.ts';

/** A file as it lies in the directory; `kind` is the first part of its key. */
export interface MovedBlob extends MovedItem {
  readonly key: string;
  readonly text: string;
  /** Milliseconds since 1970 of the last write. */
  readonly written: number;
}

function takeAlone(root: string): () => void {
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new MoveRefusal(
      `the failure store ${root} is no directory; a relative path is relative to the current ` +
        'directory, so run this where "sluice up" ran',
    );
  try {
    return takeLock(join(root, FOLDER_LOCK));
  } catch (error) {
    throw new MoveRefusal(
      /locked|busy/.test(errorMessage(error))
        ? `the failure store ${root} is in use; stop "sluice up" and all other processes that use it`
        : `the failure store ${root} cannot be read (${errorMessage(error)}); check its permissions`,
      { cause: error },
    );
  }
}

/** Processes of older versions take no lock for all that they write, so changes are noticed, too. */
async function* read(blobs: Blobs): AsyncGenerator<MovedBlob> {
  const changed = (): MoveRefusal =>
    new MoveRefusal(
      `the failure store ${blobs.where} changed meanwhile; stop what uses it, and repeat`,
    );
  const entries = await blobs.list('');
  for (const { key, written } of entries) {
    const blob = await blobs.get(key);
    if (blob === undefined) throw changed();
    yield { kind: key.split('/', 1)[0] ?? key, name: key, key, text: blob.text, written };
  }
  const after = await blobs.list('');
  const isSame = after.every(
    ({ key, tag }, i) => entries[i]?.key === key && entries[i].tag === tag,
  );
  if (after.length !== entries.length || !isSame) throw changed();
}

/** Throws if there is no such directory, or if another process uses it. */
export function leaveFolder(root: string): MoveSource<MovedBlob> {
  const release = takeAlone(root);
  // It only reads, so it needs no id.
  const blobs = createFileBlobs(root, () => 'none');
  return {
    pages: () => inPages(read(blobs)),
    mark: (to) => markMoved(join(root, FOLDER_MARK), to),
    close: async () => {
      await blobs.close();
      release();
    },
  };
}
