/**
 * Opens the devices of the configuration, with one connection, login and breaker for each in a
 * process. Only this file and `nodes.ts` know which kinds of devices there are.
 */
import { BIGIP } from '../bigip/capabilities.ts';
import { createDevice } from '../bigip/device.ts';
import type { DeviceSurroundings } from '../bigip/device.ts';
import type { DeviceConfig, SluiceConfig } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import type { Capabilities } from '../device/capabilities.ts';
import type { Device, Devices, FencesBehind } from '../device/device.ts';
import { dryRunDevice } from '../device/dry-run.ts';
import { meteredDevice } from '../device/metered.ts';
import { perDevice } from '../device/per-device.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';

/** Dependencies of devices. */
export interface DevicesContext {
  readonly config: Pick<SluiceConfig, 'generation' | 'ingresses'>;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Counts declares. */
  readonly meter?: Meter | undefined;
  readonly dryRun?: boolean | undefined;
}

/**
 * `onFencesBehind` is called for a partition that lost declared versions, so that watchers can be
 * asked for a resync.
 */
export function openDevices(
  context: DevicesContext,
  onFencesBehind: (behind: FencesBehind) => Promise<void>,
): Required<Devices> {
  const { generation, ingresses } = context.config;
  const configured = {
    generation,
    owners: new Set(ingresses.map(({ cluster, service }) => `${cluster}/${service}`)),
  };
  return perDevice(async (config) => {
    const { random, log, meter, dryRun } = context;
    const opened = await openDevice(context, config, {
      random,
      log,
      dryRun,
      configured,
      onFencesBehind,
    });
    const device = meter === undefined ? opened : meteredDevice(opened, meter);
    return dryRun === true ? dryRunDevice(device, log) : device;
  });
}

/** One device over a connection of its own. Rejects if the secrets cannot be resolved. */
export async function openDevice(
  { secrets, clock }: Pick<DevicesContext, 'secrets' | 'clock'>,
  config: DeviceConfig,
  surroundings: DeviceSurroundings = {},
): Promise<Device> {
  const ca = config.tls.ca === undefined ? undefined : await secrets.resolve(config.tls.ca);
  const password = (): Promise<string> => secrets.resolve(config.password);
  return createDevice(config, { ca, password }, clock, surroundings);
}

/** Without asking the device. */
export function capabilitiesOf(_config: Pick<DeviceConfig, 'name'>): Capabilities {
  return BIGIP;
}
