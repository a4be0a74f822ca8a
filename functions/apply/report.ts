/** Reports the results of a stage to the clusters, the dead letters and the log. */
import type { Note, Settled, Slice } from '../../shared/domain/exposure/exposure.ts';
import { parseOwner } from '../../shared/domain/snapshot/snapshot.ts';
import { formatRevision } from '../../shared/domain/revision.ts';
import { findSilent, silenceNotes, silencePolicies } from '../../shared/domain/steering/silence.ts';
import type { SilentCluster } from '../../shared/domain/steering/silence.ts';
import type { DeclaredState } from '../../shared/domain/declared/declared.ts';
import type { Approval, Steering } from '../../shared/domain/steering/steering.ts';
import { isOrderInEffect } from '../../shared/domain/plan/apply-orders.ts';
import { absentSlices, overtakenAbsences } from '../../shared/domain/plan/remove-absent.ts';
import type { Absence } from '../../shared/domain/snapshot/absence.ts';
import type { Delivery } from '../../shared/failures/history.ts';
import { publishEvent } from '../../shared/queue/publish.ts';
import type { EventMeta } from '../../shared/queue/envelope-types.ts';
import { INGRESS_SETTLED } from '../../shared/queue/events.ts';
import { traceFields } from '../../shared/queue/trace.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import type { Arrived, Stage } from './arrivals.ts';
import { newestFirst } from './arrivals.ts';
import { askWatcher } from './ask-watcher.ts';
import type { PartitionResult } from './job.ts';
import { logLeftOut, parkForgotten, parkMessage, parkRejected, parkWaiting } from './park.ts';
import type { PathRun } from './paths/paths.ts';
import { settledOf } from './results.ts';
import type { Scope } from './scope.ts';

/**
 * Sends results and dead letters of a stage. Rejects if a queue is unavailable; repeating it is
 * harmless, because ids are derived.
 */
export async function reportStage(
  scope: Scope,
  stage: Stage,
  results: readonly PartitionResult[],
  paths?: Pick<PathRun, 'waiting' | 'notesOn'>,
): Promise<void> {
  const { log } = scope.runtime;
  const { newest, overtaken } = newestFirst(stage.slices);
  for (const order of stage.orders) await reportOrder(scope, order, results);
  await askForRetries(scope.runtime, stage, results);
  for (const absence of stage.absences) await reportAbsence(scope, absence, results);
  tellDeclared(log, stage);
  const states = results.map(({ declared }) => declared);
  const silent = newest.length === 0 ? [] : await silentBeside(scope, newest, states);
  for (const arrival of newest) {
    const { owner } = arrival.data;
    const notes = [...silenceNotes(owner, states, silent), ...(paths?.notesOn(owner) ?? [])];
    await reportSlice(scope, arrival, results, notes);
    await parkWaiting(scope, arrival, paths?.waiting.get(owner) ?? []);
  }
  for (const { data } of newest) await endWaits(scope, data);
  for (const { message, meta, data } of overtaken)
    log.info(
      {
        owner: data.owner,
        device: data.device,
        revision: formatRevision(data.version),
        attempt: message.receiveCount,
        superseded: data.exposures.length,
        ...traceFields(meta),
      },
      'superseded by a newer slice',
    );
}

/** Paths that are restored or taken over have a line each. */
function tellDeclared(log: Runtime['log'], { audits }: Stage): void {
  for (const { data } of audits) {
    const { device, partitions, reason } = data;
    if (partitions.length > 0) log.info({ device, partitions, reason }, 'declared again');
  }
}

/** Silent clusters of the device, whose members the others may share. */
async function silentBeside(
  { runtime, heard }: Scope,
  [first]: readonly Arrived<Slice>[],
  states: readonly DeclaredState[],
): Promise<readonly SilentCluster[]> {
  const { config, clock } = runtime;
  const device = first?.data.device ?? '';
  return findSilent(states, silencePolicies(config.clusters), clock.now(), () => heard.of(device));
}

/** Sends the result of one slice, and deletes or retries its message. */
async function reportSlice(
  scope: Scope,
  arrival: Arrived<Slice>,
  results: readonly PartitionResult[],
  more: readonly Note[] = [],
): Promise<void> {
  const { message, meta, data } = arrival;
  const result = settledOf(data, results);
  const settled = { ...result, notes: [...result.notes, ...more] };
  // A device that does not expose the ingress reports nothing, unless exposures are left there.
  if (settled.exposures.length === 0 && !data.devices.includes(data.device)) return;
  await sendSettled(scope.runtime, meta, settled);
  scope.drained.note(settled);
  await parkRejected(scope, arrival, results);
  logLeftOut(scope, arrival, results);
  scope.attempts.forget(message.id);
  await scope.recorder.note(settled, deliveryOf(arrival));
  const outcomes = Object.fromEntries(
    [...Map.groupBy(settled.exposures, (e) => e.outcome)].map(([outcome, list]) => [
      outcome,
      list.length,
    ]),
  );
  scope.runtime.log.info(
    {
      owner: settled.owner,
      device: settled.device,
      revision: formatRevision(settled.version),
      attempt: message.receiveCount,
      ...outcomes,
      ...traceFields(meta),
    },
    'settled',
  );
}

/** A member whose removal waits must be gone when another owner uses its address. */
async function endWaits({ runtime, drained }: Scope, slice: Slice): Promise<void> {
  for (const owner of drained.claimedBy(slice))
    await askWatcher(runtime, owner, {
      cluster: parseOwner(owner).cluster,
      device: slice.device,
      partition: [...new Set(slice.exposures.map(({ partition }) => partition))].join(', '),
      code: 'OK',
      reason: `${slice.owner} uses the address of a member that ${owner} is about to remove`,
    });
}

