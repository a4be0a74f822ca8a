/**
 * Leaves out changes that refer to missing objects before anything is posted, so that no other
 * owner waits for a declare that must fail.
 */
import { DeviceError } from '../../shared/bigip/errors.ts';
import type { MissingReference, Reference } from '../../shared/bigip/references.ts';
import { referencesOf } from '../../shared/bigip/references.ts';
import type { PlanEntry } from '../../shared/domain/plan/plan.ts';
import { requestedExposure, recordRefusal } from './run.ts';
import type { Run } from './run.ts';

/** Changes split by whether all referenced objects exist. */
export interface SeparatedChanges {
  readonly healthy: readonly PlanEntry[];
  readonly refused: number;
}

/** Looks up each reference once, except those that an existing declaration proves. */
export async function separateMissing(
  run: Run,
  changes: readonly PlanEntry[],
): Promise<SeparatedChanges> {
  const asking = changes.map((change) => ({ change, references: newReferences(run, change) }));
  const wanted = new Map(
    asking.flatMap(({ references }) => references).map((one) => [`${one.kind} ${one.path}`, one]),
  );
  if (wanted.size === 0) return { healthy: changes, refused: 0 };
  const missing = await run.job.device.missing([...wanted.values()]);
  const faults = asking.flatMap(({ change, references }) => {
    const fault = missing.find((one) =>
      references.some(({ kind, path }) => kind === one.kind && path === one.path),
    );
    return fault ? [{ change, fault }] : [];
  });
  for (const { change, fault } of faults) await recordRefusal(run, change, inWords(run, fault));
  const guilty = new Set(faults.map(({ change }) => change));
  return { healthy: changes.filter((change) => !guilty.has(change)), refused: guilty.size };
}

function newReferences(run: Run, change: PlanEntry): readonly Reference[] {
  if (change.kind === 'delete' || change.membersOnly === true) return [];
  const asked = requestedExposure(run, change);
  if (!asked) return [];
  const present = run.state.exposures[change.key];
  const known = new Set(present ? referencesOf(present.settings).map(({ path }) => path) : []);
  return referencesOf(asked.settings).filter(({ path }) => !known.has(path));
}

function inWords({ job }: Run, { response }: MissingReference): DeviceError {
  return new DeviceError(
    'BIP424',
    'content',
    `${job.device.name}, partition ${job.partition}: a referenced object does not exist on the device`,
    { response },
  );
}
