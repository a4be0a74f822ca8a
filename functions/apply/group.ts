/**
 * Processes all slices of one device in a batch: the newest of each owner, partition by partition.
 */
import type { PartitionReading } from '../../shared/device/reading.ts';
import { arrivals, heldBySiblings } from '../../shared/domain/plan/device-plan.ts';
import type { AddressHolder } from '../../shared/domain/plan/foreign.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import { planMoves, withArriving } from '../../shared/domain/plan/moves.ts';
import type { HeldByNodes } from '../../shared/domain/plan/node-sharing.ts';
import { decideNodes, isFreed } from '../../shared/domain/plan/node-sharing.ts';
import { nodesElsewhere } from '../../shared/domain/plan/nodes-elsewhere.ts';
import { joinEntries } from '../../shared/domain/plan/plan-entry.ts';
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
  | 'nodes'
  | 'waiting'
  | 'again'
  | 'fresh'
  | 'overrides'
  | 'deferred'
> {
  readonly partitions: readonly string[];
  /** Partitions to declare even without changes. */
  readonly again?: ReadonlySet<string>;
  /** Readings that were made just before; valid for one use. */
  readonly readings?: ReadonlyMap<string, PartitionReading>;
  /** Fences that wait; absent: none may. */
  readonly deferred?: FencesByPartition;
  /** By partition. */
  readonly overrides?: ReadonlyMap<string, NonNullable<PartitionJob['overrides']>>;
}

/** Sequential, because the device has one lock. */
export async function applyGroup(job: GroupJob): Promise<readonly PartitionResult[]> {
  const { partitions, again = new Set(), overrides, deferred, readings: _used, ...rest } = job;
  const { slices, readings, holders, fresh, tell } = await chooseAddresses(job);
  const foreign = knownOnce(holders, () => job.device.foreign());
  const shared = { ...rest, slices, fresh, holders: foreign, shareNodes: job.shareNodes ?? false };
  const jobs = partitions.map((partition): PartitionJob => ({
    ...shared,
    partition,
    again: again.has(partition),
    ...overridesIn(overrides, partition),
    ...(deferred && { deferred: deferred.get(partition) ?? new Map() }),
  }));
  const [only] = jobs;
  if (only === undefined || jobs.length > 1 || only.shareNodes === true)
    return tell(await applySeveral(jobs, readings));
  const reading = readings.get(only.partition);
  return tell([await applyPartition({ ...only, ...(reading && { reading }) })]);
}

/**
 * Which manual changes of one partition an order keeps or undoes. Empty if no order of the batch
 * names the partition, so that the job has no such key.
 */
function overridesIn(
  all: GroupJob['overrides'],
  partition: string,
): Pick<PartitionJob, 'overrides'> {
  const overrides = all?.get(partition);
  return overrides === undefined ? {} : { overrides };
}

/**
 * Coordinates several partitions: a virtual address is in only one of them, and a node address in
 * one unless it is in /Common. So nodes whose move was approved move first, and a moved exposure is
 * removed before it is created.
 */
async function applySeveral(
  jobs: readonly PartitionJob[],
  known: ReadonlyMap<string, PartitionReading>,
): Promise<readonly PartitionResult[]> {
  const site = await readSite(jobs, known);
  const { states } = site;
  const { slices = [], orders = [], sameFleet = () => false, shareNodes: always } = jobs[0] ?? {};
  const question = { states, slices, sameFleet, shareNodes: always };
  const decided = decideNodes({ ...question, orders });
  const { moves: all, waiting, arriving } = planMoves(states, slices, decided.shared);
  const moves = all.filter(({ to }) => !site.closed.has(to));
  const one = (job: PartitionJob): Promise<PartitionResult> => {
    // A partition that is empty since can share its nodes without a move.
    const { shared } = decideNodes(question);
    const isMoving = decided.moving.includes(job.partition);
    const shareNodes = isMoving || shared.get(job.partition) === true;
    const kept = waiting.get(job.partition);
    const nodes = nodesElsewhere(job.partition, withArriving(states, arriving));
    // What moves between partitions is removed and created in one run.
    const newer = (): Promise<boolean> => Promise.resolve(false);
    return applyOne(site, { ...job, newer, shareNodes, nodes, ...(kept && { waiting: kept }) });
  };
  const first = new Map<string, PartitionResult>();
  for (const job of jobs) {
    const { partition } = job;
    const leaving = moves.filter((move) => move.from === partition).map(({ change }) => change);
    if (leaving.length > 0 || decided.moving.includes(partition))
      first.set(partition, await one({ ...job, only: new Set(leaving) }));
  }
  const rest = (job: PartitionJob): Promise<PartitionResult> =>
    one({ ...job, movedFrom: arrivals(moves, job.partition) });
  const results: PartitionResult[] = [];
  for (const job of jobs) results.push(merged(first.get(job.partition), await rest(job)));
  for (const [i, job] of jobs.entries())
    if (isFreed(job.partition, results[i]!.entries.values(), states, sameFleet))
      results[i] = merged(results[i], await rest(job));
  return results.map((result) => withGranted(result, decided.granted));
}

/** The partitions of a device, as last read or declared. */
interface Site {
  /** Valid for one use. */
  readonly readings: Map<string, PartitionReading>;
  readonly states: Map<string, DeclaredState>;
  readonly closed: NonNullable<PartitionJob['closed']>;
}

/** Reads the partitions of the device that are not known yet. */
async function readSite(
  jobs: readonly PartitionJob[],
  known: ReadonlyMap<string, PartitionReading>,
): Promise<Site> {
  const readings = new Map(known);
  for (const { device, partition } of jobs)
    if (!readings.has(partition)) readings.set(partition, await device.read(partition));
  const states = [...readings].flatMap(([partition, reading]) =>
    reading.kind === 'ours' ? [[partition, reading.declared.state] as const] : [],
  );
  const closed = [...readings].flatMap(([partition, reading]) =>
    reading.kind === 'refused' ? [[partition, reading] as const] : [],
  );
  return { readings, states: new Map(states), closed: new Map(closed) };
}

/** Applies the changes of one partition. A partition that cannot be written is only reported. */
async function applyOne(
  { readings, states, closed }: Site,
  job: PartitionJob,
): Promise<PartitionResult> {
  const { partition } = job;
  const reading = readings.get(partition);
  readings.delete(partition);
  const holders = async (): Promise<readonly AddressHolder[]> => [
    ...(await (job.holders === undefined ? job.device.foreign() : job.holders())),
    ...heldBySiblings(partition, states, job.device.capabilities.pathOf),
  ];
  const result = await applyPartition({
    ...job,
    holders,
    closed,
    ...(reading && { reading }),
  });
  if (!result.refused) states.set(partition, result.declared);
  return result;
}

/** Adds what a person has approved for this partition, so that the reports can say so. */
function withGranted(result: PartitionResult, granted: readonly HeldByNodes[]): PartitionResult {
  const mine = granted.filter(({ partition }) => partition === result.partition);
  return { ...result, approved: [...result.approved, ...mine] };
}

/**
 * Joins the results of two runs on one partition; those of the second run count where both have
 * one.
 */
function merged(first: PartitionResult | undefined, second: PartitionResult): PartitionResult {
  if (!first) return second;
  return {
    ...second,
    entries: joinEntries(first.entries.values(), second.entries.values()),
    rejections: new Map([...first.rejections, ...second.rejections]),
  };
}
