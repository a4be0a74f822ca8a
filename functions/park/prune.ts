import type { FailureStore } from '../../shared/failures/port.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';

const DAY = 86_400_000;

/** Retention, once a day and process; a failed attempt disturbs nobody and is made again the next day. */
export function createPruner({ config, clock, log }: Pick<Runtime, 'config' | 'clock' | 'log'>, store: FailureStore): () => Promise<void> {
  let next = clock.now();
  return async () => {
    const now = clock.now();
    if (now < next) return;
    next = now + DAY;
    try {
      const forgotten = await store.prune(now - config.failures.retentionDays * DAY);
      if (forgotten > 0) log.info({ forgotten, retentionDays: config.failures.retentionDays }, 'retention ended for failures');
    } catch (error) {
      log.warn({ error: errorMessage(error) }, 'old failures could not be forgotten');
    }
  };
}
