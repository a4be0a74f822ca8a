/** Handles one request, from authentication to the answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { ApiError, methodNotAllowed, unauthorized } from '../errors.ts';
import { errorOf } from '../faults.ts';
import type { VerbContext } from '../verbs/context.ts';
import { answerGet, answerList, answerWatch } from '../verbs/read.ts';
import { answerReview } from '../verbs/review.ts';
import {
  answerCreate,
  answerDelete,
  answerDeleteCollection,
  answerPatch,
  answerUpdate,
} from '../verbs/write.ts';
import { aggregatedVersion } from './accept.ts';
import { aggregatedDiscovery, legacyDiscovery, versionAnswer } from './discovery.ts';
import { openApiIndex, openApiV2, openApiV2Binary, openApiV3 } from './openapi.ts';
import { sendBytes, sendError, sendJson, sendNothingHere } from './reply.ts';
import { type RequestInfo, readRequest } from './request.ts';

type Handler = (
  context: VerbContext,
  info: RequestInfo,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | void;

const handlers: Readonly<Record<string, Handler>> = {
  get: (context, info, _request, response) => answerGet(context, info, response),
  list: (context, info, _request, response) => answerList(context, info, response),
  watch: (context, info, _request, response) => void answerWatch(context, info, response),
  create: answerCreate,
  update: answerUpdate,
  patch: answerPatch,
  delete: answerDelete,
  deletecollection: answerDeleteCollection,
};

const reviewHandlers: Readonly<Record<string, Handler>> = { create: answerReview };

const health = ['/healthz', '/livez', '/readyz'];
const binaryV2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** Answers requests that are not about objects; returns whether it did. */
function answerAbout(
  context: VerbContext,
  path: string,
  accept: string,
  response: ServerResponse,
): boolean {
  if (path === '/openapi/v2' && accept.includes('protobuf')) {
    sendBytes(response, openApiV2Binary, binaryV2);
    return true;
  }
  const version = aggregatedVersion(accept);
  const aggregated = version && aggregatedDiscovery(context.catalog, path, version);
  if (aggregated) {
    sendJson(
      response,
      200,
      aggregated,
      `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    );
    return true;
  }
  const answer = fixedAnswer(context, path) ?? legacyDiscovery(context.catalog, path);
  if (answer) sendJson(response, 200, answer);
  return answer !== undefined;
}

function fixedAnswer({ catalog }: VerbContext, path: string): unknown {
  if (path === '/version') return versionAnswer;
  if (path === '/openapi/v2') return openApiV2;
  if (path === '/openapi/v3') return openApiIndex(catalog);
  return path.startsWith('/openapi/v3/') ? openApiV3(catalog, path) : undefined;
}

async function answerObjects(
  context: VerbContext,
  info: RequestInfo,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  context.faults.count(info);
  const handler = (info.resource.review ? reviewHandlers : handlers)[info.verb];
  if (!handler) throw methodNotAllowed();
  const effect = context.faults.effectOn(info);
  if (effect) {
    const error = errorOf(effect, info);
    if (error) throw error;
    if (effect.kind === 'hang') return hang(context, info, response);
    if (effect.kind === 'delay') await setTimeout(effect.ms, undefined, { ref: false });
    if (effect.kind === 'cut') {
      response.destroy();
      return;
    }
  }
  await handler(context, info, request, response);
}

function hang(context: VerbContext, info: RequestInfo, response: ServerResponse): void {
  if (info.verb === 'watch') answerWatch(context, info, response).silence();
}

async function route(
  context: VerbContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://lab');
  const path = url.pathname.replace(/\/$/, '') || '/';
  const accept = request.headers.accept ?? '';
  if (request.method === 'GET' && answerAbout(context, path, accept, response)) return;
  const info = readRequest(
    { method: request.method ?? 'GET', url, headers: request.headers },
    context.catalog,
  );
  if (!info) return sendNothingHere(response);
  await answerObjects(context, info, request, response);
}

/** Requires the token, except for health checks. Never throws: errors become a Status. */
export function createRouter(
  context: VerbContext,
  token: string,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    if (health.includes((request.url ?? '').split('?')[0] ?? '')) return void response.end('ok');
    if (request.headers.authorization !== `Bearer ${token}`) {
      return sendError(response, unauthorized());
    }
    route(context, request, response).catch((error: unknown) =>
      sendError(
        response,
        error instanceof URIError
          ? new ApiError(400, 'BadRequest', 'the path is not correctly encoded')
          : error,
      ),
    );
  };
}
