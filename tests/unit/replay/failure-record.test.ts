/**
 * How park reads a dead letter: its owner decides who may close it and what a replay sends with it.
 */
import { describe, expect, test } from '@jest/globals';
import { parkInto } from '../../../functions/park/handler.ts';
import type { FailureHead } from '../../../shared/failures/port.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { sendDeadLetter } from '../../../shared/queue/dead-letter.ts';
import { serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED } from '../../../shared/queue/events.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { pump } from '../../fixtures/failures/pump.ts';
import { testRuntime } from '../../fixtures/failures/runtime.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';

const { owner } = slice(1, []);
const body = serialiseEvent(INGRESS_DESIRED, slice(1, [exposure()]), {
  id: 'e-1',
  cluster: 'east',
  subject: owner,
  time: '2026-11-23T02:59:00Z',
});

async function parked(code: string, named: string | undefined): Promise<readonly FailureHead[]> {
  const runtime = testRuntime();
  const failures = failuresOver(memoryBlobs(), runtime);
  const message = {
    id: 'm-1',
    receipt: 'm-1',
    group: 'bigip-1',
    deduplicationId: 'e-1',
    body,
    receiveCount: 1,
    sentAt: runtime.clock.now(),
  };
  await sendDeadLetter(runtime.queues, {
    code,
    reason: `${code} says no`,
    queue: 'slices',
    message,
    functionVersion: '7',
    now: runtime.clock.now(),
    owner: named,
  });
  expect(await pump(runtime.queues, 'slices-dead', parkInto(runtime, failures))).toBe(1);
  await runtime.queues.close();
  return failures.store.list();
}

describe('a dead letter', () => {
  /**
   * Red when the owner is read from the event anyway: the results of the true owner would close the
   * failure.
   */
  test.each(['OWN320', 'OWN321', 'OWN322', 'OWN323', 'OWN324'])(
    'of an event without proof (%s) belongs to no owner and has no revision',
    async (code) => {
      const [head, ...more] = await parked(code, undefined);
      expect([head?.code, head?.owner, head?.revision, more.length]).toEqual([
        code,
        undefined,
        undefined,
        0,
      ]);
    },
  );

  test('of any other belongs to the owner that its function named', async () => {
    expect(await parked('BIP421', owner)).toMatchObject([
      { code: 'BIP421', owner, revision: { epoch: 1, counter: 1 } },
    ]);
  });
});
