/**
 * Sends events that cannot succeed without a change to the dead letters with their reason, for
 * inspection and replay.
 */
import { callInWords } from '../../shared/device/errors.ts';
import { isDeviceFault } from '../../shared/domain/codes/index.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import { changeId } from '../../shared/domain/plan/plan.ts';
import type { ForgetOrder } from '../../shared/domain/steering/steering.ts';
import { sendDeadLetter } from '../../shared/queue/dead-letter.ts';
import type { Attempt, DeadLetterInput, PlanLine } from '../../shared/queue/dead-letter.ts';
import type { QueueMessage } from '../../shared/queue/port.ts';
import { traceFields } from '../../shared/queue/trace.ts';
import type { OutageReason } from '../../shared/failures/waiting/away.ts';
import type { Arrival, Arrived } from './arrivals.ts';
import type { PartitionResult } from './job.ts';
import type { WaitingMembers } from './paths/waiting.ts';
import type { Scope } from './scope.ts';

/** Dead-letters a message that cannot be used at all. */
export async function parkMessage(
  { runtime, context, attempts }: Scope,
  message: QueueMessage,
  refusal: { readonly code: string; readonly reason: string; readonly subject?: string },
): Promise<void> {
  const { code, reason, subject } = refusal;
  runtime.log.error({ message: message.id, code, reason, subject }, 'dead letter');
  await sendDeadLetter(runtime.queues, {
    code,
    reason,
    queue: 'slices',
    message,
    functionVersion: context.functionVersion,
    now: runtime.clock.now(),
    owner: subject,
    device: message.group,
  });
  attempts.forget(message.id);
}

type Said = Pick<
  DeadLetterInput,
  'code' | 'reason' | 'partition' | 'exposure' | 'response' | 'plan'
> & { readonly attempts: readonly Attempt[] };

/**
 * Dead-letters the parts of a slice that the device refuses, or that are in unusable partitions;
 * the rest continued.
 */
export async function parkRejected(
  scope: Scope,
  arrival: Arrived<Slice>,
  results: readonly PartitionResult[],
): Promise<void> {
  const { message, data: slice } = arrival;
  const said = [
    ...unusablePartitions(slice, results),
    ...results.flatMap((result) => refusedChanges(result, slice, message)),
  ];
  await parkSaid(scope, arrival, said);
}

/** Dead-letters a slice of which members wait for a path that the device refused just now. */
export async function parkWaiting(
  scope: Scope,
  arrival: Arrived<Slice>,
  waiting: readonly WaitingMembers[],
): Promise<void> {
  const said = waiting
    .filter(({ isNews }) => isNews || mayBeUntold(arrival.message))
    .filter(({ code }) => code !== 'BIP478')
    .map(({ code, reason }) => ({ code, reason, attempts: [] }));
  await parkSaid(scope, arrival, said);
}

/**
 * Logs each new refusal and sends it as a dead letter with the event that caused it, with all
 * earlier tries of that message.
 */
async function parkSaid(
  { runtime, context, attempts }: Scope,
  { message, meta, data: { owner, device, version } }: Arrived<Slice>,
  said: readonly Said[],
): Promise<void> {
  const now = runtime.clock.now();
  for (const one of said) {
    const tries = [...attempts.of(message.id), ...one.attempts];
    runtime.log.error(
      {
        owner,
        device,
        partition: one.partition,
        exposure: one.exposure,
        code: one.code,
        reason: one.reason,
        ...traceFields(meta),
      },
      'dead letter',
    );
    await sendDeadLetter(runtime.queues, {
      ...one,
      queue: 'slices',
      message,
      functionVersion: context.functionVersion,
      now,
      owner,
      device,
      revision: version,
      attempts: tries.length === 0 ? undefined : tries,
      traceparent: meta.traceparent,
    });
  }
}

/**
 * Reports changes that an internal fault keeps out. They are not dead letters, because they are
 * retried; each failed try is logged.
 */
export function logLeftOut(
  { runtime }: Scope,
  { data: { owner, device } }: Arrived<Slice>,
  results: readonly PartitionResult[],
): void {
  for (const { partition, entries, rejections } of results) {
    for (const entry of entries.values()) {
      const error = rejections.get(changeId(entry))?.error;
      if (
        entry.owner !== owner ||
        entry.kind !== 'rejected' ||
        error === undefined ||
        !isDeviceFault(entry.code)
      )
        continue;
      runtime.log.error(
        {
          owner,
          device,
          partition,
          exposure: entry.key,
          code: entry.code,
          ...(error.inner && { call: callInWords(error.inner) }),
          reason: entry.reason,
        },
        'left out: the device fails with this change',
      );
    }
  }
}

