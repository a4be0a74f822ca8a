/** What one stage asks of the device: its paths, and its declares. */
import { fleetsByCluster, sharedFleet } from '../../shared/config/fleets.ts';
import type { DeviceConfig } from '../../shared/config/schema.ts';
import type { Device } from '../../shared/device/device.ts';
import type { Order } from '../../shared/domain/steering/steering.ts';
import type { Stage } from './arrivals.ts';
import { arrivalsOf, mayEndEarly, newestFirst, overridesOf } from './arrivals.ts';
import type { GroupJob } from './group.ts';
import type { PathRun } from './paths/paths.ts';
import { startPaths } from './paths/paths.ts';
import { isWaiting } from './postpone.ts';
import type { Repair } from './repair.ts';
import type { Scope } from './scope.ts';
import { takeOverPaths } from './take-over.ts';

/** A stage on its device. */
export interface StageWork {
  /** `prove` rejects if another process may have the messages. */
  readonly scope: Scope & { readonly prove: () => Promise<void> };
  /** The device's entry in sluice.yaml. */
  readonly config: DeviceConfig;
  readonly device: Device;
  /** Messages that are declared together. */
  readonly stage: Stage;
  /** False if the function's time is almost over. */
  readonly hasTime: () => boolean;
}

/**
 * The orders of the stage with the time they were sent. For an order that waited in the store this
 * is the first time.
 */
function ordersIn({ orders }: Stage): readonly Order[] {
  return orders.map(({ message, meta, data }) => ({
    steering: data,
    at: meta.waited?.sentAt ?? message.sentAt,
  }));
}

/** Brings the paths that the slices of the stage need. */
export async function startStagePaths(work: StageWork): Promise<PathRun> {
  const { scope, config, device, stage, hasTime } = work;
  const { runtime, prove } = scope;
  const asked = stage.audits.flatMap(({ data }) => data.takeOver ?? []);
  const clusters = new Set(runtime.config.clusters.map(({ id }) => id));
  const tries = Math.max(...arrivalsOf(stage).map(({ message }) => message.receiveCount));
  await takeOverPaths({ device, clusters, log: runtime.log, prove, hasTime, tries }, asked);
  return startPaths({
    device,
    config,
    site: runtime.config,
    slices: newestFirst(stage.slices).newest.map(({ data }) => data),
    orders: ordersIn(stage),
    isAnyCluster: stage.orders.length + stage.audits.length + stage.absences.length > 0,
    tries,
    clock: runtime.clock,
    log: runtime.log,
    meter: runtime.pathMeter,
    prove,
    hasTime,
  });
}

/** The declares of the stage. */
export function stageJob(
  { scope, config, device, stage, hasTime }: StageWork,
  paths: PathRun,
  { again, heard }: Pick<Repair, 'again'> & Pick<GroupJob, 'heard'>,
): GroupJob {
  const { runtime, prove } = scope;
  const { newest } = newestFirst(stage.slices);
  return {
    device,
    partitions: config.partitions,
    slices: paths.slices,
    readings: paths.readings,
    orders: ordersIn(stage),
    absences: stage.absences.map(({ data }) => data),
    ...(heard && { heard }),
    again,
    overrides: overridesOf(stage),
    adopting: runtime.config.policy.drift === 'adopt',
    firstReceived: new Set(
      newest.filter(({ message }) => message.receiveCount === 1).map(({ data }) => data.owner),
    ),
    pace: scope.paces(config.name, device.capabilities.declareSize),
    ...(config.shareNodes === true && { shareNodes: true }),
    sameFleet: sharedFleet(runtime.config),
    fleetOf: fleetsByCluster(runtime.config),
    clock: runtime.clock,
    hasTime,
    prove,
    ...(mayEndEarly(stage) && { newer: () => isWaiting(runtime, config.name) }),
    onTry: (one) => runtime.log.info({ device: config.name, ...one }, 'declare'),
  };
}
