/** What will not succeed by itself goes to the dead letters with its reason, so that it can be read and replayed. */
import type { ExposureResult, Settled } from '../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../shared/domain/exposure/exposure.ts';
import { deadLetter } from '../../shared/queue/dead-letter.ts';
import type { EventMeta } from '../../shared/queue/envelope.ts';
import type { FunctionContext } from '../../shared/queue/handler.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';

interface ParkScope {
  readonly runtime: Runtime;
  readonly context: FunctionContext;
}

/** A message that cannot be used at all. */
export async function parkMessage({ runtime, context }: ParkScope, message: QueueMessage, refusal: { readonly code: string; readonly reason: string; readonly subject?: string }): Promise<void> {
  runtime.log.error({ message: message.id, ...refusal }, 'dead letter');
  await deadLetter(runtime.queues, { ...refusal, queue: 'slices', message, functionVersion: context.functionVersion, now: runtime.clock.now(), owner: refusal.subject, device: message.group });
}

/** Exposures that the device (or the partition's owner) refuses; the rest of the slice went on. */
export async function parkRejected({ runtime, context }: ParkScope, arrival: { readonly message: QueueMessage; readonly meta: EventMeta }, settled: Settled): Promise<void> {
  for (const rejected of settled.exposures.filter((e) => e.outcome === 'rejected')) {
    const { code, message: reason, partition } = rejected;
    const exposure = exposureKey(rejected);
    runtime.log.error({ owner: settled.owner, device: settled.device, partition, exposure, code, reason }, 'dead letter');
    await deadLetter(runtime.queues, {
      code,
      reason: sentence(rejected),
      queue: 'slices',
      message: arrival.message,
      functionVersion: context.functionVersion,
      now: runtime.clock.now(),
      owner: settled.owner,
      device: settled.device,
      partition,
      exposure,
      revision: settled.version,
      response: reason,
      traceparent: arrival.meta.traceparent,
    });
  }
}

function sentence(e: ExposureResult): string {
  return `${exposureKey(e)} of ${e.gateways.join(', ')} in partition ${e.partition}: ${e.message}`;
}
