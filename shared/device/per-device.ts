/** One value for each device in a process, such as its connection, made when it is first needed. */
import type { DeviceConfig } from '../config/schema.ts';
import { within } from '../runtime/shared-call.ts';
import { DeviceError } from './errors.ts';

/** One value per device in this process, created on first use. */
export interface PerDevice<T> {
  get(config: DeviceConfig): Promise<T>;
  /** The next `get` creates it again with the current secrets. */
  forget(config: DeviceConfig): Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds; creation resolves secrets and does not contact the device. */
const LIMIT_MS = 30_000;

/**
 * `make` runs once per device, also for concurrent calls. If it takes longer than `limitMs`
 * milliseconds, `get` rejects with BIP502, and the late result is closed.
 */
export function perDevice<T extends { close(): Promise<void> }>(
  make: (config: DeviceConfig) => Promise<T>,
  limitMs = LIMIT_MS,
): PerDevice<T> {
  const made = new Map<string, Promise<T>>();
  const end = async (one: Promise<T> | undefined): Promise<void> =>
    (await one?.catch(() => undefined))?.close();
  const begin = ({ name }: DeviceConfig, making: Promise<T>): Promise<T> => {
    const tooLong = (): DeviceError => {
      // It may still finish, when it is no longer needed.
      void end(making);
      return new DeviceError(
        'BIP502',
        'transient',
        `${name}: its secrets were not available within ${limitMs / 1000} s; check the source of devices[].tls.ca`,
      );
    };
    return within(making, limitMs, tooLong);
  };
  return {
    get: (config) => {
      const known = made.get(config.name);
      if (known !== undefined) return known;
      const one = begin(config, make(config));
      made.set(config.name, one);
      // An unreadable secret is read again next time.
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
