/** What is not normal now: one sentence for each trouble, worst first. Pure. */
import { CODES } from '../../domain/codes/index.ts';
import { formatAge, formatCount } from '../../domain/text/counts.ts';
import type { FailureHead } from '../../failures/port.ts';
import type { ReplayJob } from '../../failures/replay/job.ts';
import type { AuditView } from '../../failures/views.ts';
import { needsAttention, describeStanding } from '../clusters/rows.ts';
import type { ClusterRow } from '../clusters/rows.ts';
import type { QueueRow } from '../status/status.ts';
import { describeWaitingDevice } from '../waiting/waiting.ts';
import type { WaitingDevice } from '../waiting/waiting.ts';

/** What a trouble is about, and where it is shown in full. */
export type TroubleRoom = 'failures' | 'replay' | 'fleet' | 'drift' | 'ports';

/** One trouble. */
export interface Trouble {
  /** Stable as long as the trouble is the same. */
  readonly id: string;
  /** `bad`: something that was asked for is not in effect. `warn`: somebody should look. */
  readonly level: 'bad' | 'warn';
  /** Complete, with its end mark; names the object. */
  readonly sentence: string;
  /** Milliseconds since 1970. */
  readonly since?: number;
  /** See docs/reference/codes.md; absent if no code describes it. */
  readonly code?: string;
  /** What to do. */
  readonly remedy: string;
  readonly room: TroubleRoom;
  /** Words of the filter that selects it in its room. */
  readonly words: readonly string[];
  /** Whether a replay may help after the cause is corrected. */
  readonly replayable: boolean;
}

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
  ];
}

const fixOf = (code: string): string => CODES[code]?.fix ?? 'See docs/reference/codes.md.';

function ofDevice(device: WaitingDevice, now: number): Trouble {
  const { device: name, since, code } = device;
  return {
    id: `away ${name}`,
    level: 'bad',
    sentence: `${describeWaitingDevice(device, now)}. Existing traffic is not affected.`,
    since,
    code,
    remedy: fixOf(code),
    room: 'fleet',
    words: [name],
    replayable: false,
  };
}

/** Milliseconds that a message may wait; each is usually taken within seconds. */
const LONGEST_WAIT_MS = 10 * 60_000;

/** One that does not answer, or whose oldest message is older than {@link LONGEST_WAIT_MS}. */
function ofQueue({ queue, waiting, oldest, problem }: QueueRow, now: number): readonly Trouble[] {
  const rest = { level: 'bad', room: 'fleet', words: [queue], replayable: false } as const;
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

const OPEN: ReadonlySet<string> = new Set(['open', 'quarantined']);

/** One for each code and device, the largest first. */
function ofFailures(heads: readonly FailureHead[]): readonly Trouble[] {
  const open = heads.filter(({ state }) => OPEN.has(state));
  const groups = Map.groupBy(open, ({ code, device }) => `${code} ${device ?? ''}`);
  return [...groups].toSorted(([, a], [, b]) => b.length - a.length).map(ofGroup);
}

/** Speaks for the whole group with the sentence of its newest failure. */
function ofGroup([key, heads]: readonly [string, readonly FailureHead[]]): Trouble {
  const newest = heads.reduce((a, b) => (b.last > a.last ? b : a));
  const { code, device } = newest;
  const states = new Set(heads.map(({ state }) => state));
  return {
    id: `failures ${key}`,
    level: 'bad',
    sentence: `${whatOf(heads)}: ${stopped(newest.sentence)} Existing traffic is not affected.`,
    since: Math.min(...heads.map(({ first }) => first)),
    code,
    remedy: fixOf(code),
    room: 'failures',
    words: [
      `code:${code}`,
      ...(device === undefined ? [] : [`device:${device}`]),
      ...(states.has('quarantined') ? [`state:${[...states].toSorted().join(',')}`] : []),
    ],
    replayable: true,
  };
}

/** `40 ports of 12 gateways are not on bigip-1 as requested`. */
function whatOf(heads: readonly FailureHead[]): string {
  const { device } = heads[0]!;
  const exposures = new Set(heads.flatMap(({ exposure }) => exposure ?? []));
  const gateways = new Set(
    heads.flatMap(({ owner = '', gateways: all }) =>
      all.map((gateway) => `${owner.split('/')[0]} ${gateway}`),
    ),
  );
  const of = gateways.size === 0 ? '' : ` of ${formatCount(gateways.size, 'gateway')}`;
  const isOne = (exposures.size || heads.length) === 1 ? 'is' : 'are';
  if (exposures.size === 0)
    return `${formatCount(heads.length, 'event')}${of} ${heads.length === 1 ? 'was' : 'were'} refused`;
  return `${formatCount(exposures.size, 'port')}${of} ${isOne} not on ${device ?? 'the devices'} as requested`;
}

/** With an end mark: sentences of devices and AS3 have none at times. */
function stopped(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

function ofUnseen({ unseen, waiting }: Known): readonly Trouble[] {
  // A device that is away is told once.
  const away = new Set(waiting.map(({ device }) => device));
  return unseen
    .filter(({ device }) => !away.has(device))
    .map(({ device, partition, code, problem }) => ({
      id: `unseen ${device} ${partition}`,
      level: 'warn',
      sentence: `What is declared in partition ${partition} of ${device} is not known: ${stopped(problem)}`,
      code,
      remedy: fixOf(code),
      room: 'fleet',
      words: [device],
      replayable: false,
    }));
}

/**
 * Findings that are no drift: changes that are kept, recommended sizes, and silence, which the rows
 * of clusters show.
 */
const QUIET: ReadonlySet<string> = new Set(['kept', 'size', 'silent']);

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
  const drifted = findings.filter(({ kind }) => !QUIET.has(kind));
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
