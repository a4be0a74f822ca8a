import type { IncomingHttpHeaders } from 'node:http';

/** A request, read completely. `body` is the parsed text, undefined if it is no JSON. */
export interface LabRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Parsed JSON; undefined when there is none. */
  readonly body: unknown;
}

/** An answer before it is sent. */
export interface Reply {
  readonly status: number;
  /** JSON; a string is sent unchanged (HTML). */
  readonly body?: unknown;
  /** For the record of writes. */
  readonly tenant?: string | undefined;
}

/** The REST framework's error, which differs from mcpd's and AS3's. */
export function errorReply(status: number, message: string): Reply {
  return { status, body: { code: status, message, errorStack: [], apiError: 3 } };
}
