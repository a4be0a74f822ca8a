/**
 * Reads the declarations of all devices, by partition; an unreachable device is reported in the
 * result instead of thrown.
 */
import { openDevice } from '../../host/devices.ts';
import type { Device } from '../../device/device.ts';
import { modulesOf, type Reference } from '../../device/references.ts';
import type { DeviceConfig, SluiceConfig } from '../../config/schema.ts';
import type { DeclaredState } from '../../domain/declared/declared.ts';
import type { Runtime } from '../../host/runtime.ts';
import { errorCode, errorMessage } from '../../telemetry/errors.ts';
import type { ReadPartitions } from '../context.ts';
import { readPaths } from './path-view.ts';
import type {
  AnsweringPartition,
  DeclaredPartitionView,
  UnansweredPartition,
} from './partition-view.ts';
import { ChoiceError } from '../choice.ts';

export type {
  AnsweringPartition,
  DeclaredPartitionView,
  UnansweredPartition,
} from './partition-view.ts';

/** A device that did not answer. */
export interface UnansweredDevice {
  /** Name of the device. */
  readonly device: string;
  /** Absent if the error has none. */
  readonly code?: string;
  /** The message of the error, for people. */
  readonly problem: string;
}

/** The entry for a device that did not answer, from the error. */
export function unansweredDevice(device: string, error: unknown): UnansweredDevice {
  const code = errorCode(error);
  return { device, problem: errorMessage(error), ...(code === undefined ? {} : { code }) };
}

/** The partitions whose declaration is unknown. */
export function unansweredOf(
  declared: readonly DeclaredPartitionView[],
): readonly UnansweredPartition[] {
  return declared.filter((one) => 'problem' in one);
}

/** All configured devices, or the named one; throws with the known names. */
export function chooseDevices(
  { devices }: Pick<SluiceConfig, 'devices'>,
  name: string | undefined,
): readonly DeviceConfig[] {
  const chosen = devices.filter((device) => name === undefined || device.name === name);
  if (chosen.length > 0) return chosen;
  throw new ChoiceError(
    ['device'],
    `device ${name}: use one of devices[].name: ${devices.map((device) => device.name).join(', ')}`,
  );
}

/** Reads the devices themselves, in parallel. */
export function partitionsFromDevices(
  runtime: Pick<Runtime, 'config' | 'secrets' | 'clock'>,
): ReadPartitions {
  return async (devices, options) =>
    (await Promise.all(devices.map((device) => readDevice(runtime, device, options)))).flat();
}

/** Reads all partitions of one device over one connection. An error concerns all of them. */
async function readDevice(
  { config: site, secrets, clock }: Pick<Runtime, 'config' | 'secrets' | 'clock'>,
  config: DeviceConfig,
  { health = false }: Parameters<ReadPartitions>[1] = {},
): Promise<readonly DeclaredPartitionView[]> {
  const away = (error: unknown): readonly DeclaredPartitionView[] =>
    config.partitions.map((partition) => ({
      device: config.name,
      partition,
      code: errorCode(error) ?? 'BIP501',
      problem: errorMessage(error),
    }));
  try {
    const device = await openDevice({ secrets, clock }, config);
    try {
      const paths = health ? await readPaths(site, config, device, clock.now()) : undefined;
      return await Promise.all(
        config.partitions.map(async (partition): Promise<DeclaredPartitionView> => {
          const started = clock.now();
          const reading = await device.read(partition);
          const milliseconds = clock.now() - started;
          if (reading.kind === 'refused')
            return { device: config.name, partition, code: reading.code, problem: reading.reason };
          return {
            device: config.name,
            partition,
            state: reading.declared.state,
            milliseconds,
            facts: await device.facts(),
            lacking: await device.missing(modulesIn(reading.declared.state)),
            ...(health && (await healthIn(device, partition, reading.declared.state))),
            ...(paths && { paths }),
          };
        }),
      );
    } finally {
      await device.close();
    }
  } catch (error) {
    return away(error);
  }
}

/** It adds to what is known of the partition, so a failure costs nothing else. */
async function healthIn(
  device: Pick<Device, 'health'>,
  partition: string,
  state: DeclaredState,
): Promise<Pick<AnsweringPartition, 'health'>> {
  try {
    return { health: await device.health(partition, state) };
  } catch {
    return {};
  }
}

/** Each list of modules once. */
function modulesIn({ exposures }: DeclaredState): readonly Reference[] {
  const lists = Object.values(exposures).flatMap(({ settings }) =>
    modulesOf(settings).map(({ modules }) => modules.join()),
  );
  return [...new Set(lists)].map((path) => ({ kind: 'module', path }));
}
