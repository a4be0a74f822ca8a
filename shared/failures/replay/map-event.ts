/**
 * Maps a snapshot with the deployed `map`: calls the bundle itself, with queues that only record
 * messages.
 */
import type { Slice } from '../../domain/exposure/exposure.ts';
import { DEAD_LETTER_EVENTS } from '../../queue/dead-letter.ts';
import { parseEvent } from '../../queue/envelope.ts';
import { SLICE_EVENTS } from '../../queue/events.ts';
import { toRecord } from '../../queue/handler.ts';
import type { Handler } from '../../queue/handler.ts';
import type { Queue, QueueName, Queues } from '../../queue/port.ts';
import type { Runtime } from '../../host/runtime.ts';
import type { MapEvent } from './preview.ts';

/** The used part of the built `map`. */
export interface MapModule {
  /** Called for each event, so that nothing is remembered between them. */
  readonly create: (runtime: Runtime) => Handler;
}

/** A message that map would have sent. */
interface Noted {
  readonly queue: QueueName;
  readonly body: string;
}

/** Nothing leaves the preview: sends are noted, everything else rejects. */
function notingQueues(noted: Noted[]): Queues {
  const refuse = (): Promise<never> =>
    Promise.reject(new Error('a preview cannot receive from a queue'));
  const queue = (name: QueueName): Queue => ({
    name,
    send: async ({ body }) => void noted.push({ queue: name, body }),
    receive: refuse,
    delete: refuse,
    changeVisibility: refuse,
    depth: refuse,
  });
  return { queue, close: () => Promise.resolve() };
}

/** `load` returns the deployed map. */
export function mapWithBundle(runtime: Runtime, load: () => Promise<MapModule>): MapEvent {
  return async (event) => {
    const noted: Noted[] = [];
    const { create } = await load();
    const handler = create({ ...runtime, queues: notingQueues(noted) });
    const { id, group, body, sentAt, sender } = event;
    const message = {
      id,
      receipt: id,
      group,
      deduplicationId: id,
      body,
      sentAt,
      receiveCount: 1,
      ...(sender === undefined ? {} : { sender }),
    };
    const context = {
      awsRequestId: runtime.id(),
      functionName: 'map',
      functionVersion: 'preview',
      getRemainingTimeInMillis: () => 30_000,
    };
    const answer = await handler(
      { Records: [toRecord(message, 'arn:aws:sqs:preview:0:snapshots.fifo')] },
      context,
    );
    if ((answer?.batchItemFailures.length ?? 0) > 0)
      return { postponed: 'map cannot process it now; the log says why' };
    return read(noted);
  };
}

/** The slices that map sent, or the refusal if it made a dead letter. */
function read(noted: readonly Noted[]): Awaited<ReturnType<MapEvent>> {
  const slices: Slice[] = [];
  for (const { queue, body } of noted) {
    const slice = queue === 'slices' ? parseEvent(body, SLICE_EVENTS) : undefined;
    if (slice && 'ok' in slice) slices.push(slice.ok.data);
    const letter = queue === 'snapshots-dead' ? parseEvent(body, DEAD_LETTER_EVENTS) : undefined;
    if (letter && 'ok' in letter)
      return { refused: { code: letter.ok.data.code, reason: letter.ok.data.reason } };
  }
  return { slices };
}
