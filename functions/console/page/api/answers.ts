/** What the API takes and answers, derived from its schemas. Types only: no schema is in the page. */
import type * as z from 'zod';
import type * as changes from '../../schemas/changes.ts';
import type * as failures from '../../schemas/failures.ts';
import type * as fleet from '../../schemas/fleet.ts';
import type * as ports from '../../schemas/ports.ts';

/** By the last part of the route. */
export interface Answers {
  readonly session: z.infer<typeof fleet.Session>;
  readonly now: z.infer<typeof fleet.Now>;
  readonly status: z.infer<typeof fleet.Status>;
  readonly clusters: z.infer<typeof fleet.ClusterList>;
  readonly drift: z.infer<typeof fleet.DriftView>;
  readonly addresses: z.infer<typeof fleet.AddressList>;
  readonly waiting: z.infer<typeof fleet.WaitingView>;
  readonly audit: z.infer<typeof fleet.AuditPage>;
  readonly failures: z.infer<typeof failures.FailureList>;
  readonly groups: z.infer<typeof failures.FailureGroups>;
  readonly failure: z.infer<typeof failures.FailureDetails>;
  readonly event: { readonly body: string };
  readonly jobs: z.infer<typeof failures.JobList>;
  readonly job: z.infer<typeof failures.JobDetails>;
  readonly policies: z.infer<typeof failures.Policies>;
  readonly ask: z.infer<typeof failures.AskView>;
  readonly ports: z.infer<typeof ports.PortList>;
  readonly search: z.infer<typeof ports.SearchAnswer>;
  readonly why: z.infer<typeof ports.WhyAnswers>;
  readonly trace: z.infer<typeof ports.Trace>;
  readonly preview: z.infer<typeof changes.ChangePreview>;
  readonly done: z.infer<typeof changes.ChangeResult>;
}

/** A change as its route takes it. */
export type WantedChange = {
  [K in changes.ChangeName]: z.infer<(typeof changes.CHANGES)[K]>;
}[changes.ChangeName];

/** One server, failure, group, item or cluster of a list. */
export type Chain = Answers['search']['chains'][number];
export type FailureGroupRow = Answers['groups']['groups'][number];
export type JobItemRow = Answers['job']['items'][number];
export type JobHead = Answers['job']['job'];
export type ClusterEntry = Answers['clusters']['rows'][number];
