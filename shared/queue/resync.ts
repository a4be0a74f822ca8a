/** Asks watchers for a full resync after a device lost configuration. */
import type { SluiceConfig } from '../config/schema.ts';
import type { Logger } from '../telemetry/log.ts';
import { RESYNC } from './events.ts';
import type { Resync } from './events.ts';
import { publishEvent, type PublishContext } from './publish.ts';

/** The queues to send to, and the ingresses whose watchers are asked. */
export interface ResyncContext extends PublishContext {
  readonly config: Pick<SluiceConfig, 'ingresses'>;
  readonly log: Logger;
}

/**
 * Asks every cluster that the device serves. The resulting snapshots are newer than any declared
 * version.
 */
export async function askForResync(
  context: ResyncContext,
  { device, partition, code, reason }: Omit<Resync, 'cluster'>,
): Promise<void> {
  const { config, log } = context;
  const clusters = new Set(
    config.ingresses
      .filter((ingress) => ingress.devices.includes(device))
      .map((ingress) => ingress.cluster),
  );
  for (const cluster of clusters) {
    const data: Resync = { cluster, device, partition, code, reason };
    await publishEvent(context, {
      queue: `settled-${cluster}`,
      group: `resync/${device}`,
      type: RESYNC,
      data,
      cluster,
      subject: `${device}/${partition}`,
    });
  }
  log.warn(
    { device, partition, code, reason, clusters: [...clusters] },
    'watchers are asked for a full resync',
  );
}
