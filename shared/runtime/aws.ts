/** Limits of calls to AWS. The clients' own time limits know silence only: a server that drips, or a role that cannot be had, would hold a call for ever. */
import { within } from './shared-call.ts';

/** For the clients' `requestHandler`, in milliseconds. Without `throwOnRequestTimeout` the SDK only warns, and hangs on a server that accepts and never answers. */
export interface HandlerLimits {
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly socketTimeout: number;
  readonly throwOnRequestTimeout: true;
}

const CONNECT_MS = 5_000;

export function handlerLimits(silence: number): HandlerLimits {
  return {
    connectionTimeout: CONNECT_MS,
    requestTimeout: silence,
    socketTimeout: silence,
    throwOnRequestTimeout: true,
  };
}

/** By the name that the adapters know for "no answer in time". */
export class TotalTimeout extends Error {
  constructor(milliseconds: number) {
    super(`no complete answer within ${milliseconds / 1000} s`);
    this.name = 'TimeoutError';
  }
}

type Handler<A, R> = (args: A) => Promise<R>;

/** To be added at the step `initialize`: a call ends within `total` ms, with its retries and with what its credentials take. */
export function withinTotal(total: number): <A, R>(next: Handler<A, R>) => Handler<A, R> {
  return (next) => (args) => within(next(args), total, () => new TotalTimeout(total));
}

export const AT_THE_BEGINNING = { step: 'initialize', name: 'sluiceTotal' } as const;
