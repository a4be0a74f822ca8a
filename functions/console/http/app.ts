/** The HTTP interface: the routes of all rooms behind the guards, with their OpenAPI document. */
import { createHash } from 'node:crypto';
import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { etag } from 'hono/etag';
import * as z from 'zod';
import { explainIssues } from '../../../shared/queue/explain-issues.ts';
import { within } from '../../../shared/runtime/shared-call.ts';
import { errorMessage } from '../../../shared/telemetry/errors.ts';
import { AUDIT_ROUTES } from '../rooms/audit.ts';
import { CHANGE_ROUTES } from '../rooms/changes.ts';
import { FAILURE_ROUTES } from '../rooms/failures.ts';
import { NOW_ROUTES } from '../rooms/now.ts';
import { PORT_ROUTES } from '../rooms/ports.ts';
import { REPLAY_ROUTES } from '../rooms/replay.ts';
import { MovedSchema } from '../schemas/changes.ts';
import { ProblemSchema } from '../schemas/common.ts';
import type { Admission, Admitted } from '../login/admission.ts';
import type { PageFile } from '../page/files.ts';
import type { AuditLog } from '../../../shared/failures/audit.ts';
import { createRarely, timesInWords } from '../rarely.ts';
import type { Rarely } from '../rarely.ts';
import { assertToken, secureHeaders } from './guard.ts';
import { addPage } from './page.ts';
import { answerOf, Refused } from './problems.ts';
import { includesRole } from './rights.ts';
import { Later, Lines } from './route.ts';
import type { Desk, Route } from './route.ts';

/** What the guards leave for the routes. */
interface AppEnv {
  readonly Variables: { readonly person: Admitted };
}

/** All routes, in the order of the document. */
export const ROUTES: readonly Route[] = [
  ...NOW_ROUTES,
  ...FAILURE_ROUTES,
  ...REPLAY_ROUTES,
  ...PORT_ROUTES,
  ...AUDIT_ROUTES,
  ...CHANGE_ROUTES,
];

const STREAMS: ReadonlySet<string> = new Set(
  ROUTES.flatMap(({ path, events }) => (events ? [path] : [])),
);

/** Bytes of a request; the largest is an approval of a thousand exposures. */
const MAX_BODY = 256 * 1_024;

/** Milliseconds of a request. */
const MAX_MS = 9_000;

/** Whether the process answers; it says nothing else, so it needs neither host nor login. */
export const HEALTH_PATH = '/healthz';

/** The cursor of the lines that follow; absent at the end. */
export const NEXT_HEADER = 'X-Sluice-Next';

/** Where the document is served. */
export const DOCUMENT_PATH = '/api/v1/openapi.json';

/** The page, and under `/api/` JSON and a sentence for every request, also for refusals. */
export function createApp(
  desk: Desk,
  admission: Admission,
  page: readonly PageFile[],
): OpenAPIHono<AppEnv> {
  const { log } = desk.context.runtime;
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new Refused(400, `${explainIssues(result.error)}.`);
    },
  });
  app.use(secureHeaders);
  // Probes of a platform name no host.
  app.get(HEALTH_PATH, (c) => c.text('ok'));
  app.use(admission.guard);
  app.use(
    bodyLimit({
      maxSize: MAX_BODY,
      onError: () => {
        throw new Refused(413, `A request has at most ${MAX_BODY / 1_024} KiB.`);
      },
    }),
  );
  app.use('/api/*', async (c, next) => {
    const person = await admission.admit(c);
    assertToken(c, person.csrf);
    c.set('person', person);
    await next();
  });
  const tagged = etag();
  // The end of a stream is not waited for.
  app.use('/api/*', (c, next) => (STREAMS.has(c.req.path) ? next() : tagged(c, next)));
  admission.addRoutes(app as unknown as OpenAPIHono);
  const nowhere = addPage(app as unknown as OpenAPIHono, page);
  app.onError((error, c) => {
    const { status, body, isFault } = answerOf(error);
    if (isFault) log.error({ path: c.req.path, error: errorMessage(error) }, 'console');
    return c.json(body, status);
  });
  app.notFound(nowhere);
  const refusals = { audit: desk.context.audit, rarely: createRarely(desk.context.runtime.clock) };
  for (const one of ROUTES) addRoute(app, one, { desk, refusals });
  app.doc31(DOCUMENT_PATH, {
    openapi: '3.1.0',
    info: {
      title: 'Sluice console',
      version: desk.version,
      description: 'Reads what the functions of Sluice saw, and gives orders to them.',
    },
  });
  return app;
}

