/** The room Replay: previews, jobs and policies, and what the functions answer. */
import * as z from 'zod';
import { wordsIn } from '../../../shared/domain/text/words.ts';
import { isEnded } from '../../../shared/failures/asks.ts';
import { countResults } from '../../../shared/failures/replay/job.ts';
import {
  countVerdicts,
  findJob,
  listPolicies,
  previewHash,
} from '../../../shared/operations/replay/replay.ts';
import { Later, route } from '../http/route.ts';
import type { Desk, Route } from '../http/route.ts';
import type { Person } from '../http/rights.ts';
import type { Wanted } from '../../../shared/failures/asks.ts';
import * as shown from '../schemas/failures.ts';
import { itemRow, jobRow } from './replay-rows.ts';

const Id = z.strictObject({ id: z.string().regex(/^[\w-]{1,64}$/, 'must be an id') });
const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});
const Plan = z.strictObject({
  filter: z.string().max(2_000),
  canary: z.int().min(0).max(1_000_000).default(1),
  rate: z.number().positive().max(1_000).default(5),
  force: z.boolean().default(false),
  why: z.string().trim().max(1_000).default('no reason given'),
});

/** A person may leave; the answer stays. */
async function asked(
  desk: Desk,
  wanted: Wanted,
  { who }: Person,
  why: string,
): Promise<object | Later> {
  const ask = await desk.asking.ask(wanted, { who, why });
  return isEnded(ask) ? ask : new Later(ask);
}

/** What needs credentials is asked of replay and audit. */
export const REPLAY_ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/jobs',
    role: 'viewer',
    room: 'Replay',
    summary: 'All replay jobs, newest first',
    answer: shown.JobListSchema,
    handle: async (_input, { context }) => {
      const now = context.runtime.clock.now();
      return { jobs: (await context.jobs.list()).map((job) => jobRow(job, now)) };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/jobs/{id}',
    role: 'viewer',
    room: 'Replay',
    summary: 'One job: progress, and for each failure the preview and the result',
    params: Id,
    query: Page,
    answer: shown.JobDetailsSchema,
    handle: async ({ params, query: { limit, offset } }, { context }) => {
      const { job, items } = await findJob(context, params.id);
      return {
        job: jobRow(job, context.runtime.clock.now()),
        results: countResults(items),
        verdicts: countVerdicts(items),
        total: items.length,
        items: items.slice(offset, offset + limit).map(itemRow),
        hash: previewHash(items),
      };
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/replay/plans',
    role: 'operator',
    room: 'Replay',
    summary: 'Saves a selection as a job, and asks what a replay would do now; sends nothing',
    body: Plan,
    answer: shown.AskSchema,
    later: shown.AskSchema,
    handle: ({ body: { filter, why, ...rest }, person }, desk) =>
      asked(desk, { kind: 'replay-plan', words: [...wordsIn(filter)], ...rest }, person, why),
  }),
  route({
    method: 'post',
    path: '/api/v1/looks',
    role: 'operator',
    room: 'Fleet',
    summary: 'Looks at the devices again: audits them, and refreshes what all rooms show',
    body: z.strictObject({}),
    answer: shown.AskSchema,
    later: shown.AskSchema,
    handle: ({ person }, desk) => asked(desk, { kind: 'look' }, person, 'look again'),
  }),
  route({
    method: 'post',
    path: '/api/v1/doctor',
    role: 'operator',
    room: 'Fleet',
    summary: 'Checks configuration, secrets, devices, queues, store and clocks',
    body: z.strictObject({}),
    answer: shown.AskSchema,
    later: shown.AskSchema,
    handle: ({ person }, desk) => asked(desk, { kind: 'doctor' }, person, 'doctor'),
  }),
  route({
    method: 'get',
    path: '/api/v1/asks/{id}',
    // As those who ask: doctor tells more than a viewer may know.
    role: 'operator',
    room: 'Replay',
    summary: 'What was asked of replay or audit, with progress and answer',
    params: Id,
    answer: shown.AskSchema,
    handle: ({ params }, desk) => desk.asking.get(params.id),
  }),
  route({
    method: 'get',
    path: '/api/v1/policies',
    role: 'viewer',
    room: 'Replay',
    summary: 'What is replayed automatically, when next, and with which result',
    answer: shown.PoliciesSchema,
    handle: async (_input, { context }) => ({
      policies: (await listPolicies(context)).map(({ policy, turn }) => ({
        name: policy.name,
        everyMinutes: policy.everyMinutes,
        atMost: policy.atMost,
        codes: policy.codes,
        classes: policy.classes,
        due: turn?.due,
        misses: turn?.misses,
        job: turn?.job,
        says: turn?.says,
      })),
    }),
  }),
];
