/** Asks the watcher of a cluster for snapshots. */
import type { Runtime } from '../../shared/host/runtime.ts';
import { RESYNC, type Resync } from '../../shared/queue/events.ts';
import { publishEvent } from '../../shared/queue/publish.ts';

/**
 * The watcher then sends the ingress again at once, or everything if the subject is no owner. If
 * this message is lost, the next resync does the same.
 */
export async function askWatcher(runtime: Runtime, subject: string, data: Resync): Promise<void> {
  const { cluster, device } = data;
  const sent = publishEvent(runtime, {
    queue: `settled-${cluster}`,
    group: `resync/${device}`,
    type: RESYNC,
    data,
    cluster,
    subject,
  });
  await sent.catch((error: unknown) =>
    runtime.log.warn(
      { cluster, device, subject, error: String(error) },
      'the cluster could not be asked for a resync; its next periodic resync has the same effect',
    ),
  );
}