/**
 * Handles ordered removals that the device refuses; they stay declared until the order is given
 * again. If only an internal fault prevents the removal, the order waits in the store and is
 * retried. Rejects if the store does not accept it.
 */
export async function parkForgotten(
  scope: Scope,
  arrival: Arrived<ForgetOrder>,
  results: readonly PartitionResult[],
): Promise<void> {
  const { message, data } = arrival;
  const owners = Object.keys(data.upTo);
  const refused = results.flatMap(({ partition, entries }) =>
    [...entries.values()]
      .filter((entry) => entry.kind === 'rejected' && owners.includes(entry.owner))
      .map((entry) => ({ partition, entry })),
  );
  const [first] = refused;
  if (!first) return;
  if (refused.every(({ entry }) => isDeviceFault(entry.code))) {
    const { code, reason } = first.entry;
    await letOrderWait(scope, { ...arrival, kind: 'order' }, { code, reason });
    return;
  }
  const more = refused.length === 1 ? '' : `, and ${refused.length - 1} more`;
  const reason =
    `${first.entry.key} of ${first.entry.owner} in partition ${first.partition} cannot be ` +
    `removed: ${first.entry.reason}${more}; correct the cause, then give the order again`;
  await parkMessage(scope, message, { code: first.entry.code, reason, subject: data.cluster });
}

/** Moves an order into the waiting place, with the reason. */
async function letOrderWait(
  { runtime, attempts, waiting }: Scope,
  arrival: Extract<Arrival, { kind: 'order' }>,
  { code, reason }: OutageReason,
): Promise<void> {
  const { message, data } = arrival;
  const { device } = data;
  attempts.add(message.id, { at: new Date(runtime.clock.now()).toISOString(), code, reason });
  await waiting.keep(device, arrival, attempts.of(message.id));
  attempts.forget(message.id);
  runtime.log.warn(
    { device, action: data.action, code, reason },
    'the order waits in the failure store until the device carries it out',
  );
}

/** One dead letter per partition, regardless of the number of exposures. */
function unusablePartitions(
  { exposures, device }: Slice,
  results: readonly PartitionResult[],
): readonly Said[] {
  return [...new Set(exposures.map((e) => e.partition))].flatMap((partition): readonly Said[] => {
    const result = results.find((r) => r.partition === partition);
    const refused = result
      ? result.refused
      : {
          code: 'OWN303',
          reason:
            `partition ${partition} is not in devices[].partitions of ${device}; ` +
            'add it, or request another partition',
        };
    return refused ? [{ code: refused.code, reason: refused.reason, partition, attempts: [] }] : [];
  });
}

/**
 * Reports each refusal once, but not if a slice only repeats a quarantined change, or if it is
 * retried without a request.
 */
function refusedChanges(
  result: PartitionResult,
  { owner }: Slice,
  message: QueueMessage,
): readonly Said[] {
  return [...result.entries.values()]
    .filter(
      (entry) => entry.owner === owner && entry.kind === 'rejected' && !isDeviceFault(entry.code),
    )
    .flatMap((entry): readonly Said[] => {
      const rejection = result.rejections.get(changeId(entry));
      if (rejection?.news !== true && !mayBeUntold(message)) return [];
      const reason = `${entry.key} of ${entry.gateways.join(', ')} in partition ${result.partition}: ${entry.reason}`;
      return [
        {
          code: entry.code,
          reason,
          partition: result.partition,
          exposure: entry.key,
          response: rejection?.error.response ?? entry.reason,
          plan: planOf(result, owner),
          attempts: rejection?.attempts ?? [],
        },
      ];
    });
}

/** The other planned changes of the owner and their results. */
function planOf({ entries }: PartitionResult, owner: string): readonly PlanLine[] {
  const own = [...entries.values()].filter(
    (entry) => entry.owner === owner && entry.kind !== 'unchanged',
  );
  return own.map(({ key, kind, code, reason }) => ({ owner, key, kind, code, reason }));
}

/**
 * The process that received the refusal may have died between storing and reporting it; reporting
 * it twice is better than never.
 */
function mayBeUntold({ receiveCount }: QueueMessage): boolean {
  return receiveCount > 1;
}
