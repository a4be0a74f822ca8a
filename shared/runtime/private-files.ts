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

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const OTHERS_MODE = 0o077;

/** Also restricts an existing directory; use it for directories that only Sluice uses. */
export function privateFolder(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
  if (made === undefined) restrictMode(path, FOLDER_MODE);
}

/**
 * Creates an empty file if there is none. An existing file is not opened, because closing it would
 * release the locks that SQLite holds on it.
 */
export function privateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', FILE_MODE));
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    restrictMode(path, FILE_MODE);
  }
}

/** Replaces an existing file. */
export function writePrivate(path: string, text: string): void {
  const file = openSync(path, 'w', FILE_MODE);
  try {
    // Before writing any content. Terminals and pipes keep their permissions.
    if (fstatSync(file).isFile()) orLeaveIt(() => fchmodSync(file, FILE_MODE));
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Does nothing if it does not exist. */
export function restrictMode(path: string, mode: number = FILE_MODE): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && (found.mode & OTHERS_MODE) !== 0)
    orLeaveIt(() => chmodSync(path, mode));
}

/** Only the owner of a file may change its permissions; other users can still work with it. */
function orLeaveIt(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error;
  }
}
