import { createDevice } from '../../shared/bigip/device.ts';
import type { Device } from '../../shared/bigip/device.ts';
import type { DeviceConfig } from '../../shared/config/schema.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';

export interface Devices {
  /** One connection and one login for each device and process. */
  get(config: DeviceConfig): Promise<Device>;
  close(): Promise<void>;
}

export function createDevices(runtime: Runtime): Devices {
  const open = new Map<string, Promise<Device>>();
  const connect = async (config: DeviceConfig): Promise<Device> => {
    const ca = config.tls.ca === undefined ? undefined : await runtime.secrets.resolve(config.tls.ca);
    return createDevice(config, { ca, password: () => runtime.secrets.resolve(config.password) }, runtime.clock);
  };
  return {
    get: (config) => {
      const known = open.get(config.name);
      if (known) return known;
      const device = connect(config);
      open.set(config.name, device);
      // A secret that could not be read is asked for again next time.
      device.catch(() => open.delete(config.name));
      return device;
    },
    close: async () => {
      for (const device of open.values()) await (await device.catch(() => undefined))?.close();
      open.clear();
    },
  };
}
