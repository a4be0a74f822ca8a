/** The room Failures: groups, list, and one failure with its evidence. */
import * as z from 'zod';
import { CODES } from '../../../shared/domain/codes/index.ts';
import { clusterOfFailure, GROUP_KEYS } from '../../../shared/failures/filter.ts';
import type { GroupKey } from '../../../shared/failures/filter.ts';
import type { Failure, FailureHead } from '../../../shared/failures/port.ts';
import type { OperationContext } from '../../../shared/operations/context.ts';
import { shellWords } from '../../../shared/domain/text/shell.ts';
import { findFailure, listFailures } from '../../../shared/operations/failures/failures.ts';
import { groupsWithTrend } from '../../../shared/operations/failures/trends.ts';
import { portRows } from '../../../shared/operations/ports/ports.ts';
import { wordsIn } from '../../../shared/domain/text/words.ts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { FilterQuerySchema } from '../schemas/common.ts';
import * as shown from '../schemas/failures.ts';

const ListQuery = FilterQuerySchema.extend({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});
const GroupQuery = FilterQuerySchema.extend({
  by: z
    .string()
    .max(200)
    .default('code,device,cluster')
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(GROUP_KEYS)).min(1).max(4)),
});
const Id = z.strictObject({ id: z.string().regex(/^[0-9a-f]{4,16}$/, 'must be hex digits') });

/** The head of a failure without what only the failure store uses. */
function rowOf({
  seen: _seen,
  evidence: _evidence,
  replays: _replays,
  ...head
}: FailureHead): object {
  return head;
}

/**
 * One failure with its code, the event without its body, what is declared there now, and the
 * command that plans its replay.
 */
async function detailsOf(context: OperationContext, failure: Failure): Promise<object> {
  const { details, replays, ...head } = failure;
  const { event, plan = [], ...rest } = details;
  const { body, cut, ...envelope } = event;
  const partitions = await context.readPartitions(context.runtime.config.devices);
  const cluster = clusterOfFailure(failure);
  const now = portRows(partitions).filter(
    (row) =>
      row.exposure === failure.exposure ||
      (row.owner.startsWith(`${cluster}/`) &&
        row.gateways.some((gateway) => failure.gateways.includes(gateway))),
  );
  const code = CODES[failure.code];
  const state = failure.state === 'open' ? [] : [`state:${failure.state}`];
  return {
    failure: rowOf(head),
    ...(code && {
      code: { title: code.title, cause: code.cause, fix: code.fix, retryable: code.retryable },
    }),
    ...rest,
    plan,
    event: { ...envelope, size: body.length, isCut: cut !== undefined },
    now,
    jobs: replays ?? [],
    command: shellWords(['sluice', 'replay', 'plan', `id:${failure.id}`, ...state]),
  };
}

/** All read the failure store only. */
export const FAILURE_ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/failures',
    role: 'viewer',
    room: 'Failures',
    summary: 'Failures that match the filter, newest first',
    query: ListQuery,
    answer: shown.FailureListSchema,
    handle: async ({ query }, { context }) => {
      const { filter, limit, offset } = query;
      const found = await listFailures(context, wordsIn(filter), offset + limit);
      return { total: found.total, failures: found.failures.slice(offset).map(rowOf) };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/failures/groups',
    role: 'viewer',
    room: 'Failures',
    summary: 'Failures counted by code, device and cluster, or by other properties',
    query: GroupQuery,
    answer: shown.FailureGroupsSchema,
    handle: ({ query }, { context }) =>
      groupsWithTrend(context, wordsIn(query.filter), query.by as readonly GroupKey[]),
  }),
  route({
    method: 'get',
    path: '/api/v1/failures/{id}',
    role: 'viewer',
    room: 'Failures',
    summary: 'One failure: attempts, plan, the words of BIG-IP, and what is declared there now',
    params: Id,
    answer: shown.FailureDetailsSchema,
    handle: async ({ params }, { context }) =>
      detailsOf(context, await findFailure(context.store, params.id)),
  }),
  route({
    method: 'get',
    path: '/api/v1/failures/{id}/event',
    role: 'operator',
    room: 'Failures',
    summary: 'The event of a failure, as it was received; it may hold whole Kubernetes objects',
    params: Id,
    answer: z.strictObject({ body: z.string() }),
    handle: async ({ params }, { context }) => {
      const { details } = await findFailure(context.store, params.id);
      return { body: details.event.body };
    },
  }),
];
