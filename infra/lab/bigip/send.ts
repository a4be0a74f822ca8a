import type { ServerResponse } from 'node:http';
import type { Fault, FaultResponse } from './faults.ts';
import { isSick, respondSick } from './sick.ts';
import { errorReply } from './http-types.ts';
import type { Reply } from './http-types.ts';

/** Apache's page while the REST framework starts, sent with status 503. */
export const HTML_STARTING =
  '<html><head><title>503 Service Unavailable</title></head><body><h1>Service ' +
  'Temporarily Unavailable</h1></body></html>';

/** The status that the client sees, 0 for none. */
export function respond(
  response: ServerResponse,
  fault: Fault | undefined,
  reply: Reply | undefined,
): number {
  const wanted = fault?.response ?? { kind: 'delay', ms: 0 };
  if (isSick(wanted)) return respondSick(response, wanted, reply);
  switch (wanted.kind) {
    case 'status':
      return send(response, { status: wanted.status, body: wanted.body });
    case 'html':
      return send(response, { status: wanted.status, body: wanted.html ?? HTML_STARTING });
    case 'cut':
      return sendHalf(response, wanted, reply);
    case 'reset':
      response.socket?.destroy();
      return 0;
    case 'hang':
      return 0;
    default:
      return send(response, reply ?? errorReply(500, 'no answer'));
  }
}

const SUCCESS = { results: [{ code: 200, message: 'success' }] };

function sendHalf(
  response: ServerResponse,
  wanted: Extract<FaultResponse, { kind: 'cut' }>,
  reply: Reply | undefined,
): number {
  const text = JSON.stringify(wanted.body ?? reply?.body ?? SUCCESS);
  return write(response, wanted.status ?? reply?.status ?? 200, {
    type: JSON_TYPE,
    text: text.slice(0, Math.ceil(text.length / 2)),
  });
}

const JSON_TYPE = 'application/json; charset=UTF-8';

/** Resolves to the number of bytes of the body. */
export function send(response: ServerResponse, reply: Reply): number {
  if (typeof reply.body === 'string')
    return write(response, reply.status, { type: 'text/html', text: reply.body });
  return write(response, reply.status, {
    type: JSON_TYPE,
    text: reply.body === undefined ? '' : JSON.stringify(reply.body),
  });
}

function write(
  response: ServerResponse,
  status: number,
  content: { readonly type: string; readonly text: string },
): number {
  if (response.destroyed || response.headersSent) return 0;
  response.writeHead(
    status,
    status === 204
      ? {}
      : { 'content-type': content.type, 'content-length': Buffer.byteLength(content.text) },
  );
  response.end(content.text);
  return status;
}
