import type { Device } from '../device.ts';
import type { LabRequest, Reply } from '../http-types.ts';
import { isObject } from '../json.ts';
import type { Json } from '../json.ts';
import { Refused, refusedBody, statusOf, tenantReply } from './answers.ts';
import type { TenantResult } from './answers.ts';
import { applicationsRoute } from './applications.ts';
import { deleteJob, jobOf, deployPatch } from './body.ts';
import { runJob } from './declare.ts';
import type { Job } from './declare.ts';
import { checkQuery } from './query.ts';
import { answer } from './respond.ts';
import { retrieve } from './retrieve.ts';
import { as3Settings } from './settings.ts';
import { tenantsOf } from './stored.ts';

const BASE = '/mgmt/shared/appsvcs/';
const INVALID_PATH = new Refused(400, 'Bad Request: Invalid path');

/** All paths below /mgmt/shared/appsvcs; undefined for others. */
export async function as3Route(device: Device, request: LabRequest): Promise<Reply | undefined> {
  if (!request.path.startsWith(BASE)) return undefined;
  if (device.condition.as3 === 'absent')
    return {
      status: 404,
      body: {
        code: 404,
        message: `Public URI path not registered: ${request.path.slice('/mgmt'.length)}`,
        kind: ':resterrorresponse',
      },
    };
  try {
    return await route(
      device,
      request,
      request.path.slice(BASE.length).replace(/\/$/, '').split('/'),
    );
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return {
      status: error.status,
      body:
        request.method === 'GET'
          ? unreadBody(error, request.query)
          : refusedBody(error, { tenants: [], declarationId: undefined }),
    };
  }
}

/** Names no host; with lock keys, a missing declaration is told in other fields. */
function unreadBody({ status, message }: Refused, query: URLSearchParams): Json {
  return status === 404 && query.get('showHash') === 'true'
    ? { errorMessage: message, statusCode: status, code: status }
    : { code: status, message };
}

async function route(
  device: Device,
  request: LabRequest,
  [head, ...rest]: readonly string[],
): Promise<Reply> {
  const [first, second, ...more] = rest;
  if (head === 'task' && second === undefined) return task(device, first);
  if (first === undefined && head === 'info') return info(device);
  if (first === undefined && head === 'settings') return as3Settings(device, request);
  if (head !== 'declare' || more.length > 1) throw INVALID_PATH;
  return declareRoute(device, request, [first, second, more[0]]);
}

async function declareRoute(
  device: Device,
  request: LabRequest,
  [first, second, third]: readonly (string | undefined)[],
): Promise<Reply> {
  checkQuery(request.query, request.method);
  if (second === 'applications' && first !== undefined)
    return applicationsRoute(device, request, { tenant: first, application: third });
  if (second !== undefined) throw INVALID_PATH;
  return declare(device, request, first === undefined ? [] : decodeURIComponent(first).split(','));
}

function info(device: Device): Reply {
  const { as3Version } = device.settings;
  return {
    status: 200,
    body: { version: as3Version, release: '10', schemaCurrent: as3Version, schemaMinimum: '3.0.0' },
  };
}

function task(device: Device, id: string | undefined): Reply {
  if (id === undefined) return { status: 200, body: { items: device.tasks.list() } };
  const found = device.tasks.get(id);
  return found === undefined
    ? { status: 404, body: { message: `No record found with ID of ${id}` } }
    : { status: 200, body: found };
}

async function declare(
  device: Device,
  request: LabRequest,
  scope: readonly string[],
): Promise<Reply> {
  const frame = { scope, query: request.query };
  switch (request.method) {
    case 'GET':
      return retrieve(device, frame);
    case 'DELETE':
      return answer(device, request, deleteJob(device, frame));
    case 'PATCH':
      return answer(device, request, deployPatch(device, request.body, frame));
    case 'POST':
      return post(device, request, scope);
    default:
      throw new Refused(405, 'Method Not Allowed');
  }
}

async function post(device: Device, request: LabRequest, scope: readonly string[]): Promise<Reply> {
  if (request.text === '') throw new Refused(408, 'request body is empty');
  const frame = { scope, query: request.query };
  if (Array.isArray(request.body) && request.body.every(isObject) && request.body.length > 0)
    return several(device, request.body, frame);
  const job = jobOf(device, request.body, frame);
  if (job === 'retrieve' && request.query.has('async'))
    throw new Refused(400, 'Bad Request: retrieve cannot be asynchronous');
  return job === 'retrieve' ? retrieve(device, frame) : answer(device, request, job);
}

/** A list of declarations, in sequence. */
async function several(
  device: Device,
  bodies: readonly unknown[],
  frame: { readonly scope: readonly string[]; readonly query: URLSearchParams },
): Promise<Reply> {
  const jobs = bodies
    .map((body) => jobOf(device, body, frame))
    .filter((job): job is Job => job !== 'retrieve');
  const names = jobs.flatMap((job) => [...tenantsOf(job.adc).keys()]);
  if (new Set(names).size !== names.length)
    throw new Refused(422, 'declaration is invalid', [
      'a tenant may stand in one declaration of the array only',
    ]);
  const replies: Reply[] = [];
  for (const job of jobs) replies.push(await runJob(device, job));
  const codes = replies.map((reply) => ({ code: reply.status }) as TenantResult);
  const status = statusOf(codes);
  return tenantReply(
    { status, body: { code: status, items: replies.map((reply) => reply.body) } },
    names,
  );
}
