/** Blobs as files in a directory, safe for several processes of one host. */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, errorMessage } from '../../telemetry/errors.ts';
import { isInRange } from '../blobs.ts';
import type { Blob, BlobEntry, Blobs, Condition, KeyRange } from '../blobs.ts';
import { ReplayError } from '../error.ts';
import { checkedKey, checkedPrefix, isKey } from '../keys.ts';
import { createLock } from './lock.ts';
import { FOLDER_LOCK, useFolder } from './moved.ts';

/** Every write creates a new file, so inode, time and size change. */
function tagOf({
  ino,
  mtimeNs,
  size,
}: {
  readonly ino: bigint;
  readonly mtimeNs: bigint;
  readonly size: bigint;
}): string {
  return `${ino}-${mtimeNs}-${size}`;
}

/** Undefined if there is no such file. */
function currentTag(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : tagOf(found);
}

/** Compared under the lock of the store, so that nobody writes in between. */
function holds(condition: Condition, present: string | undefined): boolean {
  if (condition === undefined) return true;
  return condition === 'absent' ? present === undefined : present === condition.tag;
}

/** Written and synced completely before it is renamed; hidden names are not listed. */
function writeTemporary(path: string, text: string, id: string): string {
  const temporary = join(dirname(path), `.${id}.tmp`);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return temporary;
}

/** Also if a folder on the way is missing, or is a file. */
async function undefinedIfMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Reads content and tag of the same file, even while it is being replaced. */
async function read(path: string): Promise<Blob> {
  const file = await open(path);
  try {
    return { text: await file.readFile('utf8'), tag: tagOf(await file.stat({ bigint: true })) };
  } finally {
    await file.close();
  }
}

/** Which blobs are listed. */
interface Wanted {
  readonly prefix: string;
  readonly range: KeyRange;
}

/** Lists the blobs below a folder. Symbolic links and names that are no keys are skipped. */
async function walk(root: string, folder: string, wanted: Wanted): Promise<readonly BlobEntry[]> {
  const found =
    (await undefinedIfMissing(readdir(join(root, folder), { withFileTypes: true }))) ?? [];
  const visible = found.filter((entry) => isKey(entry.name) && !entry.isSymbolicLink());
  const entries = await Promise.all(
    visible.map(async (entry): Promise<readonly BlobEntry[]> => {
      const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (!key.startsWith(wanted.prefix)) return [];
      if (entry.isDirectory()) return walk(root, key, wanted);
      if (!isInRange(key, wanted.range)) return [];
      const stats = await undefinedIfMissing(stat(join(root, key), { bigint: true }));
      return stats === undefined
        ? []
        : [{ key, tag: tagOf(stats), written: Number(stats.mtimeMs) }];
    }),
  );
  return entries.flat();
}

/** The directory that contains all keys with the prefix. */
function folderOf(root: string, prefix: string): string {
  const folder = checkedPrefix(prefix, root).includes('/') ? dirname(`${prefix}x`) : '';
  if (folder !== '') pathOf(root, folder);
  return folder;
}

/** Refuses symbolic links below the root, which may lead anywhere; Sluice creates none. */
function pathOf(root: string, key: string): string {
  const parts = checkedKey(key, root).split('/');
  for (let i = 1; i <= parts.length; i++) {
    const path = join(root, ...parts.slice(0, i));
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) break;
    if (found.isSymbolicLink())
      throw new ReplayError(
        'RPL716',
        `${path} is a symbolic link. The failure store follows none, because it may lead out of ${root}. Remove it.`,
      );
  }
  return join(root, key);
}

/** The directory is readable only by its owner. Errors become RPL700. */
export function createFileBlobs(root: string, id: () => string): Blobs {
  const guard = async <T>(work: () => Promise<T> | T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ReplayError) throw error;
      throw new ReplayError(
        'RPL700',
        `The failure store ${root} cannot be used: ${errorMessage(error)}. ` +
          'Check failures.path, its permissions and the free space.',
        { cause: error },
      );
    }
  };
  let locked: ReturnType<typeof createLock> | undefined;
  let endUse: (() => void) | undefined;
  const lock = (): ReturnType<typeof createLock> =>
    (locked ??= createLock(join(root, FOLDER_LOCK)));
  const put = (key: string, text: string, condition: Condition): string | undefined => {
    const path = pathOf(root, key);
    endUse ??= useFolder(root);
    const temporary = writeTemporary(path, text, id());
    const place = (): string | undefined => {
      if (!holds(condition, currentTag(path))) return undefined;
      renameSync(temporary, path);
      return currentTag(path);
    };
    try {
      return condition === undefined ? place() : lock().hold(place);
    } finally {
      rmSync(temporary, { force: true });
    }
  };
  return {
    where: root,
    get: (key) => guard(() => undefinedIfMissing(read(pathOf(root, key)))),
    put: (key, text, condition) => guard(() => put(key, text, condition)),
    delete: (key) => guard(() => rm(pathOf(root, key), { force: true })),
    list: (prefix, range = {}) =>
      guard(async () =>
        (await walk(root, folderOf(root, prefix), { prefix, range })).toSorted((a, b) =>
          a.key < b.key ? -1 : 1,
        ),
      ),
    close: async () => {
      locked?.close();
      endUse?.();
      locked = endUse = undefined;
    },
  };
}
