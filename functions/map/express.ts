/** Sends member removals and returns ahead of the slice. */
import type { IngressConfig, SluiceConfig } from '../../shared/config/schema.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import type { Express } from '../../shared/domain/express/event.ts';
import { EXPRESS_MAX_AGE_MS } from '../../shared/domain/express/event.ts';
import { expressFor } from '../../shared/domain/express/express-event.ts';
import type { Snapshot } from '../../shared/domain/snapshot/snapshot.ts';
import { publishEvent } from '../../shared/queue/publish.ts';
import type { EventMeta } from '../../shared/queue/envelope-types.ts';
import { MEMBER_EXPRESS } from '../../shared/queue/events.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';

/** Express events for the devices with a single partition; empty if no member changed. */
export function expressEvents(
  slices: readonly Slice[],
  snapshot: Snapshot,
  ingress: IngressConfig,
  config: SluiceConfig,
): readonly Express[] {
  return slices.flatMap((slice) => {
    const [partition, ...more] =
      config.devices.find((device) => device.name === slice.device)?.partitions ?? [];
    // With several partitions, nodes are shared in /Common, where express writes nothing.
    if (partition === undefined || more.length > 0) return [];
    return expressFor(slice, snapshot, { partition, members: ingress.members }) ?? [];
  });
}

/** The slices contain the same changes, so a failure here only costs time. */
export async function sendExpress(
  runtime: Runtime,
  cause: EventMeta,
  { events, sentAt }: { readonly events: readonly Express[]; readonly sentAt: number },
): Promise<void> {
  // express would refuse an older event, and the slice with the same change is on its way.
  if (events.length === 0 || runtime.clock.now() - sentAt > EXPRESS_MAX_AGE_MS) return;
  await Promise.all(
    events.map(async (event) => {
      try {
        await publishEvent(runtime, {
          queue: 'express',
          group: event.device,
          type: MEMBER_EXPRESS,
          data: event,
          cluster: cause.cluster,
          subject: event.owner,
          id: `${cause.id}.${event.device}.express`,
          // Its age counts from the snapshot's arrival in the queue, by the queue's clock, because
          // the cluster's clock may be wrong.
          time: sentAt,
          cause,
          hop: 'map',
        });
      } catch (error) {
        runtime.log.warn(
          { owner: event.owner, device: event.device, error: errorMessage(error) },
          'express event not sent; the slice follows',
        );
      }
    }),
  );
}
