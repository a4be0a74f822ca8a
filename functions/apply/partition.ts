/** Brings one partition of one device to the newest slices: read, plan, declare, verify, and isolate what the device refuses. */
import type { Device, PartitionReading } from '../../shared/bigip/device.ts';
import { DeviceError } from '../../shared/bigip/errors.ts';
import { applicationName } from '../../shared/bigip/as3/names.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import { sameContent } from '../../shared/domain/plan/declared.ts';
import type { DeclaredState } from '../../shared/domain/plan/declared.ts';
import type { Plan, PlanEntry } from '../../shared/domain/plan/plan.ts';
import { changeId, planPartition } from '../../shared/domain/plan/plan.ts';
import type { SameFleet } from '../../shared/domain/plan/claims.ts';
import type { Clock } from '../../shared/runtime/runtime.ts';

export interface PartitionJob {
  readonly device: Device;
  readonly partition: string;
  /** The newest slice of each owner. */
  readonly slices: readonly Slice[];
  readonly sameFleet: SameFleet;
  readonly clock: Clock;
  /** Throws when the function's time is nearly over. */
  readonly checkTime: () => void;
}

export interface PartitionResult {
  readonly partition: string;
  /** The whole partition is not ours to write. */
  readonly refused?: { readonly code: string; readonly reason: string };
  /** What happened to each change, by {@link changeId}; changes that the device refuses carry its error. */
  readonly entries: readonly PlanEntry[];
  readonly rejected: ReadonlyMap<string, DeviceError>;
  /** What was declared before this job, for superseded owners. */
  readonly declared: DeclaredState;
}

const CHANGING = new Set(['create', 'update', 'delete']);
/** AS3 3.56 answers success for additions it skipped; the second declare does them. */
const MAX_REDECLARES = 2;
/** Somebody else's post in between, or an answer in doubt: read again so often before the queue takes over. */
const MAX_RACES = 3;

export async function applyPartition(job: PartitionJob): Promise<PartitionResult> {
  const first = await job.device.read(job.partition);
  if (first.kind === 'refused') return { partition: job.partition, refused: first, entries: [], rejected: new Map(), declared: { owners: {}, exposures: {} } };
  const whole = plan(job, first, new Set());
  const rejected = new Map<string, DeviceError>();
  await settleChanges(job, { all: whole.entries.filter((e) => CHANGING.has(e.kind)), rejected, done: new Set(), fresh: [first] });
  await drain(job, first.declared.state, whole.next);
  return { partition: job.partition, entries: whole.entries, rejected, declared: first.declared.state };
}

/** Only where something drains, or did. */
async function drain(job: PartitionJob, before: DeclaredState, next: DeclaredState): Promise<void> {
  if (![before, next].some(hasDraining)) return;
  const now = await job.device.read(job.partition);
  if (now.kind === 'ours') await job.device.reconcileMembers(job.partition, now.declared.state);
}

function hasDraining(state: DeclaredState): boolean {
  return Object.values(state.exposures).some((e) => e.contributions.some((c) => c.members.some((m) => m.availability === 'draining')));
}

function plan(job: PartitionJob, reading: Extract<PartitionReading, { kind: 'ours' }>, skip: ReadonlySet<string>): Plan {
  return planPartition(job.partition, reading.declared.state, job.slices, { sameFleet: job.sameFleet, skip });
}

interface Progress {
  readonly all: readonly PlanEntry[];
  readonly rejected: Map<string, DeviceError>;
  readonly done: Set<string>;
  /** The first reading, good for one declare. */
  readonly fresh: Extract<PartitionReading, { kind: 'ours' }>[];
}

/**
 * Declares everything at once; when the device refuses, looks for the culprit: the object its words name, then owner by owner,
 * then halves. What passes is declared at each step, so one bad exposure disturbs no other.
 */
async function settleChanges(job: PartitionJob, progress: Progress, candidates: readonly PlanEntry[] = progress.all): Promise<void> {
  const fault = await tryDeclare(job, progress, candidates);
  if (!fault) {
    for (const entry of candidates) progress.done.add(changeId(entry));
    return;
  }
  const [only] = candidates;
  if (only === undefined) throw fault;
  if (candidates.length === 1) {
    progress.rejected.set(changeId(only), fault);
    // The fence and the rest stand as they are: without this change nothing is left to declare here.
    return settleChanges(job, progress, []);
  }
  for (const part of suspects(candidates, fault)) await settleChanges(job, progress, part);
}

/** The named one apart from the rest, else one part for each owner, else two halves. The healthy part goes first. */
function suspects(candidates: readonly PlanEntry[], fault: DeviceError): readonly (readonly PlanEntry[])[] {
  const named = candidates.filter((entry) => fault.response.includes(applicationOf(entry)));
  if (named.length > 0 && named.length < candidates.length) return [candidates.filter((e) => !named.includes(e)), named];
  const owners = [...Map.groupBy(candidates, (e) => e.owner).values()];
  if (owners.length > 1) return owners;
  const half = Math.ceil(candidates.length / 2);
  return [candidates.slice(0, half), candidates.slice(half)];
}

function applicationOf(entry: PlanEntry): string {
  const [, address = '', port = '', protocol = ''] = /^\[?([^\]]+?)\]?:(\d+)\/(tcp|udp)$/.exec(entry.key) ?? [];
  return applicationName({ address, port: Number(port), protocol: protocol === 'udp' ? 'udp' : 'tcp' });
}

/** Declares what is done plus the candidates; resolves with the error when the device refuses the content, rejects for all else. */
async function tryDeclare(job: PartitionJob, progress: Progress, candidates: readonly PlanEntry[]): Promise<DeviceError | undefined> {
  const take = new Set([...progress.done, ...candidates.map(changeId)]);
  const skip = new Set(progress.all.map(changeId).filter((id) => !take.has(id)));
  let redeclares = 0;
  for (let races = 0; ; ) {
    job.checkTime();
    try {
      const outcome = await declareOnce(job, skip, { again: redeclares > 0, fresh: progress.fresh.pop() });
      if (outcome.length === 0) return undefined;
      redeclares += 1;
      if (redeclares > MAX_REDECLARES) throw new DeviceError('BIP440', 'device', `${job.device.name}, partition ${job.partition}: ${outcome[0]}`, { response: outcome.join('; ') });
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      if (error.fault === 'content') return error;
      const mayRace = error.fault === 'ambiguous' || error.code === 'BIP430';
      races += 1;
      if (!mayRace || races > MAX_RACES) throw error;
      await job.clock.sleep(500 * races);
    }
  }
}

/** One read-plan-declare-verify; resolves with what is still different on the device. */
async function declareOnce(job: PartitionJob, skip: ReadonlySet<string>, { again, fresh }: { again: boolean; fresh: PartitionReading | undefined }): Promise<readonly string[]> {
  const reading = fresh ?? (await job.device.read(job.partition));
  if (reading.kind === 'refused') throw new DeviceError('BIP430', 'transient', reading.reason);
  const next = plan(job, reading, skip);
  if (!next.changed && !again) return [];
  // A first contact that wants nothing must not create a partition.
  if (reading.declared.lockKey === undefined && Object.keys(next.next.exposures).length === 0) return [];
  await job.device.declare(job.partition, next.next, reading.declared.lockKey);
  if (sameContent(next.next.exposures, reading.declared.state.exposures) && !again) return [];
  return job.device.verify(job.partition, next.next);
}