const typed = (description: string, type: string, schema: z.ZodType) => ({
  description,
  content: { [type]: { schema } },
});
const json = (schema: z.ZodType, description: string) =>
  typed(description, 'application/json', schema);

/** Of the answer: a stream of events, lines of JSON, or JSON. */
function contentType({ lines, events }: Route): string {
  if (events) return 'text/event-stream';
  return lines ? 'application/x-ndjson' : 'application/json';
}

/** The route as the document describes it. */
function describedRoute(one: Route): ReturnType<typeof createRoute> {
  const { method, path, summary, role, room, query, params, body, answer, later } = one;
  return createRoute({
    method,
    path,
    summary,
    description: `Role: ${role}.`,
    tags: [room],
    request: {
      ...(query && { query }),
      ...(params && { params }),
      ...(body && { body: { required: true, content: { 'application/json': { schema: body } } } }),
    },
    responses: {
      200: typed(summary, contentType(one), answer),
      ...(later && { 202: json(later, 'It is being worked on; ask for the question again') }),
      409: json(MovedSchema, 'The world moved, or it is done already; nothing was done'),
      default: json(ProblemSchema, 'Refused, with the reason and the way on'),
    },
  });
}

/**
 * Registers one route with its rights, limits and headers. A handler that is not done within MAX_MS
 * gets a 503; `Later` becomes 202, `Lines` a file, and an event stream stays open.
 */
function addRoute(
  app: OpenAPIHono<AppEnv>,
  one: Route,
  { desk, refusals }: { readonly desk: Desk; readonly refusals: Refusals },
): void {
  const { query, params, body, events, untagged } = one;
  // The schemas are only known as such here, so the types of the handler are checked in `route`.
  const handle = async (c: Context<AppEnv>): Promise<Response> => {
    const person = await allowed(c.get('person'), one, refusals);
    const valid = (part: 'query' | 'param' | 'json'): unknown => c.req.valid(part as never);
    const input = {
      query: query && valid('query'),
      params: params && valid('param'),
      body: body && valid('json'),
      person,
    };
    const answered = await within(one.handle(input, desk), MAX_MS, tooLate);
    if (answered instanceof Later) return c.json(answered.answer as object, 202);
    if (untagged) c.header('ETag', tagWithout(answered as object, untagged));
    if (answered instanceof Lines)
      return c.body(answered.text, 200, {
        'Content-Type': contentType(one),
        ...(answered.next !== undefined && { [NEXT_HEADER]: answered.next }),
      });
    if (events)
      return c.body(answered as ReadableStream, 200, {
        'Content-Type': contentType(one),
        // Some proxies hold answers back to send them in one piece.
        'X-Accel-Buffering': 'no',
      });
    return c.json(answered as object, 200);
  };
  app.openapi(describedRoute(one), handle as never);
}

/** Of what changes only with the content. */
function tagWithout(answer: object, fields: readonly string[]): string {
  const kept = Object.entries(answer).filter(([name]) => !fields.includes(name));
  return `"${createHash('sha256').update(JSON.stringify(kept)).digest('base64url').slice(0, 22)}"`;
}

/** What was begun goes on; only nobody waits for it. */
function tooLate(): Refused {
  return new Refused(
    503,
    'The answer took too long. Try again; for a change, look at the room Audit first.',
  );
}

/** What a person may not do, and how it is recorded. */
interface Refusals {
  readonly audit: AuditLog;
  readonly rarely: Rarely;
}

/** A refusal of a change is recorded. */
async function allowed(
  person: Admitted,
  one: Route,
  { audit, rarely }: Refusals,
): Promise<Admitted> {
  if (includesRole(person.role, one.role)) return person;
  const count = one.method === 'post' ? rarely(`${person.who} ${one.path}`) : 0;
  if (count > 0)
    await audit.append({
      who: person.who,
      action: 'console refused',
      selection: one.path,
      why: `role ${person.role}`,
      result: timesInWords(`requires ${one.role}; refused`, count),
    });
  throw new Refused(
    403,
    `${one.summary}: this requires the role ${one.role}, and you are ${person.role}.`,
  );
}
