import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { as3Route } from './as3/routes.ts';
import { isSession, refusal, sessionRoute } from './auth.ts';
import type { Certificate } from './certificate.ts';
import type { Device } from './device.ts';
import { isHandled, withEcho } from './faults.ts';
import type { FaultBox } from './faults.ts';
import { errorReply } from './http-types.ts';
import type { LabRequest, Reply } from './http-types.ts';
import { HTML_STARTING, respond, send } from './send.ts';
import { ltmRoute } from './ltm/routes.ts';
import type { Traffic } from './traffic.ts';

/** A request that may have changed something. `time` is in milliseconds since 1970. */
export interface WriteRecord {
  readonly time: number;
  readonly method: string;
  readonly path: string;
  /** 0 if the client got no answer. */
  readonly status: number;
  /** Affected tenants, comma-separated. */
  readonly tenant: string | undefined;
  /** Whether the device carried it out; false if a fault prevented it. */
  readonly handled: boolean;
}

/** What the HTTPS server needs of the device. */
export interface Front {
  readonly device: Device;
  readonly traffic: Traffic;
  readonly box: FaultBox;
  readonly record: (write: WriteRecord) => void;
}

/** Authenticates, waits, injects faults and routes. It does not listen yet. */
export function createFront(front: Front, certificate: Certificate): Server {
  const server = createServer(
    { key: certificate.key, cert: certificate.cert },
    (incoming, response) => {
      serve(front, incoming, response).catch((error: unknown) => {
        send(
          response,
          errorReply(
            500,
            `the lab failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          ),
        );
      });
    },
  );
  server.keepAliveTimeout = 60_000;
  return server;
}

/** Resolves with the port, which was chosen if it was 0. */
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

/** Ends open connections too. */
export async function closeFront(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Undefined if it is malformed. */
function urlOf({ url = '/' }: IncomingMessage): URL | undefined {
  try {
    const parsed = new URL(`https://localhost${url}`);
    decodeURIComponent(parsed.pathname);
    return parsed;
  } catch {
    return undefined;
  }
}

async function requestOf(incoming: IncomingMessage, url: URL): Promise<LabRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    text,
    body: parse(text),
  };
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

async function serve(
  front: Front,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = urlOf(incoming);
  if (url === undefined) {
    send(response, errorReply(400, 'Found a malformed URI'));
    return;
  }
  const request = await requestOf(incoming, url).catch(() => undefined);
  if (request === undefined) return;
  const { device, box } = front;
  await device.wait(box.latencyOf(request));
  const fault = withEcho(box.take(request), request);
  if (fault?.response.kind === 'delay') await device.wait(fault.response.ms);
  const handled = fault === undefined || isHandled(fault);
  const reply = handled ? await handle(front, request) : undefined;
  const status = respond(response, fault, reply);
  if (request.method === 'GET' || isSession(request.path)) return;
  front.record({
    time: device.settings.now(),
    method: request.method,
    path: request.path,
    status,
    tenant: reply?.tenant ?? tenantIn(request.path),
    handled,
  });
}

function tenantIn(path: string): string | undefined {
  return /\/appsvcs\/declare\/([^/]+)/.exec(path)?.[1] ?? /\/~([^~/]+)~/.exec(path)?.[1];
}

async function handle({ device, traffic }: Front, request: LabRequest): Promise<Reply> {
  if (device.settings.now() < device.condition.startingUntil)
    return { status: 503, body: HTML_STARTING };
  const refused = refusal(device, request);
  if (refused !== undefined) return refused;
  if (request.body === BROKEN) return errorReply(400, 'Found invalid JSON in the request body');
  const reply =
    sessionRoute(device, request) ??
    (await as3Route(device, request)) ??
    (await ltmRoute(device, traffic, request));
  return reply ?? errorReply(404, `Public URI path not registered: ${request.path}`);
}
