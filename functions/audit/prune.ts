/** Removes what people left in the failure store and nobody needs any more. */
import type { Failures } from '../../shared/failures/open.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';

const DAY_MS = 86_400_000;

/** Milliseconds for which entries of the audit log stay: more than a year. */
const AUDIT_LOG_MS = 400 * DAY_MS;

/** Questions and acts stay for a day, and entries of the audit log for 400 days. */
type Pruned = Pick<Failures, 'audit' | 'asks' | 'acts' | 'schedules'>;

const DAILY = { name: 'prune-questions', every: DAY_MS };

/**
 * Once a day, whatever the number of processes, beside an audit, because that runs also where
 * nothing fails. A failure is logged, and tried again the next day. A dry run removes nothing.
 */
export function createAuditPruner(
  { clock, log, dryRun }: Pick<Runtime, 'clock' | 'log' | 'dryRun'>,
  open: () => Promise<Pruned>,
): () => Promise<void> {
  let next = clock.monotonic();
  return async () => {
    if (dryRun === true || clock.monotonic() < next) return;
    next = clock.monotonic() + DAY_MS;
    try {
      const { audit, asks, acts, schedules } = await open();
      const entries = await schedules.take(DAILY, async () => {
        await asks.prune(clock.now() - DAY_MS);
        await acts.prune(clock.now() - DAY_MS);
        return audit.prune(AUDIT_LOG_MS);
      });
      if (entries) log.info({ entries }, 'removed entries of the audit log past 400 days');
    } catch (error) {
      log.warn({ error: errorMessage(error) }, 'expired questions and entries were not removed');
    }
  };
}
