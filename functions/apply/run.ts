/**
 * The state of the work on one partition: what is known of the device, and the results to report.
 */
import type { DeclaredPartition } from '../../shared/bigip/device.ts';
import { DeviceError, inWords } from '../../shared/bigip/errors.ts';
import type { Exposure, Slice } from '../../shared/domain/exposure/exposure.ts';
import { exposureKey } from '../../shared/domain/exposure/exposure.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import type { OverrideAdoption } from '../../shared/domain/declared/override.ts';
import type { AddressHolder } from '../../shared/domain/plan/foreign.ts';
import type { Plan, PlanEntry } from '../../shared/domain/plan/plan.ts';
import { changeId, planPartition } from '../../shared/domain/plan/plan.ts';
import { nextQuarantine, quarantineEntry } from '../../shared/domain/plan/quarantine.ts';
import type { Quarantined } from '../../shared/domain/declared/owner-record.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import { approvedKeys } from '../../shared/domain/steering/steering.ts';
import type { Attempt } from '../../shared/queue/dead-letter.ts';
import { assertStillFree } from './addresses.ts';
import type { PartitionJob, PartitionResult, Rejection } from './job.ts';
import { createPace } from './pace.ts';
import type { Pace } from './pace.ts';

/** Mutable state of the work on one partition. */
export interface Run {
  readonly job: PartitionJob;
  /** Result of each change: the latest one that is meaningful. */
  readonly entries: Map<string, PlanEntry>;
  readonly rejections: Map<string, Rejection>;
  readonly attempts: Map<string, Attempt[]>;
  /** Refused, and not yet stored in the declaration. */
  readonly refused: Map<string, Quarantined>;
  /** Owners whose declared version arrived again without being a redelivery: a replay. */
  readonly replays: ReadonlySet<string>;
  /** Quarantined changes that are retried anyway. */
  retry: ReadonlySet<string>;
  /** As last read or declared. */
  state: DeclaredState;
  /** Valid for one declare; then it must be read again. */
  fresh: DeclaredPartition | undefined;
  /** The last posted state, whatever its outcome. */
  posted: DeclaredState | undefined;
  /** Number of readings; a plan from an older reading may be incomplete. */
  readings: number;
  readonly pace: Pace;
  /**
   * An internal fault is attributed to the change that triggers it, because other changes
   * succeeded.
   */
  isolating: boolean;
  /** Manual changes on the device that are to be kept. */
  byHand: readonly OverrideAdoption[];
  /** Read if a new exposure requests an address. */
  holders: readonly AddressHolder[] | undefined;
}

/**
 * The state before the first declaration. A slice that is received for the first time although its
 * version is already declared counts as a replay.
 */
export function startRun(job: PartitionJob, declared: DeclaredPartition): Run {
  const replays = new Set(
    job.slices.filter((slice) => isReplay(job, declared.state, slice)).map((slice) => slice.owner),
  );
  return {
    job,
    entries: new Map(),
    rejections: new Map(),
    attempts: new Map(),
    refused: new Map(),
    replays,
    retry: new Set(),
    state: declared.state,
    fresh: declared,
    posted: undefined,
    readings: 0,
    pace: job.pace ?? createPace(job.clock),
    isolating: false,
    byHand: [],
    holders: undefined,
  };
}

/** The declaration of the device, unless it is known to be unchanged. */
export async function readDeclared(run: Run): Promise<DeclaredPartition> {
  const known = run.fresh;
  run.fresh = undefined;
  if (known) return known;
  const reading = await run.job.device.read(run.job.partition);
  if (reading.kind === 'refused') throw new DeviceError('BIP430', 'transient', reading.reason);
  run.state = reading.declared.state;
  run.readings += 1;
  if (run.job.fresh)
    assertStillFree(
      run.job.fresh,
      { device: run.job.device.name, partition: run.job.partition, sameFleet: run.job.sameFleet },
      run.state,
    );
  return reading.declared;
}

