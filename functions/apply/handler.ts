/**
 * apply: receives slices and orders, programs BIG-IP and sends the results. The only place that
 * maps outcomes to the queue.
 */
import { openDevices } from '../../shared/host/devices.ts';
import { askForResync } from '../../shared/queue/resync.ts';
import type { Devices } from '../../shared/device/device.ts';
import { DeviceError } from '../../shared/device/errors.ts';
import type { DeviceConfig } from '../../shared/config/schema.ts';
import type { HeardStore } from '../../shared/failures/heard.ts';
import { createStore } from '../../shared/failures/opened-once.ts';
import type { RepairMemory } from '../../shared/failures/repairs.ts';
import { suspectsOf } from '../../shared/failures/suspects.ts';
import type { ViewKeeper } from '../../shared/failures/view-keeper.ts';
import { isOutage } from '../../shared/queue/away.ts';
import { handleGroups } from '../../shared/queue/batch.ts';
import type { FunctionContext, Handler } from '../../shared/queue/handler.ts';
import { LeaseLost, proveLease } from '../../shared/queue/lease.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import type { Suspects } from '../../shared/queue/suspects.ts';
import { lambdaEntry } from '../../shared/host/lambda.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { Arrival, Stage } from './arrivals.ts';
import { arrivalsOf, endedEarly, readArrival, stagesOf } from './arrivals.ts';
import { clustersWaiting } from './fences.ts';
import { applyGroup } from './group.ts';
import type { GroupJob } from './group.ts';
import { refuseWhileHeld } from './held.ts';
import type { PartitionResult } from './job.ts';
import { viewsOf } from './results.ts';
import { createResultRecorder } from './record-results.ts';
import type { ResultRecorder } from './record-results.ts';
import { parkMessage } from './park.ts';
import { askForFreed, noteHeldPaths, noteLeftPaths } from './left-paths.ts';
import { createMemory } from './memory.ts';
import type { OpenProcesses } from './memory.ts';
import { moveToWaiting, postpone, release } from './postpone.ts';
import { startRepair } from './repair.ts';
import { reportStage } from './report.ts';
import type { Scope } from './scope.ts';
import type { StageWork } from './stage.ts';
import { stageJob, startStagePaths } from './stage.ts';
import { createWaiting } from './waiting.ts';
import type { OpenWaitingPlace, TurnReport } from './waiting.ts';

/** The handler of apply, with its schedule entry point. */
export interface Apply extends Handler {
  /** One run of the waiting changes, for every device. */
  turns(signal?: AbortSignal): Promise<readonly TurnReport[]>;
  /** Ends sessions and connections; a handler that was closed is not called again. */
  close(): Promise<void>;
}

/** Dependencies that tests inject instead of the configured ones. */
export interface ApplyDependencies {
  /** Where changes wait for a device; default: the failure store. */
  readonly place?: OpenWaitingPlace;
  /** Marks of messages that may have killed a process (decision 36). */
  readonly suspects?: Suspects;
  /** Keeps when clusters were last heard (decision 63). */
  readonly heard?: () => Promise<{ readonly heard: HeardStore }>;
  /** Keeps what was last seen of the devices, for the console. */
  readonly views?: ViewKeeper;
  /** Which process creates partitions ahead, and of which release it is. */
  readonly schedules?: OpenProcesses;
  /** Keeps what repairs left over, for audit. */
  readonly repairs?: () => Promise<RepairMemory>;
}

