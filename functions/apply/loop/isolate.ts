/**
 * Isolation: if the device refuses a set of changes, which sets to declare next to find the faulty
 * ones. Accepted changes are declared at each step, so one faulty exposure affects no other. Pure.
 */
import type { DeviceError } from '../../../shared/device/errors.ts';
import { isInner } from '../../../shared/device/errors.ts';
import { namedSettings, referencesIn } from '../../../shared/domain/exposure/settings/compose.ts';
import type { PlanEntry } from '../../../shared/domain/plan/plan.ts';
import { BUDGETS } from './budgets.ts';
import { requestedExposure } from './plan.ts';
import type { LoopJob, Sample, Task } from './state.ts';

/** What follows from a refused or accepted set. */
export type Isolation =
  | {
      readonly kind: 'go on';
      /** To declare next, in this order. */
      readonly tasks: readonly Task[];
      readonly culprit?: { readonly change: PlanEntry; readonly error: DeviceError };
      /** Quarantined before, but not the only cause. */
      readonly cleared?: PlanEntry;
    }
  /** The fault does not depend on a change. */
  | { readonly kind: 'give up'; readonly fault: DeviceError };

/** After the device accepted a task. */
export function afterSuccess({ sample, changes, ...task }: Task): readonly Task[] {
  return sample === undefined ? [] : othersOf(sample, changes, task);
}

/** After the device refused a task; `refused`: number of changes refused so far. */
export function afterRefusal(
  job: LoopJob,
  task: Task,
  fault: DeviceError,
  refused: number,
): Isolation {
  const { changes, isolating, named: left, sample } = task;
  const [only] = changes;
  if (left !== undefined) {
    // The named change is not the only cause; it is examined separately.
    const tasks: readonly Task[] = [
      { changes, isolating, known: { fault } },
      { changes: [left], isolating, again: true },
    ];
    return { kind: 'go on', tasks, cleared: left };
  }
  if (sample !== undefined) return afterSample(task, sample, fault);
  if (only === undefined || changes.length === 1)
    return { kind: 'go on', tasks: [], ...(only && { culprit: { change: only, error: fault } }) };
  if (isInner(fault) && !isolating) return firstSample(changes, fault);
  const named = changes.filter((entry) =>
    namesOf(job, entry).some((name) => fault.response.includes(name)),
  );
  const [suspect] = named;
  if (suspect !== undefined && named.length === 1) {
    // It is stored as refused with the same declare that shows that the others succeed.
    const rest = changes.filter((entry) => entry !== suspect);
    return {
      kind: 'go on',
      tasks: [{ changes: rest, isolating, named: suspect }],
      culprit: { change: suspect, error: fault },
    };
  }
  return { kind: 'go on', tasks: halvesOf(task, named, fault, refused) };
}

/**
 * An internal fault occurred with these changes and not without any. This is not enough to
 * attribute it to one of them: a script that cannot run fails with each of them, and without
 * changes there is no script. So a few are tried alone until one succeeds.
 */
function firstSample(all: readonly PlanEntry[], fault: DeviceError): Isolation {
  return nextSample({ all, fault, failed: [] });
}

/**
 * The next change to try alone. A few, spread over all changes, are enough: if each of them fails,
 * the fault does not depend on a change.
 */
function nextSample(sample: Sample): Isolation {
  const { all, fault, failed } = sample;
  const next = sampleEvenly(all, BUDGETS.samples.limit)[failed.length];
  if (next === undefined) return { kind: 'give up', fault };
  return { kind: 'go on', tasks: [{ changes: [next], isolating: true, sample }] };
}

/**
 * After a sample failed, too: an inner fault is not caused by this change, so the next sample is
 * tried. Any other fault shows that the first one has passed, and the remaining changes go on as
 * one task.
 */
function afterSample({ changes, ...task }: Task, sample: Sample, fault: DeviceError): Isolation {
  const failed = [
    ...sample.failed,
    ...changes.map((change): Sample['failed'][number] => [change, fault]),
  ];
  if (isInner(fault)) return nextSample({ ...sample, failed });
  return { kind: 'go on', tasks: othersOf({ ...sample, failed }, [], task) };
}

/** One succeeded or was refused for its content: the others together, then those that failed. */
function othersOf(
  { all, failed }: Sample,
  done: readonly PlanEntry[],
  { isolating }: Pick<Task, 'isolating'>,
): readonly Task[] {
  const apart = [...done, ...failed.map(([change]) => change)];
  const rest = all.filter((change) => !apart.includes(change));
  return [
    ...(rest.length === 0 ? [] : [{ changes: rest, isolating }]),
    ...failed.map(([change, fault]): Task => ({ changes: [change], isolating, known: { fault } })),
  ];
}

/**
 * Separates the named changes from the rest; otherwise splits the owners in half, then the changes
 * of an owner. The healthy part comes first. If it succeeds as a whole, the other part on top of it
 * is the set that was refused.
 */
function halvesOf(
  { changes, isolating }: Task,
  named: readonly PlanEntry[],
  fault: DeviceError,
  refused: number,
): readonly Task[] {
  const [first, second] =
    named.length > 0 && named.length < changes.length
      ? [changes.filter((e) => !named.includes(e)), named]
      : inHalf(changes);
  return [
    { changes: first, isolating },
    { changes: second, isolating, known: { fault, ifRefused: refused } },
  ];
}

/** Keeps the changes of an owner together as long as there are several owners. */
function inHalf(
  changes: readonly PlanEntry[],
): readonly [readonly PlanEntry[], readonly PlanEntry[]] {
  const owners = [...Map.groupBy(changes, (e) => e.owner).values()];
  const units = owners.length > 1 ? owners : changes.map((change) => [change]);
  const half = Math.ceil(units.length / 2);
  return [units.slice(0, half).flat(), units.slice(half).flat()];
}

/**
 * The names that BIG-IP may use for a change: its application, or an object on the device that it
 * refers to.
 */
function namesOf(job: LoopJob, entry: PlanEntry): readonly string[] {
  const asked = requestedExposure(job, entry);
  return [
    nameOf(job, entry),
    ...(asked ? referencesIn(namedSettings(asked.settings)).map(({ path }) => path) : []),
  ];
}

/** The device's name of the exposure, to compare with the object that it names. */
function nameOf({ capabilities }: LoopJob, { key }: PlanEntry): string {
  const [, address = '', port = '', protocol = ''] =
    /^\[?([^\]]+?)\]?:(\d+)\/(tcp|udp)$/.exec(key) ?? [];
  return capabilities.nameOf({
    address,
    port: Number(port),
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
  });
}

/** Selects `most` elements, evenly distributed from first to last. */
export function sampleEvenly<T>(all: readonly T[], most: number): readonly T[] {
  const count = Math.min(most, all.length);
  const step = count < 2 ? 0 : (all.length - 1) / (count - 1);
  return [...new Set(Array.from({ length: count }, (_, i) => Math.round(i * step)))].flatMap(
    (i) => all[i] ?? [],
  );
}
