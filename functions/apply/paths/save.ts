/** What was written of paths is saved and synchronised once, at the end of a run. */
import type { Device } from '../../../shared/device/device.ts';
import { LeaseLost } from '../../../shared/queue/lease.ts';
import { errorCode, errorMessage } from '../../../shared/telemetry/errors.ts';
import type { PathJob } from './job.ts';

/** Devices with paths that this process wrote and did not save yet. */
const unsaved = new WeakSet<Device>();

/** The run changed the device. */
export function noteUnsaved({ device }: Pick<PathJob, 'device'>): void {
  unsaved.add(device);
}

/**
 * Saves and synchronises once after all writes of a run, also those of an earlier run that failed.
 */
export async function save({ device }: PathJob): Promise<void> {
  if (!unsaved.has(device)) return;
  await device.paths.settle();
  unsaved.delete(device);
}

/** Some of the writes may have succeeded before the one that failed. */
export async function unsavedIfFailed<T>({ device }: PathJob, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    noteUnsaved({ device });
    throw error;
  }
}

/** What was declared is true, whatever happens now. */
export async function quietly<T>(job: PathJob, work: () => Promise<T>): Promise<T | undefined> {
  const { device, log } = job;
  try {
    return await unsavedIfFailed(job, work);
  } catch (error) {
    if (error instanceof LeaseLost) throw error;
    log.warn(
      { device: device.name, code: errorCode(error), error: errorMessage(error) },
      'paths are not finished; the next run continues',
    );
    return undefined;
  }
}
