/** Changes of failures and of replay jobs that need no credentials. */
import { formatCount } from '../../domain/text/counts.ts';
import { shellWords } from '../../domain/text/shell.ts';
import { applyJobAction, controlJob } from '../../failures/replay/control.ts';
import { countResults } from '../../failures/replay/job.ts';
import type { ReplayJob } from '../../failures/replay/job.ts';
import type { OperationContext } from '../context.ts';
import { moveFailures, planFailureMove } from '../failures/failures.ts';
import { countVerdicts, findJob, previewHash } from '../replay/replay.ts';
import { changePreview } from './change.ts';
import type { WantedChange, ChangePreview, JobChangeKind, PlannedChange } from './change.ts';

/** Archives or reopens the failures that match. */
export async function planMoveChange(
  context: OperationContext,
  { kind, words }: Extract<WantedChange, { readonly kind: 'archive' | 'restore' }>,
): Promise<PlannedChange> {
  const move = await planFailureMove(context, kind, words);
  const isArchive = kind === 'archive';
  const count = formatCount(move.found.length, 'failure');
  const preview = changePreview(
    {
      kind,
      what: `${isArchive ? 'Archive' : 'Reopen'} ${count} (${move.selection}).`,
      objects: move.found.map(({ id, code, sentence }) => `${id} ${code}: ${sentence}`),
      counts: { failures: move.found.length },
      effects: [],
      deed: `${isArchive ? 'Archive' : 'Reopen'} ${count}`,
      command: shellWords(['sluice', 'failures', kind, ...words]),
      undo: isArchive ? 'Restore them until their retention ends.' : 'Archive them again.',
    },
    move.found.map(({ id, state }) => [id, state]),
  );
  return {
    preview,
    act: async (author) => {
      const changed = await moveFailures(context, move, author);
      const undone = idWords(changed);
      return {
        says: `${formatCount(changed.length, 'failure')} ${isArchive ? 'archived' : 'reopened'}.`,
        ...(undone && { undo: { kind: isArchive ? 'restore' : 'archive', words: undone } }),
      };
    },
  };
}

/** Ids in one word, and words in one change, within the limits of a request. */
const IDS_PER_WORD = 25;
/** Words of one filter; a selection of single failures has one word for each. */
const MAX_WORDS = 200;

/** Selects exactly these failures; undefined if they are none, or too many for one change. */
function idWords(ids: readonly string[]): readonly string[] | undefined {
  const words = Array.from(
    { length: Math.ceil(ids.length / IDS_PER_WORD) },
    (_, i) => `id:${ids.slice(i * IDS_PER_WORD, (i + 1) * IDS_PER_WORD).join(',')}`,
  );
  return words.length === 0 || words.length > MAX_WORDS ? undefined : words;
}

const DEEDS: Readonly<Record<JobChangeKind, string>> = {
  start: 'Send',
  resume: 'Continue',
  pause: 'Pause the job',
  cancel: 'Cancel the job',
};

/** The words of the button that starts a job: what is sent first, and of how many. */
function deedOf(kind: JobChangeKind, { canary, units }: ReplayJob, isNothing: boolean): string {
  if (kind !== 'start') return DEEDS[kind];
  if (isNothing) return 'Run it, and send nothing';
  return canary > 0 && canary < units
    ? `Send ${canary} of ${units} first`
    : `Send ${formatCount(units, 'event')}`;
}

/** What is not known may be sent: it is judged again before. */
const SENT = ['would-apply', 'unknown'] as const;
const CLOSED = ['unchanged', 'superseded'] as const;
const OPEN = ['conflict', 'invalid'] as const;

type Verdicts = ReturnType<typeof countVerdicts>;

const sum = (verdicts: Verdicts, keys: readonly (keyof Verdicts)[]): number =>
  keys.reduce((all, key) => all + (verdicts[key] ?? 0), 0);

/** What becomes of failures for which nothing is sent; by force, something may be. */
function effectsOf(kind: JobChangeKind, verdicts: Verdicts, isForced: boolean): readonly string[] {
  if (kind === 'cancel') return ['Events that were sent stay sent.'];
  if (kind === 'pause') return [];
  const [closed, open] = [sum(verdicts, CLOSED), isForced ? 0 : sum(verdicts, OPEN)];
  return [
    ...(closed === 0
      ? []
      : [
          `${formatCount(closed, 'failure')} ${closed === 1 ? 'is' : 'are'} closed without an ` +
            'event: the devices have the same already, or something newer.',
        ]),
    ...(open === 0
      ? []
      : [
          `${formatCount(open, 'failure')} ${open === 1 ? 'stays' : 'stay'} open without an ` +
            'event: it would be refused again.',
        ]),
  ];
}

/** What the action on a job would do. Throws RPL703 if its state does not allow it. */
export async function previewJobChange(
  context: OperationContext,
  { kind, job: id }: { readonly kind: JobChangeKind; readonly job: string },
): Promise<ChangePreview> {
  const { job, items } = await findJob(context, id);
  applyJobAction(job, kind, '');
  const rest = items.filter(({ status }) => status === 'waiting');
  const isSending = kind === 'start' || kind === 'resume';
  const verdicts = countVerdicts(rest);
  const isForced = job.force === true;
  const parts = {
    kind,
    what: `Replay job ${id} (${job.filter}): ${formatCount(rest.length, 'failure')} not sent yet.`,
    objects: rest.map(
      ({ failure, preview }) =>
        `${failure}: ${preview?.verdict ?? 'unknown'}${preview ? `, ${preview.reason}` : ''}`,
    ),
    counts: isSending ? verdicts : countResults(items),
    effects: effectsOf(kind, verdicts, isForced),
    deed: deedOf(kind, job, rest.length > 0 && !isForced && sum(verdicts, SENT) === 0),
    command: shellWords(['sluice', 'replay', kind, id]),
    ...(kind === 'pause' && { undo: 'Resume the job.' }),
  };
  // A run is checked by replay against fresh previews, which have this hash.
  if (isSending) return { ...changePreview(parts, []), hash: previewHash(items) };
  // A job sends on while a person reads; what is left to stop becomes less, and must not prevent it.
  const { hash } = changePreview({ ...parts, objects: [] }, [id, job.state]);
  return { ...changePreview(parts, []), hash };
}

/** Pauses or cancels a job; the process that runs it notices before its next event. */
export async function planJobChange(
  context: OperationContext,
  change: { readonly kind: 'pause' | 'cancel'; readonly job: string },
): Promise<PlannedChange> {
  return {
    preview: await previewJobChange(context, change),
    act: async (author) => {
      const job = await controlJob(context, change.kind, { id: change.job, ...author });
      return {
        says: `Job ${job.id} is ${job.state}.`,
        ...(change.kind === 'pause' && { undo: { kind: 'resume', job: change.job } }),
      };
    },
  };
}
