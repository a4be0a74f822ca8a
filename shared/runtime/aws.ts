/**
 * Time limits and proxies for AWS calls. The limits of the clients only detect silence: a slow server, or
 * unavailable credentials, would block a call forever.
 */
import type { Environment } from './process.ts';
import { proxyFor } from './proxy.ts';
import { within } from './shared-call.ts';

/**
 * For `requestHandler` of the clients, in milliseconds. Without `throwOnRequestTimeout` the SDK
 * only logs a warning, and hangs if a server accepts the connection and never answers.
 */
export interface HandlerOptions {
  readonly connectionTimeout: number;
  readonly requestTimeout: number;
  readonly socketTimeout: number;
  readonly throwOnRequestTimeout: true;
  /** Absent without a proxy. */
  readonly httpAgent?: ProxyAgentOptions;
  readonly httpsAgent?: ProxyAgentOptions;
}

/** Options of an agent of Node, which can use a proxy itself. */
interface ProxyAgentOptions {
  readonly proxyEnv: { readonly HTTP_PROXY: string; readonly HTTPS_PROXY: string };
}

/** What a client calls. */
export interface AwsServer {
  /** As in the host name, such as `sqs`. */
  readonly service: string;
  /** Undefined: the region of the environment. */
  readonly region?: string | undefined;
  /** URL of a compatible server; undefined for AWS. */
  readonly endpoint?: string | undefined;
}

const CONNECT_MS = 5_000;

/** Options of the SDK's HTTP handler; `silence` is in milliseconds. Proxies are those of kubectl. */
export function handlerOptions(
  silence: number,
  server: AwsServer,
  env: Environment = process.env,
): HandlerOptions {
  return {
    connectionTimeout: CONNECT_MS,
    requestTimeout: silence,
    socketTimeout: silence,
    throwOnRequestTimeout: true,
    ...agentsFor(server, env),
  };
}

/** Its code becomes the reason in messages that must not quote others. */
class NoHttpProxy extends Error {
  readonly code = 'the proxy of the environment is not an HTTP proxy';
}

/** Throws if Node cannot use the proxy; it would ignore it without a word. */
function agentsFor(
  {
    service,
    region = 'region',
    endpoint = `https://${service}.${region}.amazonaws.com`,
  }: AwsServer,
  env: Environment,
): Pick<HandlerOptions, 'httpAgent' | 'httpsAgent'> {
  const proxy = proxyFor(endpoint, env);
  if (proxy === undefined) return {};
  if (!/^https?:$/.test(URL.parse(proxy)?.protocol ?? ''))
    throw new NoHttpProxy(
      `the proxy for ${endpoint} is not an HTTP proxy; correct HTTPS_PROXY or HTTP_PROXY, ` +
        `or add ${new URL(endpoint).hostname} to NO_PROXY`,
    );
  const agent = { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
  return { httpAgent: agent, httpsAgent: agent };
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
