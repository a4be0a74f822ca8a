/** The devices of one function in one process: one connection, one login and one breaker for each. */
import type { DeviceConfig } from '../config/schema.ts';
import { serialiseEvent } from '../queue/envelope.ts';
import { RESYNC } from '../queue/events.ts';
import type { Resync } from '../queue/events.ts';
import { queueToken } from '../queue/limits.ts';
import type { Runtime } from '../runtime/runtime.ts';
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

export function createDevices(runtime: Runtime): Required<Devices> {
  const { generation, ingresses } = runtime.config;
  const configured = {
    generation,
    owners: new Set(ingresses.map(({ cluster, service }) => `${cluster}/${service}`)),
  };
  return perDevice(async (config) => {
    const { secrets, clock, random, log, dryRun } = runtime;
    const ca = config.tls.ca === undefined ? undefined : await secrets.resolve(config.tls.ca);
    const surroundings = {
      random,
      log,
      dryRun,
      configured,
      onFencesBehind: (behind: FencesBehind) => askForResync(runtime, behind),
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

/** Every cluster that is offered on the device is asked; what it says then is newer than whatever is declared. */
async function askForResync(
  runtime: Runtime,
  { device, partition, code, reason }: FencesBehind,
): Promise<void> {
  const { config, clock, queues, log } = runtime;
  const clusters = new Set(
    config.ingresses
      .filter((ingress) => ingress.devices.includes(device))
      .map((ingress) => ingress.cluster),
  );
  const time = new Date(clock.now()).toISOString();
  for (const cluster of clusters) {
    const data: Resync = { cluster, device, partition, code, reason };
    const id = runtime.id();
    const body = serialiseEvent(RESYNC, data, {
      id,
      cluster,
      subject: `${device}/${partition}`,
      time,
    });
    await queues
      .queue(`settled-${cluster}`)
      .send({ group: queueToken(`resync/${device}`), deduplicationId: id, body });
  }
  log.warn(
    { device, partition, code, reason, clusters: [...clusters] },
    'watchers are asked to say everything again',
  );
}
