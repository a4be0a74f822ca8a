/** The visible state of one device: all declarations of Sluice, and foreign address holders. */
import { openDevice } from '../../host/devices.ts';
import type { DeviceConfig } from '../../config/schema.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import type { AddressHolder } from '../../domain/plan/foreign.ts';
import type { Runtime } from '../../host/runtime.ts';

/** What is on a device at the moment. */
export interface DeviceView {
  /** By partition. */
  readonly states: ReadonlyMap<string, DeclaredState>;
  /** Empty if they were not read. */
  readonly holders: readonly AddressHolder[];
}

/** Rejects if a partition cannot be read, because the state would be incomplete. */
export async function readDeviceView(
  runtime: Pick<Runtime, 'secrets' | 'clock'>,
  config: DeviceConfig,
  others: boolean,
): Promise<DeviceView> {
  const device = await openDevice(runtime, config);
  try {
    const states = new Map<string, DeclaredState>();
    for (const partition of config.partitions) {
      const reading = await device.read(partition);
      if (reading.kind === 'refused') throw new Error(`${reading.code}: ${reading.reason}`);
      states.set(partition, reading.declared.state);
    }
    return { states, holders: others ? await device.foreign() : [] };
  } finally {
    await device.close();
  }
}
