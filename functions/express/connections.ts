import type { NodeAccess } from '../../shared/bigip/node-access.ts';
import { openNodeAccess } from '../../shared/bigip/node-access.ts';
import type { DeviceConfig } from '../../shared/config/schema.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';

export interface Connections {
  /** One login for each device and process. */
  get(config: DeviceConfig): Promise<NodeAccess>;
  /** The next `get` connects anew, with the secrets as they are then. */
  forget(config: DeviceConfig): Promise<void>;
  close(): Promise<void>;
}

export function createConnections(runtime: Runtime): Connections {
  const opened = new Map<string, Promise<NodeAccess>>();
  const connect = async (config: DeviceConfig): Promise<NodeAccess> => {
    const ca = config.tls.ca === undefined ? undefined : await runtime.secrets.resolve(config.tls.ca);
    return openNodeAccess(config, { ca, password: () => runtime.secrets.resolve(config.password) }, runtime);
  };
  return {
    get: (config) => {
      const known = opened.get(config.name);
      if (known !== undefined) return known;
      const access = connect(config);
      opened.set(config.name, access);
      // A secret that could not be read is asked for again next time.
      access.catch(() => opened.delete(config.name));
      return access;
    },
    forget: async (config) => {
      const access = opened.get(config.name);
      opened.delete(config.name);
      await (await access?.catch(() => undefined))?.close();
    },
    close: async () => {
      for (const access of opened.values()) await (await access.catch(() => undefined))?.close();
      opened.clear();
    },
  };
}
