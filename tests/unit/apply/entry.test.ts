/** What invokes apply: messages of a device, or the schedule of waiting changes. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { create } from '../../../functions/apply/handler.ts';
import type { OpenWaitingPlace } from '../../../functions/apply/waiting.ts';
import { SluiceConfig } from '../../../shared/config/schema.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { DEAD_LETTER_EVENTS } from '../../../shared/queue/dead-letter.ts';
import { parseEvent, serialiseEvent } from '../../../shared/queue/envelope.ts';
import { INGRESS_DESIRED } from '../../../shared/queue/events.ts';
import { type FunctionContext, type Handler, toRecord } from '../../../shared/queue/handler.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { VERSION } from '../../../shared/runtime/version.ts';
import { memoryDevice } from '../../fixtures/device.ts';
import { exposure, slice } from '../../fixtures/exposures.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { virtualClock } from '../../promises/support/clock.ts';
import { memoryQueues } from '../../promises/support/queues.ts';
import { NO_VIEWS } from '../../fixtures/views.ts';

const device = (name: string): object => ({
  name,
  url: 'https://192.0.2.1',
  username: 'u',
  password: 'env:P',
  partitions: ['k8s'],
});
const config = SluiceConfig.parse({
  generation: 1,
  devices: [device('bigip-1'), device('bigip-2')],
  clusters: [{ id: 'east' }],
  ingresses: [
    {
      cluster: 'east',
      service: 'istio-system/istio-ingressgateway',
      devices: ['bigip-1'],
      virtualAddress: '172.16.100.195',
    },
  ],
});
const context: FunctionContext = {
  awsRequestId: 'r',
  functionName: 'apply',
  functionVersion: '7',
  getRemainingTimeInMillis: () => 120_000,
};

let queues: ReturnType<typeof memoryQueues>;
let asked: number;
beforeEach(() => {
  queues = memoryQueues(virtualClock());
  asked = 0;
});

function applyWith(
  place?: OpenWaitingPlace,
  clock: Clock = virtualClock(),
  failures = failuresOver(memoryBlobs(), { clock, id: () => 'blob' }),
): ReturnType<typeof create> {
  const one = memoryDevice();
  return create(
    runtimeWith({ config, queues, clock, secrets: { resolve: () => Promise.resolve('') } }),
    {
      get: () => {
        asked += 1;
        return Promise.resolve(one);
      },
      close: () => Promise.resolve(),
    },
    {
      note: () => Promise.resolve(),
      tell: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    {
      place: place ?? (() => Promise.resolve(failures.waiting)),
      schedules: () => Promise.resolve(failures),
      views: NO_VIEWS,
    },
  );
}

/** The event of a schedule has no records. */
const SCHEDULE = {} as unknown as Parameters<Handler>[0];

describe('on schedule', () => {
  test('a device for which nothing waits gets no request', async () => {
    const apply = applyWith();
    await expect(apply(SCHEDULE, context)).resolves.toBeUndefined();
    // The first run creates the partitions that ingresses use.
    const first = asked;
    await apply(SCHEDULE, context);
    expect(asked).toBe(first);
  });

  test('a run leaves no timer behind', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const clock: Clock = {
      ...virtualClock(),
      sleep: (_ms, signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    };
    await applyWith(undefined, clock)(SCHEDULE, context);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });

  test('the run fails if the changes of a device cannot be checked, and names every such device', async () => {
    const lost = (): Promise<never> => Promise.reject(new Error('the disk is full'));
    const place: OpenWaitingPlace = () =>
      Promise.resolve(
        new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : lost) }) as never,
      );
    await expect(applyWith(place)(SCHEDULE, context)).rejects.toThrow(
      'waiting changes could not be checked: bigip-1: the disk is full; bigip-2: the disk is full',
    );
    expect(await applyWith(place).turns()).toEqual(
      ['bigip-1', 'bigip-2'].map((name) => ({
        device: name,
        turn: 'failed',
        error: 'the disk is full',
      })),
    );
  });
});

test('messages and schedules leave a note of the release that ran', async () => {
  const clock = virtualClock();
  const failures = failuresOver(memoryBlobs(), { clock, id: () => 'blob' });
  const noted = () => failures.releases.of('apply');
  await applyWith(undefined, clock, failures)({ Records: [] }, context);
  expect(await noted()).toMatchObject([{ release: VERSION, at: clock.now() }]);
  await clock.sleep(600_000);
  await applyWith(undefined, clock, failures).turns();
  expect(await noted()).toMatchObject([{ release: VERSION, at: clock.now() }]);
});

describe('messages', () => {
  const handle = async (group: string): Promise<Awaited<ReturnType<Handler>>> => {
    await queues.queue('slices').send({
      group,
      deduplicationId: 'e-1',
      body: serialiseEvent(INGRESS_DESIRED, slice(1, [exposure()], { device: group }), {
        id: 'e-1',
        cluster: 'east',
        subject: slice(1, []).owner,
        time: new Date(0).toISOString(),
      }),
    });
    const batch = await queues.queue('slices').receive({ max: 1, waitMs: 0, visibilityMs: 60_000 });
    return applyWith()(
      { Records: batch.map((message) => toRecord(message, 'arn:aws:sqs:local:0:slices.fifo')) },
      context,
    );
  };

  test('for a device that is not configured are dead letters with the remedy', async () => {
    const answer = await handle('bigip-9');
    expect([answer?.batchItemFailures, asked]).toEqual([[], 0]);
    const [letter] = queues.sent('slices-dead').map(({ body }) => {
      const opened = parseEvent(body, DEAD_LETTER_EVENTS);
      return 'ok' in opened ? opened.ok.data : undefined;
    });
    expect(queues.sent('slices-dead')).toHaveLength(1);
    expect(letter).toMatchObject({
      code: 'GW106',
      owner: slice(1, []).owner,
      device: 'bigip-9',
      functionVersion: '7',
      reason: expect.stringMatching(/^devices: bigip-9 is not in sluice\.yaml/),
    });
  });

  test('for one that is configured are applied', async () => {
    const answer = await handle('bigip-2');
    expect([answer?.batchItemFailures, asked, queues.sent('slices-dead')]).toEqual([[], 1, []]);
  });
});
