import type { ServerResponse } from 'node:http';
import { ApiError } from '../errors.ts';
import { textAt } from '../fields.ts';

/** Ends the response. */
export function sendJson(
  response: ServerResponse,
  code: number,
  body: unknown,
  contentType = 'application/json',
): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(code, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-cache, private',
  });
  response.end(text);
}

/** Ends the response; for what is no JSON. */
export function sendBytes(response: ServerResponse, bytes: Buffer, contentType: string): void {
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length });
  response.end(bytes);
}

/** The API server answers in plain text for unknown paths. */
export function sendNothingHere(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
  response.end('404 page not found\n');
}

/** As a Status. Destroys the connection if a part was sent already. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(
          500,
          'InternalError',
          `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
        );
  const wait = textAt(known.body, 'details.retryAfterSeconds');
  if (wait !== '') response.setHeader('retry-after', wait);
  sendJson(response, known.code, known.body);
}
