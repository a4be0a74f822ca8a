/**
 * express: removes members from rotation, or restores them, ahead of their slice. Only the
 * declaration is authoritative, so this may always fail.
 */
import { DeviceError } from '../../shared/device/errors.ts';
import type { DeviceConfig } from '../../shared/config/schema.ts';
import type { NodeAccess } from '../../shared/device/nodes.ts';
import type { PerDevice } from '../../shared/device/per-device.ts';
import { formatRevision } from '../../shared/domain/revision.ts';
import { isOutage } from '../../shared/queue/away.ts';
import { handleGroups } from '../../shared/queue/batch.ts';
import type { FunctionContext, Handler } from '../../shared/queue/handler.ts';
import { giveBack, LeaseLost, proveLease } from '../../shared/queue/lease.ts';
import type { SharedTries } from '../../shared/failures/shared-tries.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import { createSuspects, NOT_RETRIED } from '../../shared/queue/suspects.ts';
import { traceFields } from '../../shared/queue/trace.ts';
import { lambdaEntry } from '../../shared/host/lambda.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { ExpressArrival, Dropped } from './arrivals.ts';
import { sortMessages } from './arrivals.ts';
import { openNodes } from '../../shared/host/nodes.ts';
import { runExpressJob } from './device.ts';
import type { ExpressDone } from './device.ts';

/** What hosts and tests give instead of the default. */
export interface ExpressGiven {
  /** Absent on Lambda, where one call at a time works on a device, and express has no store. */
  readonly tries?: SharedTries;
  /** Apart from those of apply; default: opened here. */
  readonly connections?: PerDevice<NodeAccess>;
}

/** Wires the function. */
export function create(
  runtime: Runtime,
  { tries, connections = openNodes(runtime) }: ExpressGiven = {},
): Handler & { close(): Promise<void> } {
  const handle = handleGroups({
    // A late event is worthless, so nothing is retried twice.
    suspects: createSuspects(NOT_RETRIED, runtime),
    handle: (group, messages, context) =>
      handleDevice({ runtime, connections, context, tries }, group, messages),
    giveUp: async (message, { code, reason }) =>
      tellDropped(runtime, message.group, {
        message,
        code,
        reason: `${reason} Its slice decides.`,
      }),
    queue: () => runtime.queues.queue('express'),
    onError: (group, error) =>
      runtime.log.error(
        { device: group, error: String(error) },
        'express event could not be processed',
      ),
  });
  return Object.assign(handle, { close: () => connections.close() });
}

/** The Lambda entry point. */
export const handler = lambdaEntry((runtime) => create(runtime));

/** What one call of the function works with. */
interface Scope {
  readonly runtime: Runtime;
  readonly connections: PerDevice<NodeAccess>;
  readonly context: FunctionContext;
  readonly tries: SharedTries | undefined;
}

/** Handles the messages of one device; resolves with those to retry. */
async function handleDevice(
  scope: Scope,
  group: string,
  messages: readonly QueueMessage[],
): Promise<readonly QueueMessage[]> {
  const { runtime } = scope;
  const config = runtime.config.devices.find((device) => device.name === group);
  // Several partitions may share their nodes in /Common, where Sluice writes nothing.
  const partition = config?.partitions.length === 1 ? config.partitions[0] : undefined;
  const { arrivals, dropped } = sortMessages(messages, partition, runtime.clock.now());
  for (const each of dropped) tellDropped(runtime, group, each);
  if (config === undefined || partition === undefined || arrivals.length === 0) return [];
  return handleEvents(scope, { config, partition }, arrivals);
}

/** Writes the nodes of one device; resolves with the messages to try again. */
async function handleEvents(
  scope: Scope,
  { config, partition }: { readonly config: DeviceConfig; readonly partition: string },
  arrivals: readonly ExpressArrival[],
): Promise<readonly QueueMessage[]> {
  const { runtime, connections, context, tries } = scope;
  const messages = arrivals.map(({ message }) => message);
  const pause = (await tries?.pause(config.name)) ?? 0;
  if (pause > 0) return waitForOthers({ runtime, context }, config, arrivals, pause);
  try {
    const access = await connections.get(config);
    const events = arrivals.map(({ event }) => event);
    const prove = (): Promise<void> => proveLease(context, messages);
    const done = await runExpressJob({ access, partition, events, prove });
    await tries?.reached(config.name);
    tellDone(runtime, arrivals, done);
    return [];
  } catch (error) {
    return afterError(scope, config, arrivals, error);
  }
}

