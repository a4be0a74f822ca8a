/** Files that only their owner may read: messages of clusters, failures, keys. What is there already loses the rights of others. */
import {
  chmodSync,
  closeSync,
  fstatSync,
  fchmodSync,
  mkdirSync,
  openSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { errorCode } from '../telemetry/errors.ts';

const FILE = 0o600;
const FOLDER = 0o700;
const OTHERS = 0o077;

/** Also where it is there already: for folders that are Sluice's own. */
export function privateFolder(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: FOLDER });
  if (made === undefined) narrow(path, FOLDER);
}

/** Empty where there is none yet. Nothing is opened that is there: closing it would let go of the locks SQLite holds on it. */
export function privateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', FILE));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    narrow(path, FILE);
  }
}

/** Replaces what is there. */
export function writePrivate(path: string, text: string): void {
  const file = openSync(path, 'w', FILE);
  try {
    // Before anything is in it. A terminal or a pipe keeps its rights.
    if (fstatSync(file).isFile()) orLeaveIt(() => fchmodSync(file, FILE));
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Nothing happens where there is none. */
export function narrow(path: string, mode: number = FILE): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && (found.mode & OTHERS) !== 0) orLeaveIt(() => chmodSync(path, mode));
}

/** Only the owner of a file may change its rights; whoever else was let in can work all the same. */
function orLeaveIt(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error;
  }
}
