/**
 * Creates the configured partitions ahead of need, without content, so that a first exposure costs
 * one declare.
 */
import type { DeviceConfig, SluiceConfig } from '../../shared/config/schema.ts';
import type { Devices } from '../../shared/device/device.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorCode, errorMessage } from '../../shared/telemetry/errors.ts';
import type { Waiting } from './waiting.ts';

/** Creates partitions, each at most once per process. */
export interface Preparation {
  /** One run for every device that an ingress uses. Never rejects; the next run tries again. */
  run(devices: Devices): Promise<void>;
  /** Resolves when this process creates no partition of the device, so that no declare is busy. */
  idle(device: string): Promise<void>;
}

/**
 * Devices on which a partition is being created, by configuration: on one host, slices are handled
 * by another instance than scheduled runs.
 */
const underway = new WeakMap<SluiceConfig, Map<string, Promise<void>>>();

/** `waiting`: a device that is known to be unreachable is not asked. */
export function createPreparation(
  { config, log }: Pick<Runtime, 'config' | 'log'>,
  waiting: Pick<Waiting, 'away'>,
): Preparation {
  const running = underway.get(config) ?? new Map<string, Promise<void>>();
  underway.set(config, running);
  const prepared = new Set<string>();
  const prepare = async (devices: Devices, wanted: DeviceConfig): Promise<void> => {
    const { name } = wanted;
    const left = wanted.partitions.filter((partition) => !prepared.has(`${name} ${partition}`));
    if (left.length === 0 || (await waiting.away(name)) !== undefined) return;
    const device = await devices.get(wanted);
    for (const partition of left) {
      if (await device.prepare(partition))
        log.info({ device: name, partition }, 'partition created');
      prepared.add(`${name} ${partition}`);
    }
  };
  const tryOne = async (devices: Devices, wanted: DeviceConfig): Promise<void> => {
    const { name: device } = wanted;
    const work = prepare(devices, wanted).catch((error: unknown) =>
      log.debug(
        { device, code: errorCode(error), error: errorMessage(error) },
        'its partitions could not be created ahead; the next run or the first exposure does it',
      ),
    );
    running.set(device, work);
    await work;
    running.delete(device);
  };
  return {
    run: async (devices) => {
      await Promise.all(usedDevices(config).map((one) => tryOne(devices, one)));
    },
    idle: async (device) => running.get(device),
  };
}

/** Devices of which no ingress makes use are left alone. */
function usedDevices({ devices, ingresses }: SluiceConfig): readonly DeviceConfig[] {
  const used = new Set(ingresses.flatMap((ingress) => ingress.devices));
  return devices.filter(({ name }) => used.has(name));
}
