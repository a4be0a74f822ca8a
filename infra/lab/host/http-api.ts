/**
 * What AWS puts in front of functions that people and programs call: an HTTP API (payload format
 * 2.0) and the interface of Lambda for asynchronous calls, on loopback, with their limits.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Calls a function with an event; rejects if the call fails. */
export type Invoke = (event: object) => Promise<unknown>;

export interface LocalServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Bytes: of a request of an HTTP API, and of the answer of a function. */
const MAX_REQUEST = 10 * 1024 * 1024;
const MAX_ANSWER = 6 * 1024 * 1024 + 100;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.writeHead(500).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://localhost:${(server.address() as AddressInfo).port}` };
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

/** Other bodies than text are passed on as base64. */
const TEXT = /^(text\/|application\/(json|javascript|xml))/;

function eventOf(request: IncomingMessage, body: Buffer): object {
  const { method = 'GET', url = '/', headers } = request;
  const [rawPath = '/', ...query] = url.split('?');
  const { cookie, ...others } = headers;
  const isText = TEXT.test(headers['content-type'] ?? 'text/plain');
  const http = {
    method,
    path: rawPath,
    protocol: 'HTTP/1.1',
    sourceIp: '127.0.0.1',
    userAgent: '',
  };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query.join('?'),
    ...(cookie !== undefined && { cookies: cookie.split('; ') }),
    headers: Object.fromEntries(
      Object.entries(others).map(([name, value]) => [name, [value].flat().join(',')]),
    ),
    requestContext: {
      accountId: '111122223333',
      apiId: 'lab',
      domainName: headers.host,
      domainPrefix: 'lab',
      http,
      requestId: 'lab',
      routeKey: '$default',
      stage: '$default',
      time: new Date().toISOString(),
      timeEpoch: Date.now(),
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

interface Answered {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** A fault of the function, or an answer that is too large, as an HTTP API answers it. */
const FAULT: Answered = { statusCode: 500, body: '{"message":"Internal Server Error"}' };

/** An HTTP API with one function for every route. `invoke` may be set later. */
export async function startHttpApi(api: { invoke: Invoke }): Promise<LocalServer> {
  const answerOf = async (request: IncomingMessage): Promise<Answered> => {
    const body = await bodyOf(request);
    if (body.length > MAX_REQUEST)
      return { statusCode: 413, body: '{"message":"Request Too Long"}' };
    const answer = (await api.invoke(eventOf(request, body)).catch(() => FAULT)) as Answered;
    return Buffer.byteLength(JSON.stringify(answer)) > MAX_ANSWER ? FAULT : answer;
  };
  const { server, url } = await listen(async (request, response) => {
    const {
      statusCode,
      headers = {},
      cookies = [],
      body = '',
      isBase64Encoded,
    } = await answerOf(request);
    response.writeHead(statusCode, {
      ...headers,
      ...(cookies.length > 0 && { 'Set-Cookie': [...cookies] }),
    });
    response.end(Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8'));
  });
  return { url, stop: () => close(server) };
}

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/** Takes asynchronous calls at once, and makes them afterwards, each once. */
export async function startLambdaApi(
  functions: Readonly<Record<string, Invoke>>,
): Promise<LocalServer & { readonly calls: readonly (readonly [string, object])[] }> {
  const calls: (readonly [string, object])[] = [];
  const { server, url } = await listen(async (request, response) => {
    const body = await bodyOf(request);
    const name = PATH.exec(request.url ?? '')?.[1] ?? '';
    const invoke = functions[name];
    if (invoke === undefined || request.headers['x-amz-invocation-type'] !== 'Event') {
      response.writeHead(404, { 'X-Amzn-ErrorType': 'ResourceNotFoundException' });
      response.end(JSON.stringify({ Message: `Function not found: ${name}` }));
      return;
    }
    const event = JSON.parse(body.toString()) as object;
    calls.push([name, event]);
    response.writeHead(202).end();
    await invoke(event).catch(() => undefined);
  });
  return { url, calls, stop: () => close(server) };
}
