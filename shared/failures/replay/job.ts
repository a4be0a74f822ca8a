/**
 * Stored format of replay jobs: a small head that several processes may change, and pages of items
 * that only the driver writes.
 */
import * as z from 'zod';
import { Revision } from '../../domain/revision.ts';
import { PlanLine } from '../port.ts';

/** What sending an event again would do. */
export const PREVIEW_VERDICTS = [
  'would-apply',
  'unchanged',
  'superseded',
  'conflict',
  'invalid',
  'unknown',
] as const;
/** One of {@link PREVIEW_VERDICTS}. */
export const PreviewVerdict = z.enum(PREVIEW_VERDICTS);
export type PreviewVerdict = z.infer<typeof PreviewVerdict>;

/** The effect of a replay on the current state of the device. */
export const Preview = z.strictObject({
  verdict: PreviewVerdict,
  reason: z.string(),
  code: z.string().optional(),
  /** The superseding revision, or the conflicting owner. */
  by: z.string().optional(),
  difference: z.array(PlanLine),
  /**
   * Exposures that a newer revision leaves out because BIG-IP refused them before. A replay does
   * not send the old event, but orders the device to try the newest one again.
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

/** `skipped`: closed or archived since it was selected. */
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
/** Result of one item, with code and reason. */
export const ItemResult = z.strictObject({
  kind: z.enum(RESULTS),
  reason: z.string(),
  code: z.string().optional(),
  at: z.number(),
});
export type ItemResult = Readonly<z.infer<typeof ItemResult>>;

/** One selected failure in a job. */
export const ReplayItem = z.strictObject({
  failure: z.string(),
  code: z.string(),
  sentence: z.string(),
  owner: z.string().optional(),
  device: z.string().optional(),
  partition: z.string().optional(),
  exposure: z.string().optional(),
  revision: Revision.optional(),
  /** One event, the newest, covers all items of a unit. */
  unit: z.int().nonnegative(),
  /** It was selected although it was quarantined. */
  lifts: z.boolean(),
  preview: Preview.optional(),
  /**
   * Number of occurrences of the failure when the event was sent; a higher number means that it
   * failed again.
   */
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

/**
 * Milliseconds for which a driver holds a job, or a process holds a policy; renewed at half of it.
 */
export const DRIVER_LEASE_MS = 60_000;

/** `planned` until it is started; `cancelled` and `done` are final. */
export const JobState = z.enum(['planned', 'running', 'paused', 'cancelled', 'done']);
export type JobState = z.infer<typeof JobState>;

/** The head of a job, without its items. */
export const ReplayJob = z.strictObject({
  format: z.literal(1),
  id: z.string(),
  by: z.string(),
  why: z.string(),
  filter: z.string(),
  /** Later failures are not part of the job. */
  cutoff: z.number(),
  created: z.number(),
  items: z.int().nonnegative(),
  units: z.int().nonnegative(),
  /** Number of events to send first; the rest is sent only if all of them succeed. 0: no canary. */
  canary: z.int().nonnegative(),
  canaryPassed: z.boolean(),
  /** Events per second. */
  rate: z.number().positive(),
  state: JobState,
  /**
   * Set for jobs of a policy: a failure that fails again is quarantined only after this many runs.
   */
  policy: z.strictObject({ name: z.string(), atMost: z.int().positive() }).optional(),
  /**
   * What cannot be sent is tried all the same: the devices are ordered to try the newest revisions
   * again.
   */
  force: z.literal(true).exactOptional(),
  /** Reason for the pause or cancellation. */
  reason: z.string().optional(),
  code: z.string().optional(),
  lease: z.strictObject({ holder: z.string(), until: z.number() }).optional(),
  ended: z.number().optional(),
});
export type ReplayJob = Readonly<z.infer<typeof ReplayJob>>;

/** Number of items by result, or by state while undecided. */
export function countResults(items: readonly ReplayItem[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...Map.groupBy(items, (item) => item.result?.kind ?? item.status)].map(([kind, list]) => [
      kind,
      list.length,
    ]),
  );
}
