/**
 * Time limits for AWS calls. The limits of the clients only detect silence: a slow server, or
 * unavailable credentials, would block a call forever.
 */
import { within } from './shared-call.ts';

/**
 * For `requestHandler` of the clients, in milliseconds. Without `throwOnRequestTimeout` the SDK
 * only logs a warning, and hangs if a server accepts the connection and never answers.
 */
export interface HandlerLimits {
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly socketTimeout: number;
  readonly throwOnRequestTimeout: true;
}

const CONNECT_MS = 5_000;

/** Options of the SDK's HTTP handler; `silence` is in milliseconds. */
export function handlerLimits(silence: number): HandlerLimits {
  return {
    connectionTimeout: CONNECT_MS,
    requestTimeout: silence,
    socketTimeout: silence,
    throwOnRequestTimeout: true,
  };
}

/** Named like the SDK error that the adapters treat as a timeout. */
export class TotalTimeout extends Error {
  constructor(milliseconds: number) {
    super(`no complete answer within ${milliseconds / 1000} s`);
    this.name = 'TimeoutError';
  }
}

type Handler<A, R> = (args: A) => Promise<R>;

/**
 * Middleware for the step `initialize`: limits a call to `total` ms, including retries and
 * credentials.
 */
export function withinTotal(total: number): <A, R>(next: Handler<A, R>) => Handler<A, R> {
  return (next) => (args) => within(next(args), total, () => new TotalTimeout(total));
}

/** The position of a middleware that measures a call including its retries. */
export const AT_THE_BEGINNING = { step: 'initialize', name: 'sluiceTotal' } as const;
