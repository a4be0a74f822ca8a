/** Reads what metrics tell beyond what a process counts. */
import type { Failures } from '../../failures/open.ts';
import type { Runtime } from '../../host/runtime.ts';
import { errorCode, errorMessage } from '../../telemetry/errors.ts';
import type { MetricSample } from '../../telemetry/metric.ts';
import { heardOn } from '../clusters/clusters.ts';
import { clusterRows } from '../clusters/rows.ts';
import { partitionsFromViews } from '../devices/seen-partitions.ts';
import type { QueueRow } from '../status/status.ts';
import { readQueues } from '../status/status.ts';
import { waitingView } from '../waiting/waiting.ts';
import type { StoredFacts } from './samples.ts';
import { samplesOf } from './samples.ts';

/** The parts of the failure store that it reads. */
type Store = Pick<
  Failures,
  'store' | 'jobs' | 'waiting' | 'views' | 'heard' | 'queueSights' | 'close'
>;

/** Asks queues and the failure store, no device. Never rejects: what does not answer has no value. */
export async function readSamples(
  runtime: Runtime,
  open: () => Promise<Store>,
): Promise<readonly MetricSample[]> {
  const { config, clock, log } = runtime;
  const stored = async (): Promise<StoredFacts | undefined> => {
    try {
      return await readStored(runtime, await open());
    } catch (error) {
      log.warn(
        { code: errorCode(error), error: errorMessage(error) },
        'the failure store does not answer, so metrics lack what it knows',
      );
      return undefined;
    }
  };
  const [queues, facts] = await Promise.all([readQueues(runtime), stored()]);
  return samplesOf({ config, queues, stored: facts, now: clock.now() });
}

/** Notes since when queues have messages that nobody takes, if they do not report it. */
export async function noteQueues(
  runtime: Runtime,
  { queueSights }: Pick<Failures, 'queueSights'>,
): Promise<void> {
  const rows = await readQueues(runtime);
  await queueSights.note(rows.filter(hasUnknownAge).map(({ queue }) => queue));
}

function hasUnknownAge({ waiting, oldest }: QueueRow): boolean {
  return waiting > 0 && oldest === undefined;
}

async function readStored(runtime: Runtime, failures: Store): Promise<StoredFacts> {
  const { config, clock } = runtime;
  const { store, jobs, waiting, views, queueSights, heard } = failures;
  const [heads, all, marks, waits, audits, partitions, newest, since] = await Promise.all([
    store.list(),
    jobs.list(),
    waiting.marks(),
    waiting.list(),
    Promise.all(config.devices.map(({ name }) => views.audit(name))),
    partitionsFromViews(views)(config.devices),
    heardOn({ runtime, heard }, config.devices),
    queueSights.since(),
  ]);
  return {
    heads,
    jobs: all,
    waiting: waitingView(marks, waits).devices,
    audits: audits.filter((one) => one !== undefined),
    clusters: clusterRows(config, partitions, clock.now(), newest),
    since,
  };
}
