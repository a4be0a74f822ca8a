import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { readAll, startMeter, type ExchangeLimits } from '../runtime/meter.ts';
import type { Clock } from '../runtime/runtime.ts';
import { within } from '../runtime/shared-call.ts';
import type { CredentialSource, Credentials } from './credentials.ts';
import { errorFromStatus, Fenced, unreachable } from './error.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Longest silence between two pieces of the answer, in milliseconds. */
  readonly silence?: number;
  /** Asked right before the request leaves, when nothing can delay it any more; rejects where it must not. */
  readonly fence?: (() => Promise<void>) | undefined;
  /** Told of every piece of the answer. */
  readonly received?: ((bytes: number) => void) | undefined;
}

/** The one way to the API server. Answers other than 2xx become a KubernetesError. */
export interface ApiTransport {
  json(request: ApiRequest): Promise<unknown>;
  stream(request: ApiRequest): Promise<Readable>;
  /** The API server's clock, in milliseconds since 1970 and give or take a second; undefined where no answer told it yet. */
  time(): number | undefined;
  close(): Promise<void>;
}

type Answer = Dispatcher.ResponseData;

/**
 * Of one answer that is held in memory. A page is 200 objects; a server that knows no pages may send all of a kind at once: 10,000 Gateways
 * of 5 KB are 50 MB. Watches are read line by line and have limits of their own.
 */
const LIMITS: ExchangeLimits = { total: 60_000, bytes: 256 * 1024 * 1024 };
/** Milliseconds: for tokens and certificates, which may come from a program or a server. */
const CREDENTIALS = 45_000;

export function createApiTransport(
  source: CredentialSource,
  { monotonic }: Pick<Clock, 'monotonic'>,
  limits: ExchangeLimits = LIMITS,
): ApiTransport {
  /** The server's clock before ours, at the last answer. */
  let ahead: number | undefined;
  let current: { readonly fingerprint: string; readonly dispatcher: Dispatcher } | undefined;

  function dispatcherFor(credentials: Credentials): Dispatcher {
    if (current?.fingerprint === credentials.fingerprint) return current.dispatcher;
    // Streams on the old connections end by themselves within their timeout; new ones use the new certificate.
    current?.dispatcher.close().catch(() => undefined);
    current = { fingerprint: credentials.fingerprint, dispatcher: credentials.createDispatcher() };
    return current.dispatcher;
  }

  async function attempt(call: ApiRequest): Promise<Answer> {
    const credentials = await within(
      source.read(),
      CREDENTIALS,
      () => new Error(`no credentials within ${CREDENTIALS / 1000} s`),
    );
    const dispatcher = dispatcherFor(credentials);
    await call.fence?.();
    return request(`${credentials.server}${call.path}${queryOf(call.query)}`, {
      dispatcher,
      method: call.method,
      headers: {
        accept: 'application/json',
        'user-agent': 'sluice',
        ...credentials.headers,
        ...(call.body === undefined
          ? {}
          : { 'content-type': call.contentType ?? 'application/json' }),
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
      signal: call.signal ?? null,
      ...(call.silence === undefined ? {} : { bodyTimeout: call.silence }),
    });
  }

  async function send(call: ApiRequest): Promise<Answer> {
    const what = `${call.method} ${call.path}`;
    const ask = (): Promise<Answer> =>
      attempt(call).catch((cause: unknown) =>
        Promise.reject(cause instanceof Fenced ? cause : unreachable(what, cause)),
      );
    let answer = await ask();
    const date = dateOf(answer);
    if (date !== undefined) ahead = date - monotonic();
    if (answer.statusCode === 401) {
      // A token may have expired in a cache; one fresh reading tells.
      await answer.body.dump();
      source.reload();
      answer = await ask();
    }
    if (answer.statusCode < 300) return answer;
    const retryAfter = answer.headers['retry-after'];
    throw errorFromStatus(
      what,
      answer.statusCode,
      await readJson(answer, limits).catch(() => undefined),
      typeof retryAfter === 'string' ? retryAfter : undefined,
    );
  }

  return {
    json: async (call) => {
      const answer = await send(call);
      return readJson(answer, limits, call.received).catch((cause: unknown) =>
        Promise.reject(unreachable(`${call.method} ${call.path}`, cause)),
      );
    },
    stream: async (call) => (await send(call)).body,
    time: () => (ahead === undefined ? undefined : ahead + monotonic()),
    close: async () => {
      await current?.dispatcher.destroy();
      current = undefined;
    },
  };
}

/** HTTP tells whole seconds, rounded down. */
const HALF_A_SECOND = 500;

function dateOf({ headers }: Answer): number | undefined {
  const date = Date.parse(String(headers['date']));
  return Number.isNaN(date) ? undefined : date + HALF_A_SECOND;
}

async function readJson(
  answer: Answer,
  limits: ExchangeLimits,
  received?: (bytes: number) => void,
): Promise<unknown> {
  const meter = startMeter(limits);
  const giveUp = (): void => void answer.body.destroy(meter.signal.reason as Error);
  meter.signal.addEventListener('abort', giveUp, { once: true });
  try {
    const text = await readAll(answer.body, answer.headers['content-encoding'], meter);
    received?.(text.byteLength);
    const body: unknown = JSON.parse(text.toString());
    return body;
  } finally {
    meter.end();
  }
}

function queryOf(query: ApiRequest['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}
