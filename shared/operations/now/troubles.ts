/** What is not normal now: one sentence for each trouble, worst first. Pure. */
import { formatAge, formatCount } from '../../domain/text/counts.ts';
import { describeRollback } from '../../failures/lineage.ts';
import type { Rollback } from '../../failures/lineage.ts';
import type { FailureHead } from '../../failures/port.ts';
import type { ReplayJob } from '../../failures/replay/job.ts';
import type { AuditView } from '../../failures/views.ts';
import { needsAttention, describeStanding } from '../clusters/rows.ts';
import type { ClusterRow } from '../clusters/rows.ts';
import { isDrift } from '../drift/drifted.ts';
import type { QueueRow } from '../status/status.ts';
import type { WaitingDevice } from '../waiting/waiting.ts';
import { NOT_SEEN_YET } from '../devices/seen-partitions.ts';
import { ofFailures } from './failure-troubles.ts';
import { fixOf, stopped } from './trouble.ts';
import type { Trouble } from './trouble.ts';

/** What is known now. */
export interface Known {
  /** Heads of failures in any state; those that need nothing are filtered out here. */
  readonly heads: readonly FailureHead[];
  /** Devices that do not answer, with what waits for them. */
  readonly waiting: readonly WaitingDevice[];
  /** One row for each cluster on each device. */
  readonly clusters: readonly ClusterRow[];
  /** Findings of audits, with the device and the time of each. */
  readonly audits: readonly AuditView[];
  /** With the number and the age of what waits, or why that is not known. */
  readonly queues: readonly QueueRow[];
  /** Replay jobs; only paused ones are troubles. */
  readonly jobs: readonly ReplayJob[];
  /** `device, partition` that were never seen, with the reason. */
  readonly unseen: readonly {
    readonly device: string;
    readonly partition: string;
    readonly code: string;
    readonly problem: string;
  }[];
  /** The failure store continues from an older state. */
  readonly rollback?: Rollback | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Worst first: what is unreachable, then what is not declared, then what should be looked at. */
export function troublesOf(known: Known): readonly Trouble[] {
  return [
    ...known.waiting.map((device) => ofDevice(device, known.now)),
    ...known.queues.flatMap((queue) => ofQueue(queue, known.now)),
    ...ofFailures(known.heads),
    ...ofUnseen(known),
    ...known.audits.flatMap(ofAudit),
    ...ofClusters(known.clusters),
    ...known.jobs.flatMap(ofJob),
    ...ofRollback(known.rollback),
  ];
}

/** A device that does not answer, or is being caught up. Only the first is broken. */
function ofDevice(device: WaitingDevice, now: number): Trouble {
  const { device: name, state, since, code } = device;
  return {
    id: `away ${name}`,
    level: state === 'away' ? 'bad' : 'warn',
    sentence: sentenceOf(device, now),
    since,
    code,
    remedy: state === 'away' ? fixOf(code) : 'Nothing; what waits is sent by itself.',
    room: 'fleet',
    part: 'waiting',
    words: [name],
    replayable: false,
  };
}

/** Without what stands beside it: the code and the time. */
function sentenceOf(
  { device, state, since, reason, ingresses, orders }: WaitingDevice,
  now: number,
): string {
  const waits = [
    ...(ingresses === 0 ? [] : [formatCount(ingresses, 'ingress', 'ingresses')]),
    ...(orders === 0 ? [] : [formatCount(orders, 'order')]),
  ].join(' and ');
  const isOne = ingresses + orders === 1;
  if (state !== 'away')
    return `${device} answers again; ${waits} ${isOne ? 'is' : 'are'} being sent to it.`;
  const why = reason.startsWith(`${device}: `) ? reason.slice(device.length + 2) : reason;
  return (
    `${device} has been unreachable or failing for ${formatAge(since, now)}: ${stopped(why)} ` +
    (waits === ''
      ? 'Nothing waits for it. '
      : `${waits} ${isOne ? 'waits' : 'wait'} until it works again. `) +
    'Existing traffic is not affected.'
  );
}

/** The remedy for what nobody has looked at. */
const LOOK = 'Choose "Look again": it asks the device now, and says what stops it.';

/** Milliseconds that a message may wait; each is usually taken within seconds. */
const LONGEST_WAIT_MS = 10 * 60_000;

/** One that does not answer, or whose oldest message is older than {@link LONGEST_WAIT_MS}. */
function ofQueue({ queue, waiting, oldest, problem }: QueueRow, now: number): readonly Trouble[] {
  const rest = {
    level: 'bad',
    room: 'fleet',
    part: 'devices',
    words: [queue],
    replayable: false,
  } as const;
  if (problem !== undefined) {
    const sentence = `Queue ${queue} does not answer: ${problem}.`;
    return [{ id: `queue ${queue}`, sentence, remedy: fixOf('Q601'), ...rest }];
  }
  if (waiting === 0 || oldest === undefined || now - oldest < LONGEST_WAIT_MS) return [];
  return [
    {
      id: `stuck ${queue}`,
      sentence:
        `${formatCount(waiting, 'message')} ${waiting === 1 ? 'waits' : 'wait'} in queue ` +
        `${queue}, the oldest for ${formatAge(oldest, now)}.`,
      since: oldest,
      remedy: 'Check that the function that takes them runs; its log says what stops it.',
      ...rest,
    },
  ];
}

/** Partitions that were never seen, without those of devices that are reported anyway. */
function ofUnseen({ unseen, waiting }: Known): readonly Trouble[] {
  // A device that is away is told once.
  const away = new Set(waiting.map(({ device }) => device));
  return unseen
    .filter(({ device }) => !away.has(device))
    .map(({ device, partition, code, problem }) => ({
      id: `unseen ${device} ${partition}`,
      level: 'warn',
      sentence: `What is declared in partition ${partition} of ${device} is not known: ${stopped(problem)}`,
      ...(problem === NOT_SEEN_YET ? { remedy: LOOK } : { code, remedy: fixOf(code) }),
      room: 'fleet',
      part: 'devices',
      words: [device],
      replayable: false,
    }));
}

function ofAudit({ device, at, findings, problem }: AuditView): readonly Trouble[] {
  const since = Date.parse(at);
  if (problem !== undefined)
    return [
      {
        id: `audit ${device}`,
        level: 'warn',
        sentence: `${device} could not be audited: ${stopped(problem.reason)}`,
        since,
        code: problem.code,
        remedy: fixOf(problem.code),
        room: 'drift',
        words: [device],
        replayable: false,
      },
    ];
  const drifted = findings.filter(isDrift);
  const [first] = drifted;
  if (first === undefined) return [];
  return [
    {
      id: `drift ${device}`,
      level: 'warn',
      sentence:
        `${formatCount(drifted.length, 'object')} on ${device} ` +
        `${drifted.length === 1 ? 'differs' : 'differ'} from the declaration, ` +
        `for instance ${first.object}: ${stopped(first.message)}`,
      since,
      code: first.code,
      remedy: fixOf(first.code),
      room: 'drift',
      words: [device],
      replayable: false,
    },
  ];
}

/** One sentence for each cluster that needs attention, over all devices. */
function ofClusters(rows: readonly ClusterRow[]): readonly Trouble[] {
  const troubled = [...Map.groupBy(rows.filter(needsAttention), ({ cluster }) => cluster)];
  return troubled.map(([cluster, own]) => ({
    id: `cluster ${cluster}`,
    level: 'warn',
    sentence: `Cluster ${cluster}: ${describeStanding(own)}.`,
    remedy: own.some(({ held, waiting }) => held > 0 || waiting !== undefined)
      ? 'Look at what is held, and approve it if it is wanted.'
      : 'Check the watcher in the cluster; drain the cluster if it does not serve.',
    room: 'fleet',
    words: [cluster],
    replayable: false,
  }));
}

/** Without a loss, nobody has to do anything. */
function ofRollback(rollback: Rollback | undefined): readonly Trouble[] {
  if (rollback === undefined || rollback.waited) return [];
  return [
    {
      id: `rollback ${rollback.until}`,
      level: 'warn',
      sentence: describeRollback(rollback),
      since: rollback.until,
      code: 'RPL717',
      remedy: fixOf('RPL717'),
      room: 'fleet',
      words: [],
      replayable: false,
    },
  ];
}

/** Only a paused job waits for somebody. */
function ofJob({ id, state, reason, code, created }: ReplayJob): readonly Trouble[] {
  if (state !== 'paused') return [];
  return [
    {
      id: `job ${id}`,
      level: 'warn',
      sentence: `Replay job ${id} is paused${reason === undefined ? '' : `: ${stopped(reason)}`}`,
      since: created,
      ...(code === undefined ? {} : { code }),
      remedy: 'Correct the cause, then resume or cancel the job.',
      room: 'replay',
      words: [id],
      replayable: false,
    },
  ];
}
