/**
 * Leaves out changes that refer to missing objects before anything is posted, so that no other
 * owner waits for a declare that must fail. Pure.
 */
import { DeviceError } from '../../../shared/device/errors.ts';
import type { MissingReference, Reference } from '../../../shared/device/references.ts';
import { referencesOf } from '../../../shared/device/references.ts';
import type { PlanEntry } from '../../../shared/domain/plan/plan.ts';
import { recordRefusal, requestedExposure } from './plan.ts';
import type { LoopTime, Loop } from './state.ts';

/** A change with the error that leaves it out. */
interface Missing {
  readonly change: PlanEntry;
  readonly error: DeviceError;
}

/** Each reference once, except those that an existing declaration proves. */
export function referencesToLookUp(
  loop: Loop,
  changes: readonly PlanEntry[],
): readonly Reference[] {
  const wanted = changes.flatMap((change) => newReferences(loop, change));
  return [...new Map(wanted.map((one) => [`${one.kind} ${one.path}`, one])).values()];
}

/** Records what refers to a missing object as refused; `healthy`: the other changes. */
export function withoutMissing(
  before: Loop,
  missing: readonly MissingReference[],
  at: LoopTime,
): { readonly loop: Loop; readonly healthy: readonly PlanEntry[] } {
  const faults = before.work.rest.flatMap((change): readonly Missing[] => {
    const references = newReferences(before, change);
    const fault = missing.find((one) =>
      references.some(({ kind, path }) => kind === one.kind && path === one.path),
    );
    return fault ? [{ change, error: inWords(before, fault) }] : [];
  });
  return {
    loop: faults.reduce((one, { change, error }) => recordRefusal(one, change, error, at), before),
    healthy: before.work.rest.filter((one) => !faults.some(({ change }) => change === one)),
  };
}

/**
 * What the change refers to and the declared exposure does not. What is declared already was
 * accepted by the device before.
 */
function newReferences({ job, seen }: Loop, change: PlanEntry): readonly Reference[] {
  if (change.kind === 'delete' || change.membersOnly === true) return [];
  const asked = requestedExposure(job, change);
  if (!asked) return [];
  const present = seen.state.exposures[change.key];
  const known = new Set(present ? referencesOf(present.settings).map(({ path }) => path) : []);
  return referencesOf(asked.settings).filter(({ path }) => !known.has(path));
}

/** The refusal of a change that refers to a missing object, or needs a missing module. */
function inWords({ job }: Loop, { kind, response }: MissingReference): DeviceError {
  const at = `${job.device}, partition ${job.partition}`;
  return kind === 'module'
    ? new DeviceError('BIP425', 'content', `${at}: a setting needs a module of BIG-IP`, {
        response,
      })
    : new DeviceError(
        'BIP424',
        'content',
        `${at}: a referenced object does not exist on the device`,
        { response },
      );
}
