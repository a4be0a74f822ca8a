/** Which other processes of this host have files open. */
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** Where the kernel lists processes; it does not on macOS. */
const PROC = '/proc';

/** Empty if the folder cannot be read: another user's process, or one that just ended. */
function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

/** Process ids, without this process. Those of other users are seen only by root. */
export function processesWith(files: readonly string[]): readonly number[] {
  const wanted = new Set(files.map((file) => realpathSync(file)));
  return list(PROC)
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => {
      const folder = join(PROC, pid, 'fd');
      return list(folder).some((fd) => wanted.has(target(join(folder, fd))));
    })
    .map(Number);
}
