/** What would be lost with a queue or a failure store. */
import { formatCount } from '../../domain/text/counts.ts';
import type { Runtime } from '../../host/runtime.ts';
import type { QueueName } from '../../queue/port.ts';
import type { OperationContext } from '../context.ts';

/** Results for watchers, which are stopped, are worth nothing. */
const QUEUES: readonly QueueName[] = [
  'snapshots',
  'slices',
  'express',
  'snapshots-dead',
  'slices-dead',
];

/** Undefined if no message waits; otherwise in words. */
export async function waitingMessages({
  queues,
}: Pick<Runtime, 'queues'>): Promise<string | undefined> {
  const found: string[] = [];
  for (const name of QUEUES) {
    const { waiting, inFlight } = await queues.queue(name).depth();
    if (waiting + inFlight > 0)
      found.push(`${formatCount(waiting + inFlight, 'message')} in ${name}`);
  }
  return found.length === 0 ? undefined : `it has ${found.join(', ')}`;
}

/** Undefined if nothing is open or waits for a device; otherwise in words. */
export async function waitingFailures({
  store,
  waiting,
}: Pick<OperationContext, 'store' | 'waiting'>): Promise<string | undefined> {
  const open = (await store.list()).filter(
    ({ state }) => state === 'open' || state === 'quarantined',
  );
  const changes = await waiting.list();
  const found = [
    ...(open.length > 0 ? [formatCount(open.length, 'open failure')] : []),
    ...(changes.length > 0
      ? [`${formatCount(changes.length, 'change')} for devices that do not answer`]
      : []),
  ];
  return found.length === 0 ? undefined : `it has ${found.join(' and ')}`;
}
