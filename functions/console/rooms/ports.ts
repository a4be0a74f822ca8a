/** The room Ports, and the search that explains one port. */
import * as z from 'zod';
import { CODES } from '../../../shared/domain/codes/index.ts';
import { wordsIn } from '../../../shared/domain/text/words.ts';
import { MAX_PLANNED_CHARACTERS } from '../../../shared/operations/manifests/planned-text.ts';
import { listPorts } from '../../../shared/operations/ports/ports.ts';
import { MAX_QUERY } from '../../../shared/operations/search/query.ts';
import { planTexts } from '../../../shared/operations/plan/plan-texts.ts';
import type { TextPlan } from '../../../shared/operations/plan/plan-texts.ts';
import { search } from '../../../shared/operations/search/search.ts';
import { parseGatewayName, traceGateway } from '../../../shared/operations/trace/trace.ts';
import { storedAnswers } from '../../../shared/operations/why/stored.ts';
import { isServerReached, withPresent } from '../../../shared/operations/why/why.ts';
import type { WhyAnswer } from '../../../shared/operations/why/why.ts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import * as shown from '../schemas/ports.ts';

const PortQuery = z.strictObject({
  q: z.string().max(MAX_QUERY).default(''),
  limit: z.coerce.number().int().min(1).max(5_000).default(500),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});
const MAX_ROWS = 1_000;
const GatewayQuery = z.strictObject({
  gateway: z.string().max(MAX_QUERY).meta({ description: 'CLUSTER/NAMESPACE/GATEWAY' }),
});

/**
 * The answer of `sluice why` in the shape of the API. Port mapping and present state stay apart,
 * because they have different ages.
 */
function whyRow(answer: WhyAnswer): object {
  const { server, exposures, remedy, now } = answer;
  return {
    server: server.server,
    api: server.api,
    port: server.port,
    protocol: server.protocol,
    verdict: server.verdict,
    code: server.code,
    reason: server.reason,
    remedy,
    exposures,
    isReached: isServerReached(answer),
    now,
  };
}

const PlanBody = z.strictObject({
  manifests: z.string().min(1).max(MAX_PLANNED_CHARACTERS).meta({
    description:
      'Kubernetes objects of one cluster as JSON text, complete except for Pods and Nodes',
  }),
  cluster: z.string().min(1).max(512).optional(),
});

/** Of the codes that are shown. */
function remediesOf(codes: readonly string[]): Readonly<Record<string, string>> {
  const wanted = [...new Set(codes)].filter((code) => code !== 'OK');
  return Object.fromEntries(
    wanted.flatMap((code) => {
      const fix = CODES[code]?.fix;
      return fix === undefined ? [] : [[code, fix]];
    }),
  );
}

/** Bounded, because one list of ports may stand for thousands of them. */
function planRow({ changes, notExposed, warnings, notes, ...rest }: TextPlan): object {
  const coded: readonly (readonly { readonly code: string }[])[] = [warnings, changes, notExposed];
  return {
    ...rest,
    warnings: warnings.slice(0, MAX_ROWS),
    remedies: remediesOf(coded.flatMap((list) => list.slice(0, MAX_ROWS).map(({ code }) => code))),
    total: changes.length,
    changes: changes
      .slice(0, MAX_ROWS)
      .map(({ device, partition, key, kind, owner, gateways, code, reason }) => ({
        device,
        partition,
        key,
        kind,
        owner,
        gateways,
        code,
        reason,
      })),
    notExposed: notExposed
      .slice(0, MAX_ROWS)
      .map(({ gateway, server, port, protocol, verdict, code, reason }) => ({
        gateway,
        server,
        port,
        protocol,
        verdict,
        code,
        reason,
      })),
    notes: notes.slice(0, MAX_ROWS),
  };
}

/** All read what others saw. */
export const PORT_ROUTES: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/ports',
    role: 'viewer',
    room: 'Ports',
    summary: 'Who has which address and port; each word must occur in some column',
    query: PortQuery,
    answer: shown.PortListSchema,
    handle: async ({ query: { q, limit, offset } }, { context }) => {
      const devices = context.runtime.config.devices;
      const found = await listPorts(context, wordsIn(q));
      const seen = (await context.readPartitions(devices)).flatMap((one) =>
        'state' in one && one.at !== undefined
          ? [{ device: one.device, partition: one.partition, at: one.at }]
          : [],
      );
      const { rows, declared, unanswered } = found;
      return {
        total: rows.length,
        rows: rows.slice(offset, offset + limit),
        declared,
        unanswered,
        seen,
      };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/search',
    role: 'viewer',
    room: 'Ports',
    summary:
      'The way from Gateway to members for team/web, 32400, 172.16.100.195:443 or a host, ' +
      'with the first link that is broken',
    query: z.strictObject({ q: z.string().min(1).max(MAX_QUERY) }),
    answer: shown.SearchAnswerSchema,
    handle: ({ query }, { context }) => search(context, query.q),
  }),
  route({
    method: 'get',
    path: '/api/v1/why',
    role: 'viewer',
    room: 'Ports',
    summary: 'Whether each server of a Gateway is reached, why not, and what to do',
    query: GatewayQuery,
    answer: shown.WhyAnswersSchema,
    handle: async ({ query }, { context }) => {
      const name = parseGatewayName(query.gateway);
      const { answers, at } = await storedAnswers(context, name);
      const present = await withPresent(context, name, answers);
      return { ...(at !== undefined && { at }), servers: present.map(whyRow) };
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/trace',
    role: 'viewer',
    room: 'Ports',
    summary: 'The steps of the newest events of a Gateway, with times',
    query: GatewayQuery,
    answer: shown.TraceSchema,
    handle: ({ query }, { context }) => traceGateway(context, parseGatewayName(query.gateway)),
  }),
  route({
    method: 'post',
    path: '/api/v1/plan',
    role: 'viewer',
    room: 'Ports',
    summary: 'What these manifests would change on the devices as last seen; changes nothing',
    body: PlanBody,
    answer: shown.PlanAnswer,
    handle: async ({ body }, { context }) => planRow(await planTexts(context, body)),
  }),
];
