/**
 * A process that tries mutants one after the other and tells its parent, which ends it where one
 * never returns.
 */
import './switch.ts';
import { createLoader, mutateTarget } from './load.ts';
import type { Order, Report } from './protocol.ts';
import { createSuite } from './run.ts';

function tell(report: Report): void {
  process.send?.(report);
}

/** Milliseconds. A worker that does not say so any more computes without an end. */
const BEAT = 1_000;

async function work({ target, ids }: Order): Promise<void> {
  const sources = mutateTarget(target);
  const suite = await createSuite(createLoader(sources, target.tests));
  tell({ kind: 'ready' });
  const wanted = new Set(ids);
  for (const mutant of sources.mutants.filter(({ id }) => wanted.has(id))) {
    tell({ kind: 'trying', id: mutant.id });
    tell({ kind: 'tried', id: mutant.id, ...(await suite.try(mutant)) });
  }
  tell({ kind: 'done' });
}

// What an earlier mutant left behind must not be taken for the work of the present one.
process.on('uncaughtException', () => undefined);
process.on('unhandledRejection', () => undefined);
// The results are not needed any more.
process.once('disconnect', () => process.exit());
process.once('message', (order: Order) => {
  setInterval(() => tell({ kind: 'alive' }), BEAT).unref();
  work(order).then(
    () => process.disconnect(),
    (error: unknown) => {
      tell({ kind: 'broken', why: error instanceof Error ? error.message : String(error) });
      process.disconnect();
    },
  );
});
