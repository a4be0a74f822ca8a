/** What the API takes and answers, derived from its schemas. Types only: no schema is in the page. */
import type * as z from 'zod';
import type * as changes from '../../schemas/changes.ts';
import type * as failures from '../../schemas/failures.ts';
import type * as fleet from '../../schemas/fleet.ts';
import type * as ports from '../../schemas/ports.ts';

/** By the last part of the route. */
export interface Answers {
  readonly session: z.infer<typeof fleet.SessionSchema>;
  readonly now: z.infer<typeof fleet.NowSchema>;
  readonly status: z.infer<typeof fleet.StatusSchema>;
  readonly clusters: z.infer<typeof fleet.ClusterListSchema>;
  readonly drift: z.infer<typeof fleet.DriftViewSchema>;
  readonly addresses: z.infer<typeof fleet.AddressListSchema>;
  readonly waiting: z.infer<typeof fleet.WaitingViewSchema>;
  readonly audit: z.infer<typeof fleet.AuditPageSchema>;
  readonly failures: z.infer<typeof failures.FailureListSchema>;
  readonly groups: z.infer<typeof failures.FailureGroupsSchema>;
  readonly failure: z.infer<typeof failures.FailureDetailsSchema>;
  readonly event: { readonly body: string };
  readonly jobs: z.infer<typeof failures.JobListSchema>;
  readonly job: z.infer<typeof failures.JobDetailsSchema>;
  readonly policies: z.infer<typeof failures.PoliciesSchema>;
  readonly ask: z.infer<typeof failures.AskSchema>;
  readonly ports: z.infer<typeof ports.PortListSchema>;
  readonly search: z.infer<typeof ports.SearchAnswerSchema>;
  readonly why: z.infer<typeof ports.WhyAnswersSchema>;
  readonly trace: z.infer<typeof ports.TraceSchema>;
  readonly plan: z.infer<typeof ports.PlanAnswer>;
  readonly preview: z.infer<typeof changes.ChangePreviewSchema>;
  readonly done: z.infer<typeof changes.ChangeResultSchema>;
}

/** A change as its route takes it. */
export type ChangeBody = {
  [K in changes.ChangeName]: z.infer<(typeof changes.CHANGES)[K]>;
}[changes.ChangeName];

/** One server, failure, group, item or cluster of a list. */
export type SearchChain = Answers['search']['chains'][number];
/** Failures with the same values of the chosen properties. */
export type FailureGroupRow = Answers['groups']['groups'][number];
/** One failure of a job, with its preview and result. */
export type JobItemRow = Answers['job']['items'][number];
/** A job as lists have it, without its items. */
export type JobHead = Answers['job']['job'];
/** One cluster on one device. */
export type ClusterEntry = Answers['clusters']['rows'][number];
