/** `sluice`, as somebody at a desk types it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Lab } from '../../lab.ts';
import { ROOT } from '../../queue.ts';

const run = promisify(execFile);
const SLUICE = join(ROOT, 'dist', 'cli', 'sluice.mjs');

/** Rejects with what the command said when it ends with anything but 0. */
export async function sluice(
  { files, environment }: Pick<Lab, 'files' | 'environment'>,
  args: readonly string[],
): Promise<void> {
  await run(process.execPath, [SLUICE, ...args, '-c', files.config, '--yes'], {
    env: { ...process.env, ...environment },
  });
}
