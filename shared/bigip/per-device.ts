import type { DeviceConfig } from '../config/schema.ts';
import { within } from '../runtime/shared-call.ts';
import { DeviceError } from './errors.ts';

/** One of something for each device in this process, made when it is first asked for. */
export interface PerDevice<T> {
  get(config: DeviceConfig): Promise<T>;
  /** The next `get` makes it anew, with the secrets as they are then. */
  forget(config: DeviceConfig): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds: making one asks for secrets, and for nothing of the device. */
const LIMIT = 30_000;

export function perDevice<T extends { close(): Promise<void> }>(
  make: (config: DeviceConfig) => Promise<T>,
  limit = LIMIT,
): PerDevice<T> {
  const made = new Map<string, Promise<T>>();
  const end = async (one: Promise<T> | undefined): Promise<void> =>
    (await one?.catch(() => undefined))?.close();
  const begin = ({ name }: DeviceConfig, making: Promise<T>): Promise<T> => {
    const tooLong = (): DeviceError => {
      // It may come yet, when nobody wants it.
      void end(making);
      return new DeviceError(
        'BIP502',
        'transient',
        `${name}: its secrets were not available within ${limit / 1000} s; check the source of devices[].tls.ca`,
      );
    };
    return within(making, limit, tooLong);
  };
  return {
    get: (config) => {
      const known = made.get(config.name);
      if (known !== undefined) return known;
      const one = begin(config, make(config));
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
