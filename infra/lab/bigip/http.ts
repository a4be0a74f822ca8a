import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { as3Route } from './as3/routes.ts';
import { isSession, refusal, sessionRoute } from './auth.ts';
import type { Certificate } from './certificate.ts';
import type { Device } from './device.ts';
import type { Fault, FaultBox } from './faults.ts';
import { errorReply } from './http-types.ts';
import type { LabRequest, Reply } from './http-types.ts';
import { ltmRoute } from './ltm/routes.ts';
import type { Traffic } from './traffic.ts';

export interface WriteRecord {
  readonly time: number;
  readonly method: string;
  readonly path: string;
  /** 0 when the client got no answer. */
  readonly status: number;
  /** Tenants concerned, by comma. */
  readonly tenant: string | undefined;
  /** Whether the device carried it out; false when a fault kept it off. */
  readonly handled: boolean;
}

export interface Front {
  readonly device: Device;
  readonly traffic: Traffic;
  readonly box: FaultBox;
  readonly record: (write: WriteRecord) => void;
}

const HTML_STARTING = '<html><head><title>503 Service Unavailable</title></head><body><h1>Service Temporarily Unavailable</h1></body></html>';

export function createFront(front: Front, certificate: Certificate): Server {
  const server = createServer({ key: certificate.key, cert: certificate.cert }, (incoming, response) => {
    serve(front, incoming, response).catch((error: unknown) => {
      send(response, errorReply(500, `the lab failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`));
    });
  });
  server.keepAliveTimeout = 60_000;
  return server;
}

export async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

export async function closeFront(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function requestOf(incoming: IncomingMessage): Promise<LabRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const url = new URL(incoming.url ?? '/', 'https://localhost');
  return { method: incoming.method ?? 'GET', path: url.pathname, query: url.searchParams, headers: incoming.headers, text, body: parse(text) };
}

const BROKEN = Symbol('broken JSON');

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return BROKEN;
  }
}

async function serve(front: Front, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const request = await requestOf(incoming).catch(() => undefined);
  if (request === undefined) return;
  const { device, box } = front;
  await device.wait(box.latencyOf(request));
  const fault = box.take(request);
  if (fault?.response.kind === 'delay') await device.wait(fault.response.ms);
  const handled = fault === undefined || fault.after === true || fault.response.kind === 'delay';
  const reply = handled ? await handle(front, request) : undefined;
  const status = respond(response, fault, reply);
  if (request.method === 'GET' || isSession(request.path)) return;
  front.record({ time: device.settings.now(), method: request.method, path: request.path, status, tenant: reply?.tenant ?? tenantIn(request.path), handled });
}

function tenantIn(path: string): string | undefined {
  return /\/appsvcs\/declare\/([^/]+)/.exec(path)?.[1] ?? /\/~([^~/]+)~/.exec(path)?.[1];
}

async function handle({ device, traffic }: Front, request: LabRequest): Promise<Reply> {
  if (device.settings.now() < device.condition.startingUntil) return { status: 503, body: HTML_STARTING };
  const refused = refusal(device, request);
  if (refused !== undefined) return refused;
  if (request.body === BROKEN) return errorReply(400, 'Found invalid JSON in the request body');
  const reply = sessionRoute(device, request) ?? (await as3Route(device, request)) ?? (await ltmRoute(device, traffic, request));
  return reply ?? errorReply(404, `Public URI path not registered: ${request.path}`);
}

/** The status that the client sees, 0 for none. */
function respond(response: ServerResponse, fault: Fault | undefined, reply: Reply | undefined): number {
  if (fault === undefined || fault.response.kind === 'delay') return send(response, reply ?? errorReply(500, 'no answer'));
  const { response: wanted } = fault;
  switch (wanted.kind) {
    case 'status':
      return send(response, { status: wanted.status, body: wanted.body });
    case 'html':
      return send(response, { status: wanted.status, body: wanted.html ?? HTML_STARTING });
    case 'cut': {
      const text = JSON.stringify(wanted.body ?? reply?.body ?? { results: [{ code: 200, message: 'success' }] });
      return write(response, wanted.status ?? reply?.status ?? 200, { type: 'application/json; charset=UTF-8', text: text.slice(0, Math.ceil(text.length / 2)) });
    }
    case 'reset':
      response.socket?.destroy();
      return 0;
    case 'hang':
      return 0;
  }
}

function send(response: ServerResponse, reply: Reply): number {
  if (typeof reply.body === 'string') return write(response, reply.status, { type: 'text/html', text: reply.body });
  return write(response, reply.status, { type: 'application/json; charset=UTF-8', text: reply.body === undefined ? '' : JSON.stringify(reply.body) });
}

function write(response: ServerResponse, status: number, content: { readonly type: string; readonly text: string }): number {
  if (response.destroyed || response.headersSent) return 0;
  response.writeHead(status, status === 204 ? {} : { 'content-type': content.type, 'content-length': Buffer.byteLength(content.text) });
  response.end(content.text);
  return status;
}