/** The plan from this state, limited to the given changes. */
export async function planFrom(run: Run, state: DeclaredState, only = run.job.only): Promise<Plan> {
  const first = makePlan(run, state, only);
  if (run.holders !== undefined || !first.entries.some((entry) => entry.kind === 'create'))
    return tell(run, first);
  run.holders = await lookForHolders(run);
  return tell(run, makePlan(run, state, only));
}

function makePlan(run: Run, state: DeclaredState, only: ReadonlySet<string> | undefined): Plan {
  const {
    partition,
    slices,
    sameFleet,
    fleetOf,
    clock,
    orders,
    absences,
    movedFrom,
    shareNodes,
    overrides,
    closed,
  } = run.job;
  return planPartition(partition, state, slices, {
    sameFleet,
    ...(fleetOf && { fleetOf }),
    now: clock.now(),
    refused: run.refused,
    retry: run.retry,
    ...(only && { only }),
    ...(run.holders && { holders: run.holders }),
    ...(orders && { orders }),
    ...(absences && { absences }),
    ...(movedFrom && { movedFrom }),
    ...(closed && { closed }),
    overrides: { ...overrides, adopt: [...(overrides?.adopt ?? []), ...run.byHand] },
    ...(shareNodes === undefined ? {} : { shareNodes }),
  });
}

/** "Unchanged" after a change is not reported. */
function tell(run: Run, plan: Plan): Plan {
  for (const entry of plan.entries) {
    const id = changeId(entry);
    if (entry.kind !== 'unchanged' || !run.entries.has(id)) run.entries.set(id, entry);
  }
  return plan;
}

function lookForHolders({ job }: Run): Promise<readonly AddressHolder[]> {
  return job.holders ? job.holders() : job.device.foreign();
}

/**
 * Records that the device refuses this change. For a clash that was not detected before, reads the
 * holders again: then it is a conflict, not a quarantine.
 */
export async function recordRefusal(run: Run, entry: PlanEntry, error: DeviceError): Promise<void> {
  const id = changeId(entry);
  const before = quarantineEntry(run.state, entry);
  const remembered = nextQuarantine(
    entry,
    { code: error.code, reason: inWords(error) },
    { before, now: run.job.clock.now() },
  );
  run.refused.set(id, remembered);
  run.rejections.set(id, {
    error,
    attempts: run.attempts.get(id) ?? [],
    news: remembered.tries === 1 || run.replays.has(entry.owner),
  });
  if (error.code === 'BIP422' || error.code === 'BIP423') run.holders = await lookForHolders(run);
}

/** The exposure that the owner's slice requests for this change. */
export function requestedExposure({ job }: Run, { owner, key }: PlanEntry): Exposure | undefined {
  return job.slices
    .find((slice) => slice.owner === owner)
    ?.exposures.find((e) => exposureKey(e) === key);
}

/** Withdraws a refusal that this change did not cause, or not alone. */
export function withdrawRefusal(run: Run, entry: PlanEntry): void {
  run.refused.delete(changeId(entry));
  run.rejections.delete(changeId(entry));
}

function isReplay(
  { firstReceived }: PartitionJob,
  { owners }: DeclaredState,
  { owner, version }: Slice,
): boolean {
  const declared = owners[owner]?.version;
  return (
    firstReceived?.has(owner) === true &&
    declared !== undefined &&
    compareVersions(version, declared) === 0
  );
}

/**
 * The result of the partition after the last declaration. `before` decides which of the approved
 * removals were held.
 */
export function resultOf(run: Run, before: DeclaredState): PartitionResult {
  const { partition, orders = [] } = run.job;
  const approvals = orders.flatMap(({ steering, at }) =>
    steering.action === 'approve' ? [{ steering, at }] : [],
  );
  const approved = approvals.flatMap((order) =>
    approvedKeys(before, order).map((key) => ({ owner: order.steering.owner, key })),
  );
  return {
    partition,
    entries: run.entries,
    rejections: run.rejections,
    approved,
    declared: run.state,
  };
}