/** Wires the function. `givenRecorder` and `given` replace its surroundings in tests. */
export function create(
  runtime: Runtime,
  devices: Devices = openDevices(runtime, (behind) => askForResync(runtime, behind)),
  givenRecorder?: ResultRecorder,
  given: ApplyDependencies = {},
): Apply {
  const store = createStore(runtime);
  const recorder = givenRecorder ?? createResultRecorder(runtime, store.open);
  const { suspects = suspectsOf(runtime, 'slices') } = given;
  const waiting = createWaiting(runtime, given.place ?? (async () => (await store.open()).waiting));
  const remembered = createMemory(runtime, waiting, { ...given, open: store.open });
  const scope = (context: FunctionContext): Scope => ({
    runtime,
    devices,
    ...remembered,
    recorder,
    waiting,
    repairs: given.repairs ?? (async () => (await store.open()).repairs),
    context,
  });
  const handle = handleGroups({
    suspects,
    handle: (group, messages, context) => handleDevice(scope(context), group, messages),
    giveUp: (message, verdict, context) => parkMessage(scope(context), message, verdict),
    queue: () => runtime.queues.queue('slices'),
    onError: (group, error) =>
      runtime.log.error({ device: group, error: String(error) }, 'slices could not be processed'),
  });
  const turns = async (
    signal?: AbortSignal,
    functionVersion = '$LATEST',
  ): Promise<readonly TurnReport[]> => {
    const [reports] = await Promise.all([
      waiting.turns(devices, { functionVersion, signal }),
      remembered.preparation.run(devices),
      remembered.release.note(),
    ]);
    return reports;
  };
  const scheduled = async (context: FunctionContext): Promise<void> =>
    failIfAny(await inTime(runtime, context, (signal) => turns(signal, context.functionVersion)));
  // The event of a schedule has no records.
  const either: Handler = async (event, context) => {
    if (!('Records' in event)) return scheduled(context);
    const retried = await handle(event, context);
    await remembered.release.note();
    return retried;
  };
  return Object.assign(either, {
    turns: (signal?: AbortSignal) => turns(signal),
    close: async () => {
      await remembered.views.close();
      await Promise.all([devices, recorder, store, suspects].map((each) => each.close()));
    },
  });
}

/** The invocation fails, so that a failure is visible; the other devices were processed. */
function failIfAny(reports: readonly TurnReport[]): void {
  const failed = reports.flatMap(({ device, error }) =>
    error === undefined ? [] : [`${device}: ${error}`],
  );
  if (failed.length > 0)
    throw new Error(`waiting changes could not be checked: ${failed.join('; ')}`);
}

/** Stops cleanly at three quarters of the function's time; the next run continues. */
async function inTime<T>(
  { clock }: Runtime,
  context: FunctionContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const over = new AbortController();
  void clock
    .sleep((context.getRemainingTimeInMillis() * 3) / 4, over.signal)
    .then(() => late.abort());
  try {
    return await work(late.signal);
  } finally {
    over.abort();
  }
}

/** The Lambda entry point. */
export const handler = lambdaEntry((runtime) => create(runtime));

/** Resolves with the records to retry. */
async function handleDevice(
  scope: Scope,
  group: string,
  messages: readonly QueueMessage[],
): Promise<readonly QueueMessage[]> {
  const config = scope.runtime.config.devices.find((d) => d.name === group);
  const arrivals: Arrival[] = [];
  for (const message of messages) {
    const arrival = readArrival(message);
    if ('refused' in arrival) await parkMessage(scope, message, arrival.refused);
    else if (!config)
      await parkMessage(scope, message, {
        code: 'GW106',
        reason: `devices: ${group} is not in sluice.yaml; add it, or remove it from ingresses[].devices`,
        subject: arrival.meta.subject,
      });
    else arrivals.push(arrival);
  }
  if (!config || arrivals.length === 0) return [];
  for (const { message, meta } of arrivals)
    if (meta.waited && scope.attempts.of(message.id).length === 0)
      scope.attempts.add(message.id, ...meta.waited.attempts);
  await scope.preparation.idle(config.name);
  return unlessLost(scope, config.name, arrivals, async (prove) => {
    const away = await scope.waiting.away(config.name);
    await prove();
    if (away) return moveToWaiting(scope, arrivals, away);
    const stages = stagesOf(arrivals);
    for (const [i, stage] of stages.entries()) {
      const end = await applyStage({ ...scope, prove }, config, stage);
      // In order: later messages wait as well.
      const later = stages.slice(i + 1).flatMap(arrivalsOf);
      if ('error' in end) {
        await prove();
        return postpone(scope, config.name, [...arrivalsOf(stage), ...later], end.error);
      }
      scope.waiting.reached(config.name);
      if (end.left.length > 0) return release(scope, config.name, [...end.left, ...later]);
    }
    return [];
  });
}

