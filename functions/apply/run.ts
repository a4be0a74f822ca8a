/** The work on one partition while it goes on: what is known of the device, and what to tell in the end. */
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

export interface Run {
  readonly job: PartitionJob;
  /** What to tell of each change: the newest word that says something. */
  readonly entries: Map<string, PlanEntry>;
  readonly rejections: Map<string, Rejection>;
  readonly attempts: Map<string, Attempt[]>;
  /** Refused, and not stored in the declaration yet. */
  readonly refused: Map<string, Quarantined>;
  /** Owners of whom the declared version came again, not as a redelivery: somebody asks for it. */
  readonly replays: ReadonlySet<string>;
  /** Quarantined changes that are tried all the same. */
  retry: ReadonlySet<string>;
  /** As last read or declared. */
  state: DeclaredState;
  /** Good for one declare; then it has to be read again. */
  fresh: DeclaredPartition | undefined;
  /** What was posted last, whatever became of it. */
  posted: DeclaredState | undefined;
  /** How often it was read: what is planned from an older reading may not be all. */
  readings: number;
  readonly pace: Pace;
  /** A fault inside the device is held against the change that meets it, because others were seen to pass. */
  isolating: boolean;
  /** What somebody changed on the device, and what is to be kept. */
  byHand: readonly OverrideAdoption[];
  /** Asked for when something new wants an address. */
  holders: readonly AddressHolder[] | undefined;
}

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

/** What the device declares, as far as it is not known to be unchanged. */
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

/** The plan from this state; only the given changes are made. */
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

/** That something is unchanged after it was changed is no news. */
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

/** The device refuses this change. A clash that was not seen before is looked for once more: then it is a conflict, not a quarantine. */
export async function blame(run: Run, entry: PlanEntry, error: DeviceError): Promise<void> {
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

/** What the owner's slice asks for at the place of this change. */
export function askedOf({ job }: Run, { owner, key }: PlanEntry): Exposure | undefined {
  return job.slices
    .find((slice) => slice.owner === owner)
    ?.exposures.find((e) => exposureKey(e) === key);
}

/** It was not this change, or not this one alone. */
export function pardon(run: Run, entry: PlanEntry): void {
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
