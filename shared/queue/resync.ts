/** Asks watchers to say everything again about what a device has lost. */
import type { SluiceConfig } from '../config/schema.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { serialiseEvent } from './envelope.ts';
import { RESYNC } from './events.ts';
import type { Resync } from './events.ts';
import { queueToken } from './limits.ts';
import type { Queues } from './port.ts';

export interface ResyncContext {
  readonly config: Pick<SluiceConfig, 'ingresses'>;
  readonly queues: Queues;
  readonly clock: Pick<Clock, 'now'>;
  /** A new unique id. */
  readonly id: () => string;
  readonly log: Logger;
}

/** Every cluster that is offered on the device is asked; what it says then is newer than whatever is declared. */
export async function askForResync(
  { config, clock, queues, log, id: newId }: ResyncContext,
  { device, partition, code, reason }: Omit<Resync, 'cluster'>,
): Promise<void> {
  const clusters = new Set(
    config.ingresses
      .filter((ingress) => ingress.devices.includes(device))
      .map((ingress) => ingress.cluster),
  );
  const time = new Date(clock.now()).toISOString();
  for (const cluster of clusters) {
    const data: Resync = { cluster, device, partition, code, reason };
    const id = newId();
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
    'watchers are asked for a full resync',
  );
}
