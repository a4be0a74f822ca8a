/** Turns a filter into a fixed selection, in sending order. */
import { compareRevisions } from '../../domain/revision.ts';
import { ReplayError } from '../error.ts';
import { isImported } from '../evidence.ts';
import { formatFilter, matchesFilter } from '../filter.ts';
import type { FailureFilter } from '../filter.ts';
import type { FailureStore, FailureHead } from '../port.ts';
import type { ReplayItem, ReplayJob, Preview } from './job.ts';
import type { Previewer } from './preview.ts';

/** The request for a job: selection, canary, rate, author and reason. */
export interface JobRequest {
  readonly id: string;
  readonly filter: FailureFilter;
  /** The person or policy, for the audit log. */
  readonly by: string;
  readonly why: string;
  /** Units that must succeed before the others are sent. */
  readonly canary: number;
  /** Events per second. */
  readonly rate: number;
  /** Failures seen later are not selected; milliseconds since 1970. */
  readonly now: number;
  readonly policy?: ForPolicy;
  readonly force?: boolean;
}

/** The policy that plans the job; absent for a person. */
export type ForPolicy = NonNullable<ReplayJob['policy']>;

/**
 * Events of one owner for one queue and device form a unit: the newest is sent and covers the older
 * ones. An imported event never leads others.
 */
function unitKey(head: FailureHead): string {
  return head.owner === undefined || isImported(head)
    ? head.id
    : `${head.owner} ${head.queue} ${head.device ?? ''}`;
}

/**
 * Orders units by their first failure, those that policies tried without success last; within a
 * unit, the newest revision first. Pure.
 */
export function freezeSelection(heads: readonly FailureHead[]): readonly ReplayItem[] {
  const units = [...Map.groupBy(heads, unitKey).values()].sort(
    (a, b) => triesOf(a) - triesOf(b) || earliest(a) - earliest(b),
  );
  return units.flatMap((unit, index) =>
    unit.toSorted(newestFirst).map((head) => itemOf(head, index)),
  );
}

function triesOf(unit: readonly FailureHead[]): number {
  return Math.max(...unit.map((head) => head.replays?.length ?? 0));
}

function earliest(unit: readonly FailureHead[]): number {
  return Math.min(...unit.map((head) => head.first));
}

/**
 * By revision, and failures without one behind, by time: of several for one owner the newest is
 * replayed.
 */
function newestFirst(a: FailureHead, b: FailureHead): number {
  if (a.revision && b.revision)
    return compareRevisions(b.revision, a.revision) || (a.id < b.id ? -1 : 1);
  return a.revision ? -1 : b.revision ? 1 : b.last - a.last;
}

/** The item of a failure, waiting to be sent in its unit. */
function itemOf(head: FailureHead, unit: number): ReplayItem {
  const { id: failure, code, sentence, owner, device, partition, exposure, revision } = head;
  return {
    failure,
    code,
    sentence,
    owner,
    device,
    partition,
    exposure,
    revision,
    unit,
    lifts: head.state === 'quarantined',
    status: 'waiting',
  };
}

/** Throws RPL705 if no failure matches. */
export async function selectItems(
  store: FailureStore,
  filter: FailureFilter,
  cutoff: number,
): Promise<readonly ReplayItem[]> {
  const heads = (await store.list()).filter(
    (head) => head.last <= cutoff && matchesFilter(filter, head),
  );
  if (heads.length === 0)
    throw new ReplayError(
      'RPL705',
      `No failure matches "${formatFilter(filter)}" up to ` +
        `${new Date(cutoff).toISOString()}; ` +
        '"sluice failures groups" shows the existing failures.',
    );
  return freezeSelection(heads);
}

/** A new job in state `planned` for these items. */
export function createJob(request: JobRequest, items: readonly ReplayItem[]): ReplayJob {
  const { id, filter, by, why, canary, rate, now, policy, force = false } = request;
  const units = new Set(items.map((item) => item.unit)).size;
  return {
    format: 1,
    id,
    by,
    why,
    filter: formatFilter(filter),
    cutoff: now,
    created: now,
    items: items.length,
    units,
    canary,
    canaryPassed: canary === 0,
    rate,
    state: 'planned',
    ...(policy === undefined ? {} : { policy }),
    ...(force ? { force: true as const } : {}),
  };
}

/** Previews each item against the current devices, using the event that its unit would send. */
export async function previewItems(
  world: { readonly store: FailureStore; readonly previewer: Previewer },
  items: readonly ReplayItem[],
  done: (count: number) => void,
): Promise<readonly ReplayItem[]> {
  const previewed: ReplayItem[] = [];
  for (const unit of Map.groupBy(items, (item) => item.unit).values()) {
    const leader = await world.store.get(unit[0]!.failure);
    for (const item of unit)
      previewed.push({
        ...item,
        preview: leader ? await world.previewer.preview(leader, item) : EVIDENCE_LOST,
      });
    done(previewed.length);
  }
  return previewed;
}

/** The preview of a failure whose event is no longer stored. */
export const EVIDENCE_LOST: Preview = {
  verdict: 'invalid',
  code: 'RPL706',
  reason: 'its evidence is missing from the failure store',
  difference: [],
};
