/** Logs occasionally that a device is above the recommended limits; it is applied anyway. */
import { sizeFindings } from '../../shared/domain/plan/sizes.ts';
import type { Device } from '../../shared/device/device.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { PartitionResult } from './job.ts';

/** Logs exceeded recommended limits. */
export interface Sizes {
  /** `results` of every partition of the device. */
  note(device: Pick<Device, 'name' | 'capabilities'>, results: readonly PartitionResult[]): void;
}

/** Milliseconds; determining the size requires rendering everything. */
const REPORT_INTERVAL_MS = 3_600_000;

/** Checks each device at most once an hour. */
export function createSizes({ clock, log }: Pick<Runtime, 'clock' | 'log'>): Sizes {
  const next = new Map<string, number>();
  return {
    note: ({ name: device, capabilities }, results) => {
      const now = clock.monotonic();
      if (now < (next.get(device) ?? 0)) return;
      next.set(device, now + REPORT_INTERVAL_MS);
      for (const finding of sizeFindings(
        new Map(results.map((result) => [result.partition, result.declared])),
        capabilities.bytesOf,
      ))
        log.warn({ device, ...finding }, 'above the recommended limits');
    },
  };
}
