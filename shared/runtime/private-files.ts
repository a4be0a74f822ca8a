/**
 * Files that only their owner can read: cluster messages, failures, keys. Existing files lose the
 * permissions of others.
 */
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

/** Also restricts an existing directory; use it for directories that only Sluice uses. */
export function privateFolder(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: FOLDER });
  if (made === undefined) narrow(path, FOLDER);
}

/**
 * Creates an empty file if there is none. An existing file is not opened, because closing it would
 * release the locks that SQLite holds on it.
 */
export function privateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', FILE));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    narrow(path, FILE);
  }
}

/** Replaces an existing file. */
export function writePrivate(path: string, text: string): void {
  const file = openSync(path, 'w', FILE);
  try {
    // Before writing any content. Terminals and pipes keep their permissions.
    if (fstatSync(file).isFile()) orLeaveIt(() => fchmodSync(file, FILE));
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Does nothing if it does not exist. */
export function narrow(path: string, mode: number = FILE): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && (found.mode & OTHERS) !== 0) orLeaveIt(() => chmodSync(path, mode));
}

/** Only the owner of a file may change its permissions; other users can still work with it. */
function orLeaveIt(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error;
  }
}
