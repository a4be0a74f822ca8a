/**
 * Internal faults of the device: recognises them among AS3's content errors, and handles those that
 * do not depend on a change.
 */
import { DeviceError } from '../../shared/bigip/errors.ts';
import { referencesOf } from '../../shared/bigip/references.ts';
import type { PlanEntry } from '../../shared/domain/plan/plan.ts';
import type { Run } from './run.ts';
import { requestedExposure } from './run.ts';

/**
 * AS3 also says "not found" if its lookup failed. If the device does have the object, the lookup
 * failed.
 */
export async function asLookupFault(
  run: Run,
  changes: readonly PlanEntry[],
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof DeviceError) || error.hint !== 'unfound') return error;
  const { device, partition } = run.job;
  const asked = changes.flatMap((change) =>
    referencesOf(requestedExposure(run, change)?.settings ?? { iRules: [], profiles: {} }),
  );
  const meant = asked.filter(({ path }) => error.response.includes(` ${path} `));
  if (meant.length === 0 || (await device.missing(meant)).length > 0) return error;
  return new DeviceError(
    'BIP509',
    'ambiguous',
    `${device.name}, partition ${partition}: AS3 could not look up an object that exists`,
    { response: error.response, hint: 'inner' },
  );
}

/**
 * The fault occurs with every change and without any: the device waits like an unreachable one, and
 * an alarm is raised.
 */
export function withoutCausingChange(
  { job }: Run,
  { response, inner, message }: DeviceError,
): DeviceError {
  return new DeviceError(
    'BIP509',
    'transient',
    `${message}; the fault does not depend on a change, so all changes wait until ${job.device.name} is repaired`,
    { response, inner },
  );
}

/** Selects `most` elements, evenly distributed from first to last. */
export function spread<T>(all: readonly T[], most: number): readonly T[] {
  const count = Math.min(most, all.length);
  const step = count < 2 ? 0 : (all.length - 1) / (count - 1);
  return [...new Set(Array.from({ length: count }, (_, i) => Math.round(i * step)))].flatMap(
    (i) => all[i] ?? [],
  );
}
