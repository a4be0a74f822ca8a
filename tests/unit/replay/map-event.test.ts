/** How the deployed map maps a snapshot that is to be replayed, without sending anything. */
import { describe, expect, test } from '@jest/globals';
import { mapWithBundle } from '../../../shared/failures/replay/map-event.ts';
import type { Evidence } from '../../../shared/failures/port.ts';
import { sendDeadLetter } from '../../../shared/queue/dead-letter.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED } from '../../../shared/queue/events.ts';
import { fromRecord, type FunctionContext, type Handler } from '../../../shared/queue/handler.ts';
import type { QueueMessage, QueueName } from '../../../shared/queue/port.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { testRuntime } from '../../fixtures/failures/runtime.ts';

const EVENT: Evidence['event'] = {
  queue: 'snapshots',
  group: 'east/istio-system',
  id: 'm1',
  body: 'the snapshot',
  sentAt: 1_000,
  receiveCount: 5,
  verification: 'unchecked',
};
const body = (counter: number): string =>
  serialiseEvent(INGRESS_DESIRED, slice(counter, [exposure()]), {
    id: `e${counter}`,
    cluster: 'east',
    subject: 'east/istio-system/istio-ingressgateway',
    time: '2026-11-23T02:59:00Z',
  });

type Work = (
  runtime: Runtime,
  message: QueueMessage,
  context: FunctionContext,
) => ReturnType<Handler>;

/** Maps the event with a function map that does `work`. */
async function mapped(work: Work, event = EVENT): Promise<unknown> {
  const runtime = testRuntime();
  const create =
    (own: Runtime): Handler =>
    (batch, context) =>
      work(own, fromRecord(batch.Records[0]!), context);
  const answer = await mapWithBundle(runtime, () => Promise.resolve({ create }))(event);
  // Messages that map sent were not sent anywhere.
  for (const name of ['slices', 'snapshots-dead', 'settled-east'] as const)
    expect(
      await runtime.queues.queue(name).receive({ max: 10, waitMs: 0, visibilityMs: 1 }),
    ).toEqual([]);
  return answer;
}

const send = ({ queues }: Runtime, name: QueueName, text: string): Promise<unknown> =>
  queues.queue(name).send({ group: 'g', deduplicationId: text, body: text });
const refuse = (runtime: Runtime, message: QueueMessage): Promise<void> =>
  sendDeadLetter(runtime.queues, {
    code: 'GW104',
    reason: 'no entry',
    queue: 'snapshots',
    message,
    functionVersion: '1',
    now: 1,
  });

describe('a snapshot that is mapped for a preview', () => {
  test('gives the slices that map sends, whatever else it sends', async () => {
    const answer = await mapped(async (runtime, message) => {
      await send(runtime, 'settled-east', body(7));
      await send(runtime, 'slices', body(1));
      await send(runtime, 'slices', 'an order');
      await send(runtime, 'snapshots-dead', 'not a dead letter');
      await send(runtime, 'slices', body(2));
      // Of another queue, and so not of this snapshot.
      await sendDeadLetter(runtime.queues, {
        code: 'GW104',
        reason: 'no entry',
        queue: 'slices',
        message,
        functionVersion: '1',
        now: 1,
      });
    });
    expect(answer).toEqual({ slices: [slice(1, [exposure()]), slice(2, [exposure()])] });
  });

  test('gives the refusal of map, with code and reason', async () => {
    const answer = await mapped(async (runtime, message) => {
      await send(runtime, 'slices', body(1));
      await refuse(runtime, message);
    });
    expect(answer).toEqual({ refused: { code: 'GW104', reason: 'no entry' } });
  });

  test.each<[string, Awaited<ReturnType<Handler>>, unknown]>([
    ['done', { batchItemFailures: [] }, { slices: [] }],
    ['done, even if map reports nothing', undefined, { slices: [] }],
    [
      'to be tried again',
      { batchItemFailures: [{ itemIdentifier: 'm1' }] },
      { postponed: 'map cannot process it now; the log says why' },
    ],
  ])('is %s', async (_what, verdict, expected) => {
    expect(await mapped(() => Promise.resolve(verdict))).toEqual(expected);
  });

  test.each([
    ['AROAEAST', 'AROAEAST'],
    [undefined, undefined],
  ])('reaches map as it was received, with its sender %s', async (sender, given) => {
    const seen: unknown[] = [];
    await mapped(
      async (_runtime, message, context) => {
        seen.push(message, context.functionVersion, context.getRemainingTimeInMillis());
      },
      { ...EVENT, ...(sender === undefined ? {} : { sender }) },
    );
    expect(seen).toEqual([
      {
        id: 'm1',
        receipt: 'm1',
        group: 'east/istio-system',
        deduplicationId: 'm1',
        body: 'the snapshot',
        sentAt: 1_000,
        // It is handled as if for the first time, so that its receive count does not dead-letter
        // it.
        receiveCount: 1,
        ...(given === undefined ? {} : { sender: given }),
      },
      'preview',
      30_000,
    ]);
  });

  test('receives and deletes nothing', async () => {
    await mapped(async ({ queues }) => {
      const queue = queues.queue('snapshots');
      const refused = 'a preview cannot receive from a queue';
      for (const attempt of [
        queue.receive({ max: 1, waitMs: 0, visibilityMs: 1 }),
        queue.delete('r'),
        queue.changeVisibility('r', 1),
        queue.depth(),
      ])
        await expect(attempt).rejects.toThrow(refused);
      await queues.close();
    });
  });
});
