/**
 * Creates the configured partitions ahead of need, without content, so that a first exposure costs
 * one declare.
 */
import type { DeviceConfig, SluiceConfig } from '../../shared/config/schema.ts';
import type { Device, Devices } from '../../shared/device/device.ts';
import { DeviceError, errorText } from '../../shared/device/errors.ts';
import { digest } from '../../shared/failures/identity.ts';
import type { Failures } from '../../shared/failures/open.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorCode, errorMessage } from '../../shared/telemetry/errors.ts';
import type { WaitingChanges } from './waiting.ts';

/** Creates partitions, each at most once per process. */
export interface Preparation {
  /** One run for every device that an ingress uses. Never rejects; the next run tries again. */
  run(devices: Devices): Promise<void>;
  /**
   * Whether the partition is created now. Never rejects: first contact creates what is missing. A
   * partition that the device refused is not tried again by this process.
   */
  create(device: Device, partition: string): Promise<boolean>;
  /** Resolves when this process creates no partition of the device, so that no declare is busy. */
  idle(device: string): Promise<void>;
}

/**
 * Devices on which a partition is being created, by configuration: on one host, slices are handled
 * by another instance than scheduled runs.
 */
const underway = new WeakMap<SluiceConfig, Map<string, Promise<void>>>();

/** Opens what says which process has the turn. */
export type OpenSchedules = () => Promise<Pick<Failures, 'schedules'>>;

/** Milliseconds between two tries of all processes at one device. */
const TURN_MS = 60_000;

/**
 * `waiting`: a device that is known to be unreachable is not asked. Processes take turns, so that
 * together they try one that does not answer no more often than one of them would.
 */
export function createPreparation(
  { config, log }: Pick<Runtime, 'config' | 'log'>,
  waiting: Pick<WaitingChanges, 'away'>,
  open: OpenSchedules,
): Preparation {
  const running = underway.get(config) ?? new Map<string, Promise<void>>();
  underway.set(config, running);
  const prepared = new Set<string>();
  const createOne = createOnce(log);
  const tellFailure = (device: string, error: unknown): void =>
    log.debug(
      { device, code: errorCode(error), error: errorMessage(error) },
      'its partitions could not be created ahead; the next run or the first exposure does it',
    );
  const prepare = async (devices: Devices, wanted: DeviceConfig): Promise<void> => {
    const { name } = wanted;
    const left = wanted.partitions.filter((partition) => !prepared.has(`${name} ${partition}`));
    if (left.length === 0 || (await waiting.away(name)) !== undefined) return;
    await inTurn(open, name, async () => {
      try {
        const device = await devices.get(wanted);
        for (const partition of left) {
          await createOne(device, partition);
          prepared.add(`${name} ${partition}`);
        }
      } catch (error) {
        tellFailure(name, error);
      }
    });
  };
  const tryOne = async (devices: Devices, wanted: DeviceConfig): Promise<void> => {
    const work = prepare(devices, wanted);
    running.set(wanted.name, work);
    await work;
  };
  return {
    run: async (devices) => {
      await Promise.all(usedDevices(config).map((one) => tryOne(devices, one)));
    },
    create: (device, partition) =>
      createOne(device, partition).catch((error: unknown) => {
        tellFailure(device.name, error);
        return false;
      }),
    idle: async (device) => running.get(device),
  };
}

/**
 * Without the failure store, each process tries, whatever keeps it from being opened. `work` must
 * not reject.
 */
async function inTurn(
  open: OpenSchedules,
  device: string,
  work: () => Promise<void>,
): Promise<void> {
  const name = `prepare-${digest(device).slice(0, 16)}`;
  try {
    await (await open()).schedules.take({ name, every: TURN_MS }, work);
  } catch {
    await work();
  }
}

/** Creates partitions; one that the device refused is told once, and not tried again. */
function createOnce(log: Runtime['log']): (device: Device, partition: string) => Promise<boolean> {
  const refused = new Set<string>();
  return async (device, partition) => {
    const at = { device: device.name, partition };
    const id = `${device.name} ${partition}`;
    if (refused.has(id)) return false;
    try {
      const isNew = await device.prepare(partition);
      if (isNew) log.info(at, 'partition created');
      return isNew;
    } catch (error) {
      if (!(error instanceof DeviceError && error.fault === 'content')) throw error;
      refused.add(id);
      log.warn(
        { ...at, code: error.code, error: errorText(error) },
        'the device refuses to create the partition; its first exposure tries it again',
      );
      return false;
    }
  };
}

/** Devices of which no ingress makes use are left alone. */
function usedDevices({ devices, ingresses }: SluiceConfig): readonly DeviceConfig[] {
  const used = new Set(ingresses.flatMap((ingress) => ingress.devices));
  return devices.filter(({ name }) => used.has(name));
}
