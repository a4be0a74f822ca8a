/** The files of a queue, for whoever takes it away or only looks. */
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeSystemError } from '../../telemetry/errors.ts';
import { QueueError, type QueueDepth } from '../port.ts';
import { queueMark } from './database.ts';

/** The queue file, what SQLite keeps beside it, and the locks of watchers; those that exist. */
export function queueFiles(path: string): readonly string[] {
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  const name = basename(path);
  const isOurs = (one: string): boolean =>
    [name, `${name}-wal`, `${name}-shm`].includes(one) ||
    (one.startsWith(`${name}.`) && /\.lock(-journal)?$/.test(one));
  // The queue file goes last: without it, nobody looks for the others.
  const rank = (one: string): number => (one === name ? 1 : 0);
  return readdirSync(folder)
    .filter(isOurs)
    .toSorted((a, b) => rank(a) - rank(b))
    .map((one) => join(folder, one));
}

/** The ids of clusters whose `sluice up` holds its lock beside the queue file. */
export function heldClusters(path: string): readonly string[] {
  const prefix = `${basename(path)}.`;
  return queueFiles(path)
    .filter((one) => one.endsWith('.lock') && isLocked(one))
    .map((one) => basename(one).slice(prefix.length, -'.lock'.length));
}

function isLocked(file: string): boolean {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE; ROLLBACK');
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
}

/**
 * What every queue of a file has before the file exists; undefined if it exists or was moved.
 * Creates nothing; throws Q601 if it could not be created.
 */
export function depthBefore(path: string): QueueDepth | undefined {
  if (existsSync(path) || existsSync(queueMark(path))) return undefined;
  let folder = dirname(resolve(path));
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    // With the dot, a file is no folder.
    accessSync(`${folder}/.`, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new QueueError(
      'Q601',
      `The queue file ${path} does not exist, and cannot be created in ${folder}: ` +
        `${describeSystemError(error)}. Check queue.path and the permissions of the folder.`,
      { cause: error },
    );
  }
  return { waiting: 0, inFlight: 0, isAbsent: true };
}
