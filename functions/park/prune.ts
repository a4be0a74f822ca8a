/** Removes what the failure store has kept for long enough. */
import type { Failures } from '../../shared/failures/open.ts';
import { RETENTION_MS } from '../../shared/queue/limits.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';

const DAY_MS = 86_400_000;

/** The parts of the failure store with a retention period. */
export type Pruned = Pick<Failures, 'store' | 'jobs' | 'suspects' | 'schedules'>;

const DAILY = { name: 'prune-failures', every: DAY_MS };

/**
 * Applies the retention period once a day, whatever the number of processes; a failure is logged
 * and retried the next day.
 */
export function createPruner(
  runtime: Pick<Runtime, 'config' | 'clock' | 'log'>,
  pruned: Pruned,
): () => Promise<void> {
  const { clock, log } = runtime;
  let next = clock.monotonic();
  return async () => {
    if (clock.monotonic() < next) return;
    next = clock.monotonic() + DAY_MS;
    try {
      await pruned.schedules.take(DAILY, () => pruneAll(runtime, pruned));
    } catch (error) {
      log.warn({ error: errorMessage(error) }, 'expired failures could not be removed');
    }
  };
}

async function pruneAll(
  { config, clock, log }: Pick<Runtime, 'config' | 'clock' | 'log'>,
  { store, jobs, suspects }: Pruned,
): Promise<void> {
  const { retentionDays } = config.failures;
  const before = clock.now() - retentionDays * DAY_MS;
  const [failures, replays] = [await store.prune(before), await jobs.prune(before)];
  const marks = await suspects.prune(clock.now() - RETENTION_MS);
  if (marks > 0) log.info({ marks }, 'removed markers of messages that no queue holds any more');
  if (failures + replays > 0)
    log.info(
      { failures, replays, retentionDays },
      'removed failures and replay jobs past their retention',
    );
}
