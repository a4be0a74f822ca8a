/** A process that tries mutants one after the other and tells its parent, which ends it where one never returns. */
import './switch.ts';
import { createLoader, mutateFolder } from './load.ts';
import type { Order, Report } from './protocol.ts';
import { createSuite } from './run.ts';

function tell(report: Report): void {
  process.send?.(report);
}

async function work({ folder, tests, ids }: Order): Promise<void> {
  const suite = await createSuite(createLoader(mutateFolder(folder), tests));
  tell({ kind: 'ready' });
  for (const id of ids) {
    tell({ kind: 'trying', id });
    const by = suite.isReached(id) ? await suite.try(id) : undefined;
    tell({ kind: 'tried', id, reached: suite.isReached(id), ...(by === undefined ? {} : { by }) });
  }
  tell({ kind: 'done' });
}

process.once('message', (order: Order) => {
  work(order).then(
    () => process.disconnect(),
    (error: unknown) => {
      tell({ kind: 'broken', why: error instanceof Error ? error.message : String(error) });
      process.disconnect();
    },
  );
});
