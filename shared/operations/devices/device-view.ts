/** What can be seen of one device: everything that Sluice declares there, and what others hold. */
import { createDevice } from '../../bigip/device.ts';
import type { DeviceConfig } from '../../config/schema.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import type { AddressHolder } from '../../domain/plan/foreign.ts';
import type { Runtime } from '../../host/runtime.ts';

export interface DeviceView {
  /** By partition. */
  readonly states: ReadonlyMap<string, DeclaredState>;
  /** Empty where nobody asked. */
  readonly holders: readonly AddressHolder[];
}

/** Rejects when a partition cannot be read: then nobody knows what is there. */
export async function readDeviceView(
  { secrets, clock }: Pick<Runtime, 'secrets' | 'clock'>,
  config: DeviceConfig,
  others: boolean,
): Promise<DeviceView> {
  const ca = config.tls.ca === undefined ? undefined : await secrets.resolve(config.tls.ca);
  const device = createDevice(
    config,
    { ca, password: () => secrets.resolve(config.password) },
    clock,
  );
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
