/** apply: takes slices and orders, programs BIG-IP, sends what became of them. The only place that maps outcomes to the queue. */
import { createDevices } from '../../shared/bigip/devices.ts';
import type { Devices } from '../../shared/bigip/devices.ts';
import { DeviceError } from '../../shared/bigip/errors.ts';
import { fleetsByCluster, sharedFleet } from '../../shared/config/fleets.ts';
import type { DeviceConfig } from '../../shared/config/schema.ts';
import { handleGroups } from '../../shared/queue/batch.ts';
import type { Handler } from '../../shared/queue/handler.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import { lambdaEntry } from '../../shared/runtime/lambda.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';
import type { Arrival, Stage } from './arrivals.ts';
import { messagesOf, newestFirst, overridesOf, readArrival, stagesOf } from './arrivals.ts';
import { createAttempts } from './attempts.ts';
import { applyGroup } from './group.ts';
import { createHealing } from './heal.ts';
import type { Healing } from './heal.ts';
import { createPace } from './pace.ts';
import { parkMessage } from './park.ts';
import { postpone } from './postpone.ts';
import { reportStage } from './report.ts';
import type { Scope } from './scope.ts';
import { createSizes } from './sizes.ts';

export function create(runtime: Runtime, devices: Devices = createDevices(runtime), healing: Healing = createHealing(runtime)): Handler & { close(): Promise<void> } {
  const attempts = createAttempts();
  const paces = new Map(runtime.config.devices.map(({ name }) => [name, createPace(runtime.clock)]));
  const sizes = createSizes(runtime);
  const handle = handleGroups(
    (group, messages, context) => handleDevice({ runtime, devices, attempts, paces, healing, sizes, context }, group, messages),
    (group, error) => runtime.log.error({ device: group, error: String(error) }, 'slices go back to the queue'),
  );
  return Object.assign(handle, { close: async () => void (await Promise.all([devices.close(), healing.close()])) });
}

export const handler = lambdaEntry((runtime) => create(runtime));

/** Resolves with the records that have to come again. */
async function handleDevice(scope: Scope, group: string, messages: readonly QueueMessage[]): Promise<readonly QueueMessage[]> {
  const config = scope.runtime.config.devices.find((d) => d.name === group);
  const arrivals: Arrival[] = [];
  for (const message of messages) {
    const arrival = readArrival(message);
    if ('refused' in arrival) await parkMessage(scope, message, arrival.refused);
    else if (!config) await parkMessage(scope, message, { code: 'GW106', reason: `devices: ${group} is not in sluice.yaml; add it or take it out of ingresses[].devices`, subject: arrival.meta.subject });
    else arrivals.push(arrival);
  }
  if (!config) return [];
  const stages = stagesOf(arrivals);
  for (const [i, stage] of stages.entries()) {
    const fault = await applyStage(scope, config, stage);
    if (fault === undefined) continue;
    // In order: what comes after waits as well.
    const waiting = stages.slice(i);
    const again = waiting.flatMap(messagesOf);
    await postpone(scope, config.name, { messages: again, slices: waiting.flatMap((one) => one.slices) }, fault.error);
    return again;
  }
  return [];
}

/** Resolves with what stopped it, when the device is at fault or something unknown is. */
async function applyStage(scope: Scope, config: DeviceConfig, stage: Stage): Promise<{ readonly error: unknown } | undefined> {
  const { runtime, context } = scope;
  // At three quarters of the time it stops cleanly: what is left comes again.
  const leave = context.getRemainingTimeInMillis() / 4;
  const checkTime = (): void => {
    if (context.getRemainingTimeInMillis() < leave) throw new DeviceError('BIP502', 'transient', `${config.name}: not done within three quarters of the function's time`);
  };
  const { newest } = newestFirst(stage.slices);
  try {
    const results = await applyGroup({
      device: await scope.devices.get(config),
      partitions: config.partitions,
      slices: newest.map(({ data }) => data),
      orders: stage.orders.map(({ message, data }) => ({ steering: data, at: message.sentAt })),
      absences: stage.absences.map(({ data }) => data),
      again: new Set(stage.audits.flatMap(({ data }) => data.partitions)),
      overrides: overridesOf(stage),
      adopting: runtime.config.policy.drift === 'adopt',
      firstReceived: new Set(newest.filter(({ message }) => message.receiveCount === 1).map(({ data }) => data.owner)),
      pace: scope.paces.get(config.name) ?? createPace(runtime.clock),
      sameFleet: sharedFleet(runtime.config),
      fleetOf: fleetsByCluster(runtime.config),
      clock: runtime.clock,
      checkTime,
      onTry: (one) => runtime.log.info({ device: config.name, ...one }, 'declare'),
    });
    await reportStage(scope, stage, results);
    scope.sizes.note(config.name, results);
    return undefined;
  } catch (error) {
    // The CA that is trusted may be corrected meanwhile; it is read with the next connection.
    if (error instanceof DeviceError && error.code === 'BIP402') await scope.devices.forget?.(config);
    return { error };
  }
}
