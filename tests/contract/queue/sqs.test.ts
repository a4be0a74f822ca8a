import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, jest } from '@jest/globals';
import { createQueuesOn, startLocalSqs, type LocalSqs } from '../../../infra/lab/host/sqs.ts';
import { createSqsQueues, sqsName } from '../../../shared/queue/sqs/queues.ts';
import { queueContract } from './suite.ts';

let sqs: LocalSqs;
/** What clients connect to. */
let gate: Server;
let isClosed = false;
const open = new Set<Socket>();
let runs = 0;

/** Passes connections on to the server, unless it is closed. */
function passOn(client: Socket): void {
  if (isClosed) return void client.destroy();
  const { hostname, port } = new URL(sqs.endpoint);
  const server = connect(Number(port), hostname);
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    open.add(one);
    one.on('error', () => other.destroy()).on('close', () => open.delete(one));
    one.pipe(other);
  }
}

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
  gate = createServer(passOn).listen(0, '127.0.0.1');
  await once(gate, 'listening');
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  gate.close();
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
      endpoint: `http://127.0.0.1:${(gate.address() as AddressInfo).port}`,
      credentials: sqs.credentials,
      prefix,
    });
    return {
      queues,
      pass: async (ms) => {
        jest.setSystemTime(Date.now() + ms);
      },
      refuse: async (refused) => {
        isClosed = refused;
        if (refused) for (const socket of open) socket.destroy();
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
