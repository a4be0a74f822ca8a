/** The devices of one function in one process: one connection, login and breaker per device. */
import type { DeviceConfig, SluiceConfig } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Device, FencesBehind } from './device.ts';
import { createDevice } from './device.ts';
import { dryRunDevice } from './dry-run.ts';
import { perDevice } from '../device/per-device.ts';

/** Devices by name. `get` rejects with a {@link DeviceError} if the secrets cannot be resolved. */
export interface Devices {
  get(config: DeviceConfig): Promise<Device>;
  /** The next `get` connects again with the current secrets. Absent if nothing is cached. */
  forget?(config: DeviceConfig): Promise<void>;
  close(): Promise<void>;
}

/** Dependencies of devices. */
export interface DevicesContext {
  readonly config: Pick<SluiceConfig, 'generation' | 'ingresses'>;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly dryRun?: boolean | undefined;
}

/**
 * `onFencesBehind` is called for a partition that lost declared versions, so that watchers can be
 * asked for a resync.
 */
export function createDevices(
  context: DevicesContext,
  onFencesBehind: (behind: FencesBehind) => Promise<void>,
): Required<Devices> {
  const { generation, ingresses } = context.config;
  const configured = {
    generation,
    owners: new Set(ingresses.map(({ cluster, service }) => `${cluster}/${service}`)),
  };
  return perDevice(async (config) => {
    const { secrets, clock, random, log, dryRun } = context;
    const ca = config.tls.ca === undefined ? undefined : await secrets.resolve(config.tls.ca);
    const surroundings = {
      random,
      log,
      dryRun,
      configured,
      onFencesBehind,
    };
    const device = createDevice(
      config,
      { ca, password: () => secrets.resolve(config.password) },
      clock,
      surroundings,
    );
    return dryRun === true ? dryRunDevice(device, log) : device;
  });
}
