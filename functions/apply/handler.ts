/** apply: takes slices, programs BIG-IP, sends what became of them. The only place that maps outcomes to the queue. */
import { DeviceError } from '../../shared/bigip/errors.ts';
import { sharedFleet } from '../../shared/config/fleets.ts';
import type { DeviceConfig } from '../../shared/config/schema.ts';
import type { Settled, Slice } from '../../shared/domain/exposure/exposure.ts';
import { parseOwner } from '../../shared/domain/ingress/snapshot.ts';
import { handleGroups } from '../../shared/queue/batch.ts';
import { open, seal } from '../../shared/queue/envelope.ts';
import type { EventMeta } from '../../shared/queue/envelope.ts';
import type { FunctionContext, Handler } from '../../shared/queue/handler.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import { INGRESS_SETTLED, SLICE_EVENTS } from '../../shared/queue/events.ts';
import { lambdaEntry } from '../../shared/runtime/lambda.ts';
import type { Runtime } from '../../shared/runtime/runtime.ts';
import { backoff } from './backoff.ts';
import { createDevices } from './devices.ts';
import type { Devices } from './devices.ts';
import { applyGroup } from './group.ts';
import { parkMessage, parkRejected } from './park.ts';
import { settledAsRetry, settledOf } from './results.ts';

interface Arrival {
  readonly message: QueueMessage;
  readonly meta: EventMeta;
  readonly slice: Slice;
}

export function create(runtime: Runtime): Handler & { close(): Promise<void> } {
  const devices = createDevices(runtime);
  const handle = handleGroups(
    (group, messages, context) => handleDevice({ runtime, devices, context }, group, messages),
    (group, error) => runtime.log.error({ device: group, error: String(error) }, 'slices go back to the queue'),
  );
  return Object.assign(handle, { close: () => devices.close() });
}

export const handler = lambdaEntry(create);

interface Scope {
  readonly runtime: Runtime;
  readonly devices: Devices;
  readonly context: FunctionContext;
}

async function handleDevice(scope: Scope, group: string, messages: readonly QueueMessage[]): Promise<readonly QueueMessage[]> {
  const { runtime } = scope;
  const config = runtime.config.devices.find((d) => d.name === group);
  const arrivals: Arrival[] = [];
  for (const message of messages) {
    const opened = open(message.body, SLICE_EVENTS);
    if ('refused' in opened) await parkMessage(scope, message, opened.refused);
    else if (!config) await parkMessage(scope, message, { code: 'GW106', reason: `devices: ${group} is not in sluice.yaml; add it or take it out of ingresses[].devices`, subject: opened.ok.subject });
    else arrivals.push({ message, meta: opened.ok, slice: opened.ok.data });
  }
  if (!config || arrivals.length === 0) return [];
  return applyArrivals(scope, config, arrivals);
}

/** Resolves with the records that have to come again: none, or all of them when the device is at fault. */
async function applyArrivals(scope: Scope, config: DeviceConfig, arrivals: readonly Arrival[]): Promise<readonly QueueMessage[]> {
  const { runtime, context } = scope;
  // At three quarters of the time it stops cleanly: what is left comes again.
  const leave = context.getRemainingTimeInMillis() / 4;
  const checkTime = (): void => {
    if (context.getRemainingTimeInMillis() < leave) throw new DeviceError('BIP502', 'transient', `${config.name}: not done within three quarters of the function's time`);
  };
  try {
    const device = await scope.devices.get(config);
    const results = await applyGroup({ device, partitions: config.partitions, slices: arrivals.map((a) => a.slice), sameFleet: sharedFleet(runtime.config), clock: runtime.clock, checkTime });
    for (const arrival of latest(arrivals)) await report(scope, arrival, settledOf(arrival.slice, results));
    return [];
  } catch (error) {
    await postpone(scope, arrivals, error);
    return arrivals.map((a) => a.message);
  }
}

function latest(arrivals: readonly Arrival[]): readonly Arrival[] {
  return [...new Map(arrivals.map((a) => [a.slice.owner, a])).values()];
}

async function report(scope: Scope, arrival: Arrival, settled: Settled): Promise<void> {
  // A device that is not asked to offer the ingress has nothing to tell, unless something is left there.
  if (settled.exposures.length === 0 && !arrival.slice.devices.includes(arrival.slice.device)) return;
  await sendSettled(scope.runtime, arrival.meta, settled);
  await parkRejected(scope, arrival, settled);
  const outcomes = Object.fromEntries([...Map.groupBy(settled.exposures, (e) => e.outcome)].map(([outcome, list]) => [outcome, list.length]));
  scope.runtime.log.info({ owner: settled.owner, device: settled.device, revision: `${settled.version.epoch}.${settled.version.counter}`, attempt: arrival.message.receiveCount, ...outcomes }, 'settled');
}

async function sendSettled(runtime: Runtime, cause: EventMeta, settled: Settled): Promise<void> {
  const time = new Date(runtime.clock.now()).toISOString();
  const { cluster, ingress } = parseOwner(settled.owner);
  const id = runtime.id();
  const body = seal(INGRESS_SETTLED, settled, { id, cluster, subject: settled.owner, time, traceparent: cause.traceparent, hops: [...(cause.hops ?? []), { at: time, where: 'apply' }] });
  await runtime.queues.queue(`settled-${cluster}`).send({ group: `${ingress.namespace}/${ingress.service}`, deduplicationId: id, body });
}

/** The device is at fault, or something unknown is: everything comes again later, and the clusters hear why now and then. */
async function postpone(scope: Scope, arrivals: readonly Arrival[], error: unknown): Promise<void> {
  const { runtime } = scope;
  const known = error instanceof DeviceError ? error : undefined;
  const attempt = Math.max(...arrivals.map((a) => a.message.receiveCount));
  const delay = backoff(known, attempt, runtime.random);
  runtime.log.warn({ device: arrivals[0]?.slice.device, code: known?.code, error: String(error), response: known?.response, attempt, delay, slices: arrivals.length }, 'retry');
  const queue = runtime.queues.queue('slices');
  for (const { message } of arrivals) await queue.changeVisibility(message.receipt, delay).catch(() => undefined);
  // At attempts 1, 2, 4, 8 …: enough to be seen, too few to spam.
  if (known && Number.isInteger(Math.log2(attempt))) {
    for (const arrival of latest(arrivals)) await sendSettled(runtime, arrival.meta, settledAsRetry(arrival.slice, known)).catch(() => undefined);
  }
}
