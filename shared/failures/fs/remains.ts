/** The files of a failure store, for whoever takes it away. */
import { existsSync, readdirSync, rmSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { isKey } from '../keys.ts';

/** What is in the folder of a failure store. */
export interface StoreFiles {
  /** Files of Sluice. */
  readonly own: readonly string[];
  /** Files and links that the store never makes. */
  readonly others: readonly string[];
  /** Folders, inner ones first; the root is the last one. */
  readonly folders: readonly string[];
}

/** The lock of the store, and files that were being written when a process was killed. */
const HIDDEN = /^\.(lock(-journal)?|[A-Za-z0-9-]{1,64}\.tmp)$/;

/** Undefined if there is no such folder. */
export function storeFiles(root: string): StoreFiles | undefined {
  if (!existsSync(root)) return undefined;
  const own: string[] = [];
  const others: string[] = [];
  const folders: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      const isOwn = isKey(entry.name) || (entry.isFile() && HIDDEN.test(entry.name));
      if (entry.isDirectory() && isOwn) walk(path);
      else (entry.isFile() && isOwn ? own : others).push(path);
    }
    folders.push(folder);
  };
  walk(root);
  return { own, others, folders };
}

/** Leaves what is of others, with its folders. */
export function removeStoreFiles(root: string): void {
  const found = storeFiles(root);
  if (found === undefined) return;
  for (const file of found.own) rmSync(file, { force: true });
  for (const folder of found.folders) if (readdirSync(folder).length === 0) rmdirSync(folder);
}
