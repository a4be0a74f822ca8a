/** Failures and jobs as tables. Pure. */
import type { Failure, FailureHead } from '../../../shared/failures/port.ts';
import type { AuditEntry } from '../../../shared/failures/audit.ts';
import type { JobItems, PolicyStatus } from '../../../shared/operations/replay/replay.ts';
import type { FailureGroups } from '../../../shared/operations/failures/failures.ts';
import { countResults } from '../../../shared/failures/replay/job.ts';
import type { ReplayPolicy } from '../../../shared/config/schema.ts';
import type { PolicyTurn } from '../../../shared/failures/replay/turns.ts';
import type { ReplayItem, ReplayJob } from '../../../shared/failures/replay/job.ts';
import { formatRevision } from '../../../shared/domain/revision.ts';
import { CODES } from '../../../shared/domain/codes/index.ts';
import { visible } from '../../../shared/telemetry/visible.ts';
import { formatAge, formatDuration } from '../../../shared/domain/text/counts.ts';
import { formatTable } from '../terminal/output.ts';

/** One row for each failure, in the given order. `now` is in milliseconds since 1970. */
export function headTable(heads: readonly FailureHead[], now: number): string {
  if (heads.length === 0) return 'No failures.';
  const rows = heads.map((h) => [
    h.id,
    h.state,
    h.code,
    h.owner ?? '-',
    h.device ?? '-',
    h.exposure ?? '-',
    String(h.count),
    formatAge(h.last, now),
    h.sentence,
  ]);
  return formatTable(
    ['ID', 'STATE', 'CODE', 'OWNER', 'DEVICE', 'EXPOSURE', 'SEEN', 'LAST', 'WHAT'],
    rows,
  );
}

/**
 * One row for each group. If failures are grouped by code, a second table explains the codes and
 * their remedies.
 */
export function groupTable({ by: keys, groups }: FailureGroups, now: number): string {
  if (groups.length === 0) return 'No failures.';
  const rows = groups.map((g) => [
    ...g.values,
    String(g.failures),
    String(g.seen),
    formatAge(g.first, now),
    formatAge(g.last, now),
    g.sentence,
  ]);
  const table = formatTable(
    [...keys.map((key) => key.toUpperCase()), 'FAILURES', 'SEEN', 'FIRST', 'LAST', 'NEWEST'],
    rows,
  );
  const codes =
    keys.indexOf('code') < 0
      ? []
      : [...new Set(groups.map((g) => g.values[keys.indexOf('code')] ?? ''))];
  const remedies = codes.flatMap((code) =>
    CODES[code] === undefined ? [] : [[code, CODES[code].title, CODES[code].fix]],
  );
  return remedies.length === 0
    ? table
    : `${table}\n\n${formatTable(['CODE', 'WHAT IT IS', 'WHAT TO DO'], remedies)}`;
}

/** All properties of one failure, with its attempts and the remedy of its code. */
export function failureText({ details, ...head }: Failure, now: number): string {
  const { event, attempts } = details;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Failure', head.id],
    ['State', head.note === undefined ? head.state : `${head.state} (${head.note})`],
    ['Code', `${head.code} (${head.class}); docs/reference/codes.md#${head.code.toLowerCase()}`],
    ['What to do', CODES[head.code]?.fix],
    ['Owner', head.owner],
    ['Gateways', head.gateways.join(', ') || undefined],
    [
      'Device',
      head.device === undefined
        ? undefined
        : [head.device, head.partition].filter(Boolean).join(', partition '),
    ],
    ['Exposure', head.exposure],
    ['Revision', head.revision && formatRevision(head.revision)],
    [
      'Seen',
      `${head.count === 1 ? 'once' : `${head.count} times`}, ` +
        `first ${new Date(head.first).toISOString()}, ` +
        `last ${new Date(head.last).toISOString()} (${formatAge(head.last, now)} ago)`,
    ],
    ['Function', details.functionVersion],
    ['Trace', details.traceparent],
    [
      'Event',
      `${event.id} of queue ${event.queue}, group ${event.group}, ` +
        `received ${event.receiveCount === 1 ? 'once' : `${event.receiveCount} times`}; ` +
        `sender ${event.sender ?? 'unknown'}, ${event.verification}`,
    ],
    ['BIG-IP says', details.response],
  ];
  const facts = rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [`${name}:`, value ?? '']);
  const tries = attempts.map((a) => [a.at, a.code, a.reason]);
  const plan = (details.plan ?? []).map((line) => [line.kind, line.key, line.owner, line.reason]);
  return [
    visible(details.reason),
    facts.map(([name = '', value = '']) => visible(`${name.padEnd(13)}${value}`)).join('\n'),
    tries.length === 0
      ? 'No function recorded an attempt.'
      : formatTable(['TRIED', 'CODE', 'WHAT HAPPENED'], tries),
    ...(plan.length === 0 ? [] : [formatTable(['PLAN', 'EXPOSURE', 'OWNER', 'WHY'], plan)]),
  ].join('\n\n');
}

