/** A replay job as it is stored: a small head that everybody may change, and pages of items that only the driver writes. */
import * as z from 'zod';
import { Revision } from '../../domain/revision.ts';
import { PlanLine } from '../port.ts';

export const PREVIEW_VERDICTS = [
  'would-apply',
  'unchanged',
  'superseded',
  'conflict',
  'invalid',
  'unknown',
] as const;
export const PreviewVerdict = z.enum(PREVIEW_VERDICTS);
export type PreviewVerdict = z.infer<typeof PreviewVerdict>;

/** What a replay would do to the device as it is now. */
export const Preview = z.strictObject({
  verdict: PreviewVerdict,
  reason: z.string(),
  code: z.string().optional(),
  /** The revision that supersedes it, or the owner it conflicts with. */
  by: z.string().optional(),
  difference: z.array(PlanLine),
  /**
   * What a newer revision leaves out because BIG-IP refused it before: a replay does not send the old event, it orders the device to
   * try the newest one again.
   */
  retry: z
    .array(
      z.strictObject({
        device: z.string(),
        owner: z.string(),
        keys: z.array(z.string()),
        /** The newest that the device knows: only a newer one can be a result. */
        declared: Revision,
      }),
    )
    .exactOptional(),
});
export type Preview = Readonly<z.infer<typeof Preview>>;

/** `skipped`: closed or put away by somebody since it was selected. */
export const RESULTS = [
  'applied',
  'unchanged',
  'superseded',
  'conflict',
  'invalid',
  'quarantined',
  'failed',
  'no-result',
  'skipped',
] as const;
export const ItemResult = z.strictObject({
  kind: z.enum(RESULTS),
  reason: z.string(),
  code: z.string().optional(),
  at: z.number(),
});
export type ItemResult = Readonly<z.infer<typeof ItemResult>>;

export const ReplayItem = z.strictObject({
  failure: z.string(),
  code: z.string(),
  sentence: z.string(),
  owner: z.string().optional(),
  device: z.string().optional(),
  partition: z.string().optional(),
  exposure: z.string().optional(),
  revision: Revision.optional(),
  /** Items of one unit are served by one event, the newest of them. */
  unit: z.int().nonnegative(),
  /** It was selected although it was in quarantine. */
  lifts: z.boolean(),
  preview: Preview.optional(),
  /** How often the failure had been seen when the event was sent; more means that it failed again. */
  count: z.int().optional(),
  status: z.enum(['waiting', 'sending', 'sent', 'done']),
  deduplicationId: z.string().optional(),
  sentAt: z.number().optional(),
  /** Of the event that was sent; of an order to try again, the newest that was declared. */
  sentRevision: Revision.optional(),
  /** An order to try again was sent, not the event. */
  ordered: z.literal(true).exactOptional(),
  result: ItemResult.optional(),
});
export type ReplayItem = Readonly<z.infer<typeof ReplayItem>>;

/** Milliseconds for which a driver has the job to itself, or a process the turn of a policy; renewed at half of it. */
export const LEASE = 60_000;

export const JobState = z.enum(['planned', 'running', 'paused', 'cancelled', 'done']);
export type JobState = z.infer<typeof JobState>;

export const ReplayJob = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  by: z.string(),
  why: z.string(),
  filter: z.string(),
  /** Failures that came later are not in it. */
  cutoff: z.number(),
  created: z.number(),
  items: z.int().nonnegative(),
  units: z.int().nonnegative(),
  /** So many events are sent first, and the rest only if all of them went well; 0: no canary. */
  canary: z.int().nonnegative(),
  canaryPassed: z.boolean(),
  /** Events in a second. */
  rate: z.number().positive(),
  state: JobState,
  /** Started by a policy: a failure that fails again is quarantined only after so many of its turns. */
  policy: z.strictObject({ name: z.string(), atMost: z.int().positive() }).optional(),
  /** What cannot be sent is tried all the same: the devices are ordered to try the newest revisions again. */
  force: z.literal(true).exactOptional(),
  /** Why it is paused or cancelled. */
  reason: z.string().optional(),
  code: z.string().optional(),
  lease: z.strictObject({ holder: z.string(), until: z.number() }).optional(),
  ended: z.number().optional(),
});
export type ReplayJob = Readonly<z.infer<typeof ReplayJob>>;

export function countResults(items: readonly ReplayItem[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...Map.groupBy(items, (item) => item.result?.kind ?? item.status)].map(([kind, list]) => [
      kind,
      list.length,
    ]),
  );
}