/**
 * If another process may have the messages, nothing more is written or told about them: they come
 * again, here or there.
 */
async function unlessLost(
  { runtime, context }: Scope,
  device: string,
  arrivals: readonly Arrival[],
  work: (prove: () => Promise<void>) => Promise<readonly QueueMessage[]>,
): Promise<readonly QueueMessage[]> {
  const messages = arrivals.map(({ message }) => message);
  try {
    return await work(() => proveLease(context, messages));
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error;
    runtime.log.warn({ device, messages: messages.length, error: error.message }, 'dropped');
    return messages;
  }
}

/**
 * Fences that may wait are not declared, if the failure store keeps when their clusters were heard.
 * If it fails, their partitions are planned again: nothing was declared there yet.
 */
async function applyWithFences(
  { heard, fences }: Scope,
  device: string,
  job: GroupJob,
): Promise<readonly PartitionResult[]> {
  const first = await applyGroup(heard.isUsable() ? { ...job, deferred: fences.of(device) } : job);
  const waiting = clustersWaiting(first);
  const isKept = await heard.note(device, waiting);
  const { readings: _used, ...unread } = job;
  const again = isKept ? [] : await applyGroup(unread);
  const results = first.map((result) =>
    result.deferred === undefined
      ? result
      : (again.find(({ partition }) => partition === result.partition) ?? result),
  );
  fences.note(device, results);
  return results;
}

/** Whether a cluster is to be drained because it is silent, unless it was heard since. */
function drainsSilent({ orders }: Stage): boolean {
  return orders.some(({ data }) => data.action === 'drain' && data.silent !== undefined);
}

/** How a stage ended: `left` is for a later run; `error`: a required service is unavailable. */
type StageEnd = { readonly left: readonly Arrival[] } | { readonly error: unknown };

/** Any error that is not in the result is caused by a message of the stage. */
async function applyStage(
  scope: Scope & { readonly prove: () => Promise<void> },
  config: DeviceConfig,
  stage: Stage,
): Promise<StageEnd> {
  const { runtime, context, prove } = scope;
  // Stops cleanly at three quarters of the function's time; the remaining messages are redelivered.
  const leave = context.getRemainingTimeInMillis() / 4;
  const hasTime = (): boolean => context.getRemainingTimeInMillis() >= leave;
  try {
    const device = await scope.devices.get(config);
    const messages = arrivalsOf(stage).map(({ message }) => message);
    const work: StageWork = { scope, config, device, stage, hasTime };
    await refuseWhileHeld(device, messages, scope.attempts, async () =>
      noteHeldPaths(work, await startStagePaths(work)),
    );
    const repair = await startRepair(
      { runtime, device, memory: scope.repairs, preparation: scope.preparation, prove },
      stage.audits.map(({ data }) => data),
    );
    const heard = drainsSilent(stage) ? await scope.heard.of(config.name) : undefined;
    const paths = await startStagePaths(work);
    await noteHeldPaths(work, paths);
    const job = stageJob(work, paths, { again: repair.again, ...(heard && { heard }) });
    const declared = await applyWithFences(scope, config.name, job);
    const seenAt = runtime.clock.now();
    await repair.settle();
    const results = await paths.settle(declared);
    await noteLeftPaths(work, results);
    await askForFreed(work, paths);
    const { done, left } = endedEarly(stage, results);
    await reportStage(scope, done, results, paths);
    scope.sizes.note(device, results);
    await scope.views.note(viewsOf(config.name, results, seenAt));
    return { left };
  } catch (error) {
    // The trusted CA may be corrected in the meantime; it is read again with the next connection.
    if (error instanceof DeviceError && error.code === 'BIP402')
      await scope.devices.forget?.(config);
    if (!isOutage(error) || error instanceof LeaseLost) throw error;
    return { error };
  }
}
