import { afterAll, beforeAll, jest } from '@jest/globals';
import { createQueuesOn, startLocalSqs, type LocalSqs } from '../../../infra/lab/host/sqs.ts';
import { createSqsQueues, sqsName } from '../../../shared/queue/sqs/queues.ts';
import { queueContract } from './suite.ts';

let sqs: LocalSqs;
let runs = 0;

beforeAll(async () => {
  // Fakes only the date, so that server and client agree on the time; everything else runs in real
  // time.
  jest.useFakeTimers({
    now: Date.UTC(2026, 10, 22),
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
  sqs = await startLocalSqs();
});
afterAll(async () => {
  await sqs.stop();
  jest.useRealTimers();
});

queueContract(
  'SQS adapter over fauxqs',
  async () => {
    runs += 1;
    const prefix = `t${runs}`;
    const plain = { visibilitySeconds: 30, retentionSeconds: 1_209_600 };
    await createQueuesOn(sqs, [
      {
        name: sqsName(prefix, 'snapshots'),
        ...plain,
        redrive: { deadLetterQueue: sqsName(prefix, 'snapshots-dead'), maxReceiveCount: 3 },
      },
      { name: sqsName(prefix, 'slices'), ...plain },
      { name: sqsName(prefix, 'snapshots-dead'), ...plain },
    ]);
    const queues = createSqsQueues({
      region: sqs.region,
      endpoint: sqs.endpoint,
      credentials: sqs.credentials,
      prefix,
    });
    return {
      queues,
      pass: async (ms) => {
        jest.setSystemTime(Date.now() + ms);
      },
      stop: () => queues.close(),
    };
  },
  {
    oneMessagePerGroup: true,
    acceptsOldReceipts: true,
    deletesLate: true,
    noRetention: true,
    tellsNoAge: true,
  },
);
