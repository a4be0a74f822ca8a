/**
 * Processes all slices of one device in a batch: the newest of each owner, partition by partition.
 */
import type { PartitionReading } from '../../shared/device/reading.ts';
import { arrivals, heldBySiblings } from '../../shared/domain/plan/device-plan.ts';
import type { AddressHolder } from '../../shared/domain/plan/foreign.ts';
import { movesBetween } from '../../shared/domain/plan/moves.ts';
import { chooseAddresses, knownOnce } from './addresses.ts';
import type { FencesByPartition } from './fences.ts';
import type { PartitionJob, PartitionResult } from './job.ts';
import { applyPartition } from './loop/run.ts';

/** Slices and orders for one device, over all its partitions. */
export interface GroupJob extends Omit<
  PartitionJob,
  | 'partition'
  | 'reading'
  | 'only'
  | 'movedFrom'
  | 'holders'
  | 'closed'
  | 'shareNodes'
  | 'again'
  | 'fresh'
  | 'overrides'
  | 'deferred'
> {
  readonly partitions: readonly string[];
  /** Partitions to declare even without changes. */
  readonly again?: ReadonlySet<string>;
  /** Fences that wait; absent: none may. */
  readonly deferred?: FencesByPartition;
  /** By partition. */
  readonly overrides?: ReadonlyMap<string, NonNullable<PartitionJob['overrides']>>;
}

/** Sequential, because the device has one lock. */
export async function applyGroup(job: GroupJob): Promise<readonly PartitionResult[]> {
  const { partitions, again = new Set(), overrides, deferred, ...rest } = job;
  const { slices, readings, holders, fresh, tell } = await chooseAddresses(job);
  const foreign = knownOnce(holders, () => job.device.foreign());
  const shared = { ...rest, slices, fresh, holders: foreign, shareNodes: partitions.length > 1 };
  const jobs = partitions.map((partition): PartitionJob => ({
    ...shared,
    partition,
    again: again.has(partition),
    ...overridesIn(overrides, partition),
    ...(deferred && { deferred: deferred.get(partition) ?? new Map() }),
  }));
  const [only] = jobs;
  if (only === undefined || jobs.length > 1) return tell(await applySeveral(jobs, readings));
  const reading = readings.get(only.partition);
  return tell([await applyPartition({ ...only, ...(reading && { reading }) })]);
}

function overridesIn(
  all: GroupJob['overrides'],
  partition: string,
): Pick<PartitionJob, 'overrides'> {
  const overrides = all?.get(partition);
  return overrides === undefined ? {} : { overrides };
}

/**
 * Coordinates several partitions: an address is in only one of them, so a moved exposure is removed
 * before it is created.
 */
async function applySeveral(
  jobs: readonly PartitionJob[],
  known: ReadonlyMap<string, PartitionReading>,
): Promise<readonly PartitionResult[]> {
  const readings = new Map(known);
  for (const { device, partition } of jobs)
    if (!readings.has(partition)) readings.set(partition, await device.read(partition));
  const states = new Map(
    [...readings].flatMap(([partition, reading]) =>
      reading.kind === 'ours' ? [[partition, reading.declared.state] as const] : [],
    ),
  );
  const closed = new Map(
    [...readings].flatMap(([partition, reading]) =>
      reading.kind === 'refused' ? [[partition, reading] as const] : [],
    ),
  );
  const moves = movesBetween(states, jobs[0]?.slices ?? []).filter(({ to }) => !closed.has(to));
  const one = async (job: PartitionJob): Promise<PartitionResult> => {
    const reading = readings.get(job.partition);
    readings.delete(job.partition);
    const holders = async (): Promise<readonly AddressHolder[]> => [
      ...(await (job.holders === undefined ? job.device.foreign() : job.holders())),
      ...heldBySiblings(job.partition, states, job.device.capabilities.pathOf),
    ];
    const result = await applyPartition({ ...job, holders, closed, ...(reading && { reading }) });
    if (!result.refused) states.set(job.partition, result.declared);
    return result;
  };
  const first = new Map<string, PartitionResult>();
  for (const job of jobs) {
    const leaving = moves.filter((move) => move.from === job.partition);
    if (leaving.length > 0)
      first.set(
        job.partition,
        await one({ ...job, only: new Set(leaving.map((move) => move.change)) }),
      );
  }
  const results: PartitionResult[] = [];
  for (const job of jobs)
    results.push(
      merged(
        first.get(job.partition),
        await one({ ...job, movedFrom: arrivals(moves, job.partition) }),
      ),
    );
  return results;
}

/**
 * Joins the results of two runs on one partition; those of the second run count where both have
 * one.
 */
function merged(first: PartitionResult | undefined, second: PartitionResult): PartitionResult {
  if (!first) return second;
  return {
    ...second,
    entries: new Map([...first.entries, ...second.entries]),
    rejections: new Map([...first.rejections, ...second.rejections]),
  };
}
