/** The devices of one function in one process: one connection, one login and one breaker for each. */
import type { DeviceConfig, SluiceConfig } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Device, FencesBehind } from './device.ts';
import { createDevice } from './device.ts';
import { dryRunDevice } from './dry-run.ts';
import { perDevice } from './per-device.ts';

export interface Devices {
  get(config: DeviceConfig): Promise<Device>;
  /** The next `get` connects anew, with the secrets as they are then. Absent where nothing is kept. */
  forget?(config: DeviceConfig): Promise<void>;
  close(): Promise<void>;
}

/** What devices need of the process that they are in. */
export interface DevicesContext {
  readonly config: Pick<SluiceConfig, 'generation' | 'ingresses'>;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly dryRun?: boolean | undefined;
}

/** `onFencesBehind` hears of a partition that lost what was declared, so that watchers can be asked to say it again. */
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
