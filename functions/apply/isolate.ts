/**
 * Isolation: if the device refuses a set of changes, finds the faulty ones and leaves them out.
 * Accepted changes are declared at each step, so one faulty exposure affects no other.
 */
import { applicationName } from '../../shared/bigip/as3/names.ts';
import type { DeviceError } from '../../shared/bigip/errors.ts';
import { isInner } from '../../shared/bigip/errors.ts';
import { namedSettings, referencesIn } from '../../shared/domain/exposure/settings/compose.ts';
import type { PlanEntry } from '../../shared/domain/plan/plan.ts';
import { tryDeclare } from './declare.ts';
import { withoutCausingChange, spread } from './inner.ts';
import type { Run } from './run.ts';
import { requestedExposure, recordRefusal, withdrawRefusal } from './run.ts';

/**
 * Resolves with the number of refused changes. `known`: this set was already refused on top of the
 * current declaration.
 */
export async function declareAll(
  run: Run,
  changes: readonly PlanEntry[],
  known?: DeviceError,
): Promise<number> {
  const fault = known ?? (await tryDeclare(run, changes));
  if (!fault) return 0;
  const [only] = changes;
  if (only === undefined) throw fault;
  if (changes.length === 1) {
    await recordRefusal(run, only, fault);
    return 1;
  }
  if (isInner(fault) && !run.isolating) return amongOthers(run, changes, fault);
  const named = changes.filter((entry) =>
    namesOf(run, entry).some((name) => fault.response.includes(name)),
  );
  const [suspect] = named;
  if (suspect && named.length === 1)
    return withoutSuspect(
      run,
      { suspect, rest: changes.filter((entry) => entry !== suspect) },
      fault,
    );
  return part(run, suspects(changes, named), fault);
}

/** Number of changes tried alone before an internal fault counts as independent of the changes. */
const SAMPLES = 3;

/**
 * An internal fault occurred with these changes and not without any. This is not enough to
 * attribute it to one of them: a script that cannot run fails with each of them, and without
 * changes there is no script. So a few are tried alone until one succeeds.
 */
async function amongOthers(
  run: Run,
  changes: readonly PlanEntry[],
  fault: DeviceError,
): Promise<number> {
  const failed = new Map<PlanEntry, DeviceError>();
  run.isolating = true;
  try {
    for (const change of spread(changes, SAMPLES)) {
      const alone = await tryDeclare(run, [change]);
      if (alone) failed.set(change, alone);
      if (alone && isInner(alone)) continue;
      const rest = changes.filter((one) => one !== change && !failed.has(one));
      let refused = rest.length === 0 ? 0 : await declareAll(run, rest);
      for (const [suspect, why] of failed) refused += await declareAll(run, [suspect], why);
      return refused;
    }
  } finally {
    run.isolating = false;
  }
  throw withoutCausingChange(run, fault);
}

/**
 * BIG-IP names one change: it is stored as refused with the same declare that shows that the others
 * succeed.
 */
async function withoutSuspect(
  run: Run,
  { suspect, rest }: { readonly suspect: PlanEntry; readonly rest: readonly PlanEntry[] },
  fault: DeviceError,
): Promise<number> {
  await recordRefusal(run, suspect, fault);
  const other = await tryDeclare(run, rest);
  if (!other) return 1;
  // The named change is not the only cause; it is examined separately.
  withdrawRefusal(run, suspect);
  return (await declareAll(run, rest, other)) + (await declareAll(run, [suspect]));
}

async function part(
  run: Run,
  parts: readonly (readonly PlanEntry[])[],
  fault: DeviceError,
): Promise<number> {
  let refused = 0;
  for (const [i, changes] of parts.entries()) {
    // If all others succeeded, the last part on top of them is the set that was refused at the
    // start.
    const isRest = i === parts.length - 1 && refused === 0;
    refused += await declareAll(run, changes, isRest ? fault : undefined);
  }
  return refused;
}

/**
 * Separates the named changes from the rest; otherwise splits the owners in half, then the changes
 * of an owner. The healthy part comes first.
 */
function suspects(
  changes: readonly PlanEntry[],
  named: readonly PlanEntry[],
): readonly (readonly PlanEntry[])[] {
  if (named.length > 0 && named.length < changes.length)
    return [changes.filter((e) => !named.includes(e)), named];
  const owners = [...Map.groupBy(changes, (e) => e.owner).values()];
  const units = owners.length > 1 ? owners : changes.map((change) => [change]);
  const half = Math.ceil(units.length / 2);
  return [units.slice(0, half).flat(), units.slice(half).flat()];
}

/**
 * The names that BIG-IP may use for a change: its application, or an object on the device that it
 * refers to.
 */
function namesOf(run: Run, entry: PlanEntry): readonly string[] {
  const asked = requestedExposure(run, entry);
  return [
    applicationOf(entry),
    ...(asked ? referencesIn(namedSettings(asked.settings)).map(({ path }) => path) : []),
  ];
}

function applicationOf(entry: PlanEntry): string {
  const [, address = '', port = '', protocol = ''] =
    /^\[?([^\]]+?)\]?:(\d+)\/(tcp|udp)$/.exec(entry.key) ?? [];
  return applicationName({
    address,
    port: Number(port),
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  });
}
