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
import { Millis, Revision } from './common.ts';
import { PortRow } from './ports.ts';

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
  revision: Revision.optional(),
  state: FailureState,
  count: z.int(),
  first: Millis,
  last: Millis,
  changed: Millis,
  note: z.string().optional(),
};

export const FailureRow = z.strictObject(shape).meta({ id: 'FailureRow' });

export const FailureList = z
  .strictObject({ total: z.int(), failures: z.array(FailureRow) })
  .meta({ id: 'FailureList' });

export const FailureGroups = z
  .strictObject({
    by: z.array(z.enum(GROUP_KEYS)),
    groups: z.array(
      z.strictObject({
        /** In the order of `by`. */
        values: z.array(z.string()),
        failures: z.int(),
        /** Occurrences. */
        seen: z.int(),
        first: Millis,
        last: Millis,
        sentence: z.string(),
        /** Failures by the hour in which they were last seen, oldest first; the last is this one. */
        trend: z.array(z.int()),
      }),
    ),
  })
  .meta({ id: 'FailureGroups' });

/** What a code means. */
export const CodeText = z
  .strictObject({
    title: z.string(),
    cause: z.string(),
    fix: z.string(),
    retryable: z.boolean(),
  })
  .meta({ id: 'CodeText' });

export const FailureDetails = z
  .strictObject({
    failure: FailureRow,
    /** Absent for a code that this version does not know. */
    code: CodeText.optional(),
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
      sentAt: Millis,
      receiveCount: z.int(),
      sender: z.string().optional(),
      verification: Verification,
      /** Characters of the event; GET …/event has its bytes. */
      size: z.int(),
      isCut: z.boolean(),
    }),
    /** What is declared at its exposure, or for its gateways, now. */
    now: z.array(PortRow),
    /** Jobs that replayed it. */
    jobs: z.array(z.string()),
    command: z.string(),
  })
  .meta({ id: 'FailureDetails' });

export const Job = z
  .strictObject({
    id: z.string(),
    by: z.string(),
    why: z.string(),
    filter: z.string(),
    cutoff: Millis,
    created: Millis,
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
    ended: Millis.optional(),
  })
  .meta({ id: 'Job' });

export const JobItem = z
  .strictObject({
    failure: z.string(),
    code: z.string(),
    sentence: z.string(),
    owner: z.string().optional(),
    device: z.string().optional(),
    partition: z.string().optional(),
    exposure: z.string().optional(),
    revision: Revision.optional(),
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
        at: Millis,
      })
      .optional(),
  })
  .meta({ id: 'JobItem' });

const counts = z.record(z.string(), z.int());

export const JobDetails = z
  .strictObject({
    job: Job,
    /** By result, or by status while undecided. */
    results: counts,
    /** By verdict of the preview. */
    verdicts: counts,
    total: z.int(),
    items: z.array(JobItem),
    /** Of what is not sent yet; start and resume carry it. */
    hash: z.string(),
  })
  .meta({ id: 'JobDetails' });

export const JobList = z.strictObject({ jobs: z.array(Job) }).meta({ id: 'JobList' });

export const Policies = z
  .strictObject({
    policies: z.array(
      z.strictObject({
        name: z.string(),
        everyMinutes: z.number(),
        atMost: z.int(),
        codes: z.array(z.string()).optional(),
        classes: z.array(z.string()).optional(),
        due: Millis.optional(),
        misses: z.int().optional(),
        job: z.string().optional(),
        says: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'Policies' });

export const AskView = z
  .strictObject({
    id: z.string(),
    at: Millis,
    by: z.string(),
    why: z.string(),
    wanted: Wanted,
    state: z.enum(ASK_STATES),
    progress: z.strictObject({ done: z.int(), total: z.int() }).optional(),
    /** While a function works on it: when it counts as dead. */
    until: Millis.optional(),
    /** `replay-plan`: {job}; `look`: {findings, failed}; `doctor`: {findings}; `connections`: {connections, at}. */
    answer: z.record(z.string(), z.unknown()).optional(),
    problem: z.strictObject({ code: z.string().optional(), message: z.string() }).optional(),
    ended: Millis.optional(),
  })
  .meta({ id: 'Ask' });
