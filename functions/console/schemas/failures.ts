/** Schemas of the rooms Failures and Replay. */
import * as z from 'zod';
import { ASK_STATES, Wanted } from '../../../shared/failures/asks.ts';
import { GROUP_KEYS } from '../../../shared/failures/filter.ts';
import {
  FailureClass,
  FailureState,
  PlanLine,
  Verification,
} from '../../../shared/failures/port.ts';
import { JobState, PREVIEW_VERDICTS, RESULTS } from '../../../shared/failures/replay/job.ts';
import { MillisSchema, RevisionSchema } from './common.ts';
import { PortRowSchema } from './ports.ts';

const shape = {
  id: z.string(),
  code: z.string(),
  class: FailureClass,
  sentence: z.string(),
  queue: z.enum(['snapshots', 'slices']),
  owner: z.string().optional(),
  device: z.string().optional(),
  partition: z.string().optional(),
  exposure: z.string().optional(),
  gateways: z.array(z.string()),
  revision: RevisionSchema.optional(),
  state: FailureState,
  count: z.int(),
  first: MillisSchema,
  last: MillisSchema,
  changed: MillisSchema,
  note: z.string().optional(),
};

/** One failure in a list: what failed, where, how often and when. */
export const FailureRowSchema = z.strictObject(shape).meta({ id: 'FailureRow' });

/** One page of the failures that the filter selects. `total` counts all of them. */
export const FailureListSchema = z
  .strictObject({ total: z.int(), failures: z.array(FailureRowSchema) })
  .meta({ id: 'FailureList' });

/** The selected failures, grouped by up to four of their fields. */
export const FailureGroupsSchema = z
  .strictObject({
    by: z.array(z.enum(GROUP_KEYS)),
    groups: z.array(
      z.strictObject({
        /** In the order of `by`. */
        values: z.array(z.string()),
        failures: z.int(),
        /** Occurrences. */
        seen: z.int(),
        first: MillisSchema,
        last: MillisSchema,
        sentence: z.string(),
        /** Failures by the hour in which they were last seen, oldest first; the last is this one. */
        trend: z.array(z.int()),
      }),
    ),
  })
  .meta({ id: 'FailureGroups' });

/** What a code means. */
export const CodeTextSchema = z
  .strictObject({
    title: z.string(),
    cause: z.string(),
    fix: z.string(),
    retryable: z.boolean(),
  })
  .meta({ id: 'CodeText' });

/** One failure with its reason, the event and what is declared in its place. */
export const FailureDetailsSchema = z
  .strictObject({
    failure: FailureRowSchema,
    /** Absent for a code that this version does not know. */
    code: CodeTextSchema.optional(),
    reason: z.string(),
    attempts: z.array(z.strictObject({ at: z.string(), code: z.string(), reason: z.string() })),
    functionVersion: z.string().optional(),
    traceparent: z.string().optional(),
    /** The words of BIG-IP. */
    response: z.string().optional(),
    /** What was planned when it failed. */
    plan: z.array(PlanLine),
    event: z.strictObject({
      queue: z.enum(['snapshots', 'slices']),
      group: z.string(),
      id: z.string(),
      sentAt: MillisSchema,
      receiveCount: z.int(),
      sender: z.string().optional(),
      verification: Verification,
      /** Characters of the event; GET …/event has its bytes. */
      size: z.int(),
      isCut: z.boolean(),
    }),
    /** What is declared at its exposure, or for its gateways, now. */
    now: z.array(PortRowSchema),
    /** Jobs that replayed it. */
    jobs: z.array(z.string()),
    command: z.string(),
  })
  .meta({ id: 'FailureDetails' });

/**
 * A replay job: a fixed selection of failures, sent again at `rate` per second after `canary` of
 * them succeeded.
 */
export const JobSchema = z
  .strictObject({
    id: z.string(),
    by: z.string(),
    why: z.string(),
    filter: z.string(),
    cutoff: MillisSchema,
    created: MillisSchema,
    items: z.int(),
    units: z.int(),
    canary: z.int(),
    canaryPassed: z.boolean(),
    rate: z.number(),
    state: JobState,
    policy: z.string().optional(),
    force: z.boolean(),
    reason: z.string().optional(),
    code: z.string().optional(),
    /** Whether a process has it now. */
    isDriven: z.boolean(),
    ended: MillisSchema.optional(),
  })
  .meta({ id: 'Job' });

/** One failure of a job: what would happen, how far it is, and what happened. */
export const JobItemSchema = z
  .strictObject({
    failure: z.string(),
    code: z.string(),
    sentence: z.string(),
    owner: z.string().optional(),
    device: z.string().optional(),
    partition: z.string().optional(),
    exposure: z.string().optional(),
    revision: RevisionSchema.optional(),
    unit: z.int(),
    status: z.enum(['waiting', 'sending', 'sent', 'done']),
    preview: z
      .strictObject({
        verdict: z.enum(PREVIEW_VERDICTS),
        reason: z.string(),
        code: z.string().optional(),
        by: z.string().optional(),
        difference: z.array(PlanLine),
        /** The device is ordered to try the newest revision; the old event is not sent. */
        retries: z.boolean(),
      })
      .optional(),
    result: z
      .strictObject({
        kind: z.enum(RESULTS),
        reason: z.string(),
        code: z.string().optional(),
        at: MillisSchema,
      })
      .optional(),
  })
  .meta({ id: 'JobItem' });

const counts = z.record(z.string(), z.int());

/** A job with one page of its items. `results` and `verdicts` count all of them. */
export const JobDetailsSchema = z
  .strictObject({
    job: JobSchema,
    /** By result, or by status while undecided. */
    results: counts,
    /** By verdict of the preview. */
    verdicts: counts,
    total: z.int(),
    items: z.array(JobItemSchema),
    /** Of what is not sent yet; start and resume carry it. */
    hash: z.string(),
  })
  .meta({ id: 'JobDetails' });

/** All jobs that are kept, newest first. */
export const JobListSchema = z.strictObject({ jobs: z.array(JobSchema) }).meta({ id: 'JobList' });

/** The replay policies of `sluice.yaml`, with what each did last and when it is due. */
export const PoliciesSchema = z
  .strictObject({
    policies: z.array(
      z.strictObject({
        name: z.string(),
        everyMinutes: z.number(),
        atMost: z.int(),
        codes: z.array(z.string()).optional(),
        classes: z.array(z.string()).optional(),
        due: MillisSchema.optional(),
        misses: z.int().optional(),
        job: z.string().optional(),
        says: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'Policies' });

/**
 * A question to the function replay or audit, which have the credentials that the console has not.
 * `ended` is set once it is answered.
 */
export const AskSchema = z
  .strictObject({
    id: z.string(),
    at: MillisSchema,
    by: z.string(),
    why: z.string(),
    wanted: Wanted,
    state: z.enum(ASK_STATES),
    progress: z.strictObject({ done: z.int(), total: z.int() }).optional(),
    /** While a function works on it: when it counts as dead. */
    until: MillisSchema.optional(),
    /** `replay-plan`: {job}; `look`: {findings, failed}; `doctor`: {findings}; `connections`: {connections, at}. */
    answer: z.record(z.string(), z.unknown()).optional(),
    problem: z.strictObject({ code: z.string().optional(), message: z.string() }).optional(),
    ended: MillisSchema.optional(),
  })
  .meta({ id: 'Ask' });
