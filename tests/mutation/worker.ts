/**
 * A process that tries mutants one after the other and reports to its parent, which kills it if one
 * never returns.
 */
import './switch.ts';
import { createLoader, mutateTarget } from './load.ts';
import type { Order, Report } from './protocol.ts';
import { createSuite } from './run.ts';

function tell(report: Report): void {
  process.send?.(report);
}

/**
 * Interval of its messages in milliseconds. A worker that stops sending them is in an endless loop.
 */
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

// What an earlier mutant left behind must not count as an effect of the present one.
process.on('uncaughtException', () => undefined);
process.on('unhandledRejection', () => undefined);
// The results are no longer needed.
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