/** Results of a job by kind, such as `3 applied, 1 superseded`. */
export function formatCounts(items: readonly ReplayItem[]): string {
  return Object.entries(countResults(items))
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
}

/** One row for each job. `now` is in milliseconds since 1970. */
export function jobTable(jobs: readonly ReplayJob[], now: number): string {
  if (jobs.length === 0) return 'No replay jobs.';
  return formatTable(
    ['JOB', 'STATE', 'ITEMS', 'EVENTS', 'BY', 'AGE', 'SELECTION', 'REASON'],
    jobs.map((j) => [
      j.id,
      j.state,
      String(j.items),
      String(j.units),
      j.by,
      formatAge(j.created, now),
      j.filter,
      j.reason ?? '',
    ]),
  );
}

/** One row for each policy. A policy that never ran, or whose time has come, runs `now`. */
export function policyTable(rows: readonly PolicyStatus[], now: number): string {
  if (rows.length === 0)
    return 'No policies: nothing is replayed automatically (failures.replay in sluice.yaml).';
  const next = (turn: PolicyTurn | undefined): string =>
    turn === undefined || turn.due <= now ? 'now' : `in ${formatDuration(turn.due - now)}`;
  const what = ({ codes, classes }: ReplayPolicy): string =>
    [...(codes ?? []), ...(classes ?? [])].join(', ') || 'every failure that a retry may resolve';
  return formatTable(
    ['POLICY', 'WHAT', 'EVERY', 'NEXT', 'MISSES', 'LAST TURN'],
    rows.map(({ policy, turn }) => [
      policy.name,
      what(policy),
      `${policy.everyMinutes}m`,
      next(turn),
      String(turn?.misses ?? 0),
      turn?.says ?? '-',
    ]),
  );
}

/** What would happen to each item if it were sent now. */
export function previewTable(items: readonly ReplayItem[]): string {
  return formatTable(
    ['FAILURE', 'CODE', 'OWNER', 'EXPOSURE', 'NOW', 'WHY'],
    items.map((i) => [
      i.failure,
      i.code,
      i.owner ?? '-',
      i.exposure ?? '-',
      nowWord(i),
      i.preview?.reason ?? '',
    ]),
  );
}

/** Without owner or revision. */
export function describeVerdict(verdict: string): string {
  return { 'would-apply': 'would apply', invalid: 'still invalid' }[verdict] ?? verdict;
}

/** The verdict with the revision or the owner that stands against it. */
function nowWord({ preview }: ReplayItem): string {
  switch (preview?.verdict) {
    case 'superseded':
      return `superseded by revision ${preview.by ?? '?'}`;
    case 'conflict':
      return `conflict with ${preview.by ?? '?'}`;
    default:
      return describeVerdict(preview?.verdict ?? '-');
  }
}

/** One row for each item; an item without a result shows its status. */
export function resultTable(items: readonly ReplayItem[]): string {
  return formatTable(
    ['FAILURE', 'OWNER', 'EXPOSURE', 'RESULT', 'CODE', 'WHY'],
    items.map((i) => [
      i.failure,
      i.owner ?? '-',
      i.exposure ?? '-',
      i.result?.kind ?? i.status,
      i.result?.code ?? '',
      i.result?.reason ?? '',
    ]),
  );
}

/** One line for each entry, oldest first. */
export function auditText(entries: readonly AuditEntry[]): string {
  return (
    entries
      .map((e) =>
        visible(`${e.at}  ${e.who}  ${e.action}  ${e.selection}  (${e.why}): ${e.result}`),
      )
      .join('\n') || 'No changes recorded.'
  );
}

/** The preview of a replay, by item and in total. */
export function previewText(
  items: readonly ReplayItem[],
  verdicts: Readonly<Record<string, number>>,
): string {
  const words = Object.entries(verdicts).map(
    ([verdict, count]) => `${count} ${describeVerdict(verdict)}`,
  );
  return `${previewTable(items)}\n\n${words.join(', ')}`;
}

/** The result of a job, by item and in total. */
export function jobText({ job, items }: JobItems): string {
  const why = job.reason === undefined ? '' : ` (${job.code ?? 'by hand'}: ${job.reason})`;
  return `${resultTable(items)}\n\n${visible(`Job ${job.id} is ${job.state}${why}: ${formatCounts(items)}`)}`;
}
