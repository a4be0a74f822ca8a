/**
 * The whole path from the Kubernetes API to the device in one process: watcher, map and apply on a
 * queue in memory, against the lab. The test controls the time.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create as createApply } from '../../../functions/apply/handler.ts';
import { createResultRecorder } from '../../../functions/apply/record-results.ts';
import { create as createMap } from '../../../functions/map/handler.ts';
import { create as createWatcher, type Watcher } from '../../../functions/watch/main.ts';
import { startBigip, type LabBigip } from '../../../infra/lab/bigip/index.ts';
import { startKubernetes, type LabKubernetes } from '../../../infra/lab/kubernetes/index.ts';
import { openDevices } from '../../../shared/host/devices.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import type { IngressConfig } from '../../../shared/config/schema.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import { toRecord, type Handler } from '../../../shared/queue/handler.ts';
import type { WorkQueueName } from '../../../shared/queue/port.ts';
import { askForResync } from '../../../shared/queue/resync.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { createSuspects } from '../../../shared/queue/suspects.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { memoryMarks } from '../../fixtures/marks.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { testClock, type TestClock } from '../watch/support.ts';
import { memoryStore, NO_VIEWS } from '../../fixtures/views.ts';

const VISIBILITY_MS = 150_000;
const FUNCTION_MS = 120_000;
/** Resolution of the test's time, in milliseconds. */
const STEP_MS = 50;

/** One attempt to declare: the number of changes, and `applied` or a code. */
export interface Declare {
  readonly changes: number;
  readonly outcome: string;
}

export interface Chain {
  readonly lab: LabKubernetes;
  readonly device: LabBigip;
  readonly clock: TestClock;
  readonly watcher: Watcher;
  /** Declares since the last call. */
  declares(): readonly Declare[];
  /** `address:port` of every virtual server. */
  virtualServers(): readonly string[];
  /** Addresses of the members of this port's pool. */
  members(port: number): readonly string[];
  /** Advances the time by this number of milliseconds, and processes everything that arrives. */
  pass(ms: number): Promise<void>;
  /** The same until the condition is met. */
  passUntil(what: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export const SERVICE = 'istio-system/istio-ingressgateway';

export async function startChain(ingress: Partial<IngressConfig> = {}): Promise<Chain> {
  const clock = testClock();
  const lab = await startKubernetes({ date: () => clock.now() });
  const device = await startBigip({ dataPath: false, timings: { declare: 1, memberWrite: 1 } });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-declares-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, lab.kubeconfig());
  let ids = 0;
  const id = (): string => `id-${(ids += 1)}`;
  const queues = createSqliteQueues({ path: ':memory:', clock, id });
  const tries: Declare[] = [];
  const logger: Logger = {
    debug: () => undefined,
    info: (fields, message) => {
      if (message === 'declare') tries.push(fields as Declare);
    },
    warn: () => undefined,
    error: () => undefined,
    child: () => logger,
  };
  const config = parseConfig(
    JSON.stringify({
      devices: [
        {
          name: 'bigip-1',
          url: device.url,
          username: device.username,
          password: 'env:password',
          tls: { ca: 'env:ca' },
          partitions: ['k8s'],
        },
      ],
      clusters: [{ id: 'east' }],
      ingresses: [
        {
          cluster: 'east',
          service: SERVICE,
          devices: ['bigip-1'],
          virtualAddress: '172.16.100.195',
          ...ingress,
        },
      ],
    }),
    'test',
    1,
  );
  const runtime = runtimeWith({
    config,
    queues,
    id,
    clock,
    random: () => 0.5,
    log: logger,
    secrets: {
      resolve: (reference) => Promise.resolve(reference === 'env:ca' ? device.ca : device.password),
    },
  });
  // Waiting for the device advances the time.
  const passing: Clock = {
    ...clock,
    sleep: async (ms) => {
      clock.advance(ms);
      await new Promise((resolve) => setTimeout(resolve, 1));
    },
  };
  const failures = failuresOver(memoryBlobs(), { clock, id });
  const remote = { ...runtime, clock: passing };
  const map = createMap(remote, createSuspects(memoryMarks(), remote), memoryStore());
  const apply = createApply(
    remote,
    openDevices(remote, (behind) => askForResync(remote, behind)),
    createResultRecorder(remote, () => Promise.resolve(failures)),
    {
      place: () => Promise.resolve(failures.waiting),
      views: NO_VIEWS,
      schedules: () => Promise.resolve(failures),
      suspects: createSuspects(memoryMarks(), remote),
      heard: () => Promise.resolve(failures),
    },
  );
  const deliver = async (name: WorkQueueName, handler: Handler): Promise<number> => {
    const queue = queues.queue(name);
    const batch = await queue.receive({ max: 10, waitMs: 0, visibilityMs: VISIBILITY_MS });
    if (batch.length === 0) return 0;
    const deadline = clock.now() + FUNCTION_MS;
    const answer = await handler(
      { Records: batch.map((message) => toRecord(message, `arn:aws:sqs:local:0:${name}.fifo`)) },
      {
        awsRequestId: id(),
        functionName: name,
        functionVersion: '7',
        getRemainingTimeInMillis: () => deadline - clock.now(),
      },
    );
    const again = (answer?.batchItemFailures ?? []).map((item) => item.itemIdentifier);
    for (const message of batch)
      if (!again.includes(message.id)) await queue.delete(message.receipt);
    return batch.length;
  };
  const step = async (): Promise<void> => {
    clock.advance(STEP_MS);
    // Real sockets need real time.
    await new Promise((resolve) => setTimeout(resolve, 4));
    while ((await deliver('snapshots', map)) + (await deliver('slices', apply)) > 0);
  };
  const watcher = createWatcher({
    runtime,
    kubeconfig,
    clusterId: 'east',
    identity: 'test',
  });
  const partitions = (): ReturnType<LabBigip['view']>['partitions'] => device.view().partitions;
  return {
    lab,
    device,
    clock,
    watcher,
    declares: () => tries.splice(0),
    virtualServers: () =>
      partitions()
        .flatMap((p) => p.virtualServers.map((v) => v.destination))
        .toSorted(),
    members: (port) =>
      partitions()
        .flatMap(({ virtualServers, pools }) =>
          virtualServers
            .filter((server) => server.port === port)
            .flatMap((server) => pools.filter(({ path }) => path === server.pool)),
        )
        .flatMap((pool) => pool.members.map(({ address }) => address))
        .toSorted(),
    pass: async (ms) => {
      for (const end = clock.now() + ms; clock.now() < end;) await step();
    },
    passUntil: async (what) => {
      while (!what()) await step();
    },
    close: async () => {
      await watcher.stop();
      await apply.close();
      await queues.close();
      await device.close();
      await lab.close();
      rmSync(folder, { recursive: true });
    },
  };
}
