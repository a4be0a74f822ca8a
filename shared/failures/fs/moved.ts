/** Who uses a directory of failures, and whether it was moved elsewhere. */
import { join } from 'node:path';
import { whyMoved } from '../../runtime/moved-mark.ts';
import { privateFolder } from '../../runtime/private-files.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import { ReplayError } from '../error.ts';
import { shareLock } from './lock.ts';

/** Names of the store's own files, which listings skip. */
export const FOLDER_LOCK = '.lock';
/** Its presence says that the content is elsewhere. */
export const FOLDER_MARK = '.moved';

/** Throws RPL718 if the directory was moved. */
export function refuseMovedFolder(root: string): void {
  const why = whyMoved(`The failure store ${root}`, join(root, FOLDER_MARK));
  if (why !== undefined) throw new ReplayError('RPL718', why);
}

function share(root: string): () => void {
  try {
    return shareLock(join(root, FOLDER_LOCK));
  } catch (error) {
    throw new ReplayError(
      'RPL700',
      `The failure store ${root} cannot be used (${errorMessage(error)}). Check its permissions, ` +
        'and that no "sluice store move" runs.',
      { cause: error },
    );
  }
}

/**
 * Creates the directory if it does not exist, and says that this process uses it, so that it is not
 * moved meanwhile. Throws RPL718 if it was. Returns how to end the use.
 */
export function useFolder(root: string): () => void {
  privateFolder(root);
  const end = share(root);
  try {
    refuseMovedFolder(root);
  } catch (error) {
    end();
    throw error;
  }
  return end;
}