/** Reports ingresses that were deleted while no watcher ran, like any other result. */
async function reportAbsence(
  scope: Scope,
  { message, meta, data }: Arrived<Absence>,
  results: readonly PartitionResult[],
): Promise<void> {
  for (const slice of absentSlices(
    data,
    results.map(({ declared }) => declared),
  )) {
    scope.runtime.log.warn(
      { owner: slice.owner, device: data.device, revision: formatRevision(data.version) },
      'the ingress is gone',
    );
    await reportSlice(scope, { message, meta, data: slice }, results);
  }
  for (const slice of overtakenAbsences(
    data,
    results.map(({ declared }) => declared),
  ))
    await sendSettled(scope.runtime, meta, settledOf(slice, results));
}

/** Sends the result of an order, and deletes its message. */
async function reportOrder(
  scope: Scope,
  arrival: Arrived<Steering>,
  results: readonly PartitionResult[],
): Promise<void> {
  const { message, meta, data } = arrival;
  if (data.action === 'approve') return reportApproval(scope, { message, meta, data }, results);
  if (data.action === 'retry') {
    const { owner, device: at, keys } = data;
    return scope.runtime.log.info({ owner, device: at, keys }, 'quarantine lifted by order');
  }
  const { action, device, cluster } = data;
  const taken = results
    .filter(({ declared }) => isOrderInEffect(declared, data))
    .map(({ partition }) => partition);
  scope.runtime.log.info(
    { device, cluster, action, partitions: taken },
    taken.length > 0
      ? 'steered'
      : 'order changed nothing: a newer event of the cluster or a newer order was already applied',
  );
  if (action === 'adopt' && taken.length > 0)
    await askWatcher(scope.runtime, device, {
      cluster,
      device,
      partition: taken.join(', '),
      code: 'OWN302',
      reason: `the cluster with kube-system UID ${data.clusterUid} was adopted`,
    });
  if (action === 'forget') await parkForgotten(scope, { message, meta, data }, results);
}

/** Delivery data of a slice for the history. */
export function deliveryOf({ message, meta }: Arrived<Slice>): Delivery {
  return {
    hops: meta.hops ?? [],
    attempt: message.receiveCount,
    deduplicationId: message.deduplicationId,
  };
}

/**
 * Only a new slice contains what is to be tried. Asks the watcher of each owner for its ingress
 * alone: the subject of the event is the owner.
 */
async function askForRetries(
  runtime: Runtime,
  { orders }: Stage,
  results: readonly PartitionResult[],
): Promise<void> {
  const retries = orders.flatMap(({ data }) =>
    data.action === 'retry' || (data.action === 'approve' && data.shareNodes) ? [data] : [],
  );
  const partition = results.map((result) => result.partition).join(', ');
  for (const [owner, [first]] of Map.groupBy(retries, (retry) => retry.owner))
    if (first)
      await askWatcher(runtime, owner, {
        cluster: parseOwner(owner).cluster,
        device: first.device,
        partition,
        code: 'OK',
        reason:
          first.action === 'retry'
            ? `a retry of ${owner} was ordered`
            : `a move of nodes that ${owner} waits for was approved`,
      });
}

/**
 * An approval without effect is reported as failed, unless it was redelivered and may have been
 * effective before.
 */
async function reportApproval(
  scope: Scope,
  { message, data }: Arrived<Approval>,
  results: readonly PartitionResult[],
): Promise<void> {
  const { owner, keys = [], device, shareNodes } = data;
  const met = results.flatMap((result) =>
    result.approved.filter(
      (one) => one.owner === owner && (keys.length === 0 || keys.includes(one.key)),
    ),
  );
  scope.runtime.log.info(
    { device, owner, approved: met.map(({ key }) => key), ...(shareNodes && { shareNodes }) },
    shareNodes === undefined ? 'removals approved' : 'move of nodes approved',
  );
  if (met.length > 0 || message.receiveCount > 1) return;
  await parkMessage(scope, message, {
    code: 'OWN311',
    reason:
      `device ${device} ${inVain(data)}, ` +
      'or a newer snapshot of its owner arrived after the approval; ' +
      `the Events and status of its gateways name ${
        shareNodes === undefined ? 'the held removals' : 'what is held'
      }`,
    subject: owner,
  });
}

/** The reason why an approval changed nothing. */
function inVain({ owner, keys = [], shareNodes }: Approval): string {
  if (shareNodes !== undefined)
    return (
      `holds nothing of ${keys.join(', ')} for ${owner} ` +
      `that a move of the nodes of ${shareNodes.join(', ')} alone would release`
    );
  return keys.length === 0
    ? `holds no removals of ${owner}`
    : `holds no removal of ${keys.join(', ')} for ${owner}`;
}

/** Sends a result to the settled queue of the owner's cluster. */
export async function sendSettled(
  runtime: Runtime,
  cause: EventMeta,
  settled: Settled,
): Promise<void> {
  const { cluster, ingress } = parseOwner(settled.owner);
  await publishEvent(runtime, {
    queue: `settled-${cluster}`,
    group: `${ingress.namespace}/${ingress.service}`,
    type: INGRESS_SETTLED,
    data: settled,
    cluster,
    subject: settled.owner,
    cause,
    hop: 'apply',
  });
}
