/** Tells people what a standby that took over, or a restored backup, may not have. */
import { describeRollback } from '../../shared/failures/lineage.ts';
import type { Failures } from '../../shared/failures/open.ts';
import type { Runtime } from '../../shared/host/runtime.ts';

/** By one process: a warning in its log, and an entry of the audit log among those of people. */
export function createLookBack(
  { log, dryRun }: Pick<Runtime, 'log' | 'dryRun'>,
  open: () => Promise<Pick<Failures, 'lineage' | 'audit' | 'store'>>,
): () => Promise<void> {
  return async () => {
    if (dryRun === true) return;
    const { lineage, audit, store } = await open();
    const rollback = await lineage.note();
    if (rollback === undefined) return;
    const said = describeRollback(rollback);
    log.warn({ code: 'RPL717', store: store.where }, said);
    await audit.append({
      who: 'sluice',
      action: 'store rolled back',
      selection: store.where,
      why: 'RPL717',
      result: said,
    });
  };
}
