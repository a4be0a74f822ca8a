import type { DeviceConfig } from '../config/schema.ts';

/** One of something for each device in this process, made when it is first asked for. */
export interface PerDevice<T> {
  get(config: DeviceConfig): Promise<T>;
  /** The next `get` makes it anew, with the secrets as they are then. */
  forget(config: DeviceConfig): Promise<void>;
  close(): Promise<void>;
}

export function perDevice<T extends { close(): Promise<void> }>(make: (config: DeviceConfig) => Promise<T>): PerDevice<T> {
  const made = new Map<string, Promise<T>>();
  const end = async (one: Promise<T> | undefined): Promise<void> => (await one?.catch(() => undefined))?.close();
  return {
    get: (config) => {
      const known = made.get(config.name);
      if (known !== undefined) return known;
      const one = make(config);
      made.set(config.name, one);
      // A secret that could not be read is asked for again next time.
      one.catch(() => made.get(config.name) === one && made.delete(config.name));
      return one;
    },
    forget: async (config) => {
      const one = made.get(config.name);
      made.delete(config.name);
      await end(one);
    },
    close: async () => {
      const all = [...made.values()];
      made.clear();
      for (const one of all) await end(one);
    },
  };
}