/** Resolves with the messages to retry; rejects with an error of ours. */
async function afterError(
  { runtime, connections, context, tries }: Scope,
  config: DeviceConfig,
  arrivals: readonly ExpressArrival[],
  error: unknown,
): Promise<readonly QueueMessage[]> {
  if (error instanceof LeaseLost) {
    for (const { message, event } of arrivals)
      tellDropped(runtime, config.name, { message, owner: event.owner, reason: error.message });
    return arrivals.map(({ message }) => message);
  }
  if (isInVain(error)) await tries?.failed(config.name);
  // The trusted CA may be corrected in the meantime; it is read again with the next connection.
  if (error instanceof DeviceError && error.code === 'BIP402') await connections.forget(config);
  if (!isOutage(error)) throw error;
  return postpone({ runtime, context }, config, arrivals, error);
}

/**
 * Milliseconds; an event expires after a minute, so pauses are short. Full jitter; at least the
 * device's Retry-After.
 */
const PAUSE_MS = { first: 1_000, longest: 15_000 } as const;

/** Whether a request was made, and got no answer about its content. */
function isInVain(error: unknown): boolean {
  return error instanceof DeviceError && error.fault !== 'content' && error.code !== 'BIP508';
}

/** Another process tried the device a moment ago, in vain. Resolves with the messages to retry. */
async function waitForOthers(
  { runtime, context }: Pick<Scope, 'runtime' | 'context'>,
  { name }: DeviceConfig,
  arrivals: readonly ExpressArrival[],
  pause: number,
): Promise<readonly QueueMessage[]> {
  const owners = arrivals.map(({ event }) => event.owner);
  runtime.log.info({ device: name, owners, delay: pause }, 'express waits: the device is away');
  return hideAll({ runtime, context }, arrivals, pause);
}

/** Resolves with the messages. */
async function hideAll(
  { runtime, context }: Pick<Scope, 'runtime' | 'context'>,
  arrivals: readonly ExpressArrival[],
  delay: number,
): Promise<readonly QueueMessage[]> {
  const queue = runtime.queues.queue('express');
  for (const { message } of arrivals)
    await giveBack(queue, context, message, delay).catch(() => undefined);
  return arrivals.map(({ message }) => message);
}

/**
 * Events that cannot succeed soon are left to the slice; the others are retried until they expire.
 */
async function postpone(
  { runtime, context }: Pick<Scope, 'runtime' | 'context'>,
  config: DeviceConfig,
  arrivals: readonly ExpressArrival[],
  error: unknown,
): Promise<readonly QueueMessage[]> {
  const known = error instanceof DeviceError ? error : undefined;
  const attempt = Math.max(...arrivals.map(({ message }) => message.receiveCount));
  const hopeless = known !== undefined && (known.fault === 'content' || known.fault === 'device');
  const ceiling = Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** Math.min(attempt - 1, 10));
  const delay = Math.max(known?.after ?? 0, Math.round(runtime.random() * ceiling));
  const fields = {
    device: config.name,
    code: known?.code,
    error: String(error),
    response: known?.response,
    attempt,
    owners: arrivals.map(({ event }) => event.owner),
  };
  if (hopeless) {
    runtime.log.warn(fields, 'express event dropped; the slice decides');
    return [];
  }
  runtime.log.warn({ ...fields, delay }, 'retrying express event');
  return hideAll({ runtime, context }, arrivals, delay);
}

/** Logs an event that is not applied, with the reason. */
function tellDropped(
  { log }: Runtime,
  device: string,
  { message, owner, code, reason }: Dropped,
): void {
  const fields = { device, message: message.id, owner, reason };
  // An event of an unknown sender is logged as a warning; a late event is normal after an outage.
  if (code === undefined) log.info(fields, 'express dropped');
  else log.error({ ...fields, code }, 'express dropped');
}

/** Logs what was changed for each event, and how old the event was. */
function tellDone(
  { log, clock }: Runtime,
  arrivals: readonly ExpressArrival[],
  { decisions, corrected }: ExpressDone,
): void {
  for (const { event, age, ...arrival } of arrivals) {
    const own = decisions.filter(({ change }) => event.wishes.includes(change));
    const written = own
      .filter(({ verdict }) => verdict === 'write')
      .map(({ change }) => `${change.address} ${change.availability} (${change.because})`);
    const others = own
      .filter(({ verdict }) => verdict !== 'write')
      .map(({ change, verdict, reason }) => `${change.address} ${verdict}: ${reason}`);
    const fields = {
      owner: event.owner,
      device: event.device,
      revision: formatRevision(event.version),
      age,
      written,
      others,
      corrected,
      ...traceFields(arrival),
    };
    log.info({ ...fields, at: clock.now() }, 'express');
  }
}
