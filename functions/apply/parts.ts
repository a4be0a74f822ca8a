/** Splits a large set of changes into declares that the device can process in time. */
import { DeviceError } from '../../shared/bigip/errors.ts';
import type { PlanEntry } from '../../shared/domain/plan/plan.ts';
import { countFitting, orderChanges } from '../../shared/domain/plan/steps.ts';
import { declareAll } from './isolate.ts';
import type { Run } from './run.ts';

/** Cost of a change in lines of AS3's script. */
export type Cost = (change: PlanEntry) => number;

/** Resolves with the number of refused changes. */
export async function declareParts(
  run: Run,
  changes: readonly PlanEntry[],
  lines: Cost,
): Promise<number> {
  const { pace } = run;
  let refused = 0;
  for (let rest = orderChanges(changes, lines); rest.length > 0;) {
    const count = countFitting(rest, lines, pace.most());
    const part = rest.slice(0, count);
    try {
      refused += await declareAll(run, part);
    } catch (error) {
      if (!isTooMuch(error) || countFitting(part, lines, pace.most()) === count) throw error;
      continue;
    }
    rest = rest.slice(count);
  }
  return refused;
}

function isTooMuch(error: unknown): boolean {
  return error instanceof DeviceError && error.hint === 'slow';
}
