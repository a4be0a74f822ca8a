/** HTTP requests to the API server, with limits on time and size. */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { readBody, startMeter, type ExchangeLimits } from '../runtime/meter.ts';
import type { Clock } from '../runtime/clock.ts';
import { within } from '../runtime/shared-call.ts';
import type { CredentialSource, ApiCredentials } from './credentials.ts';
import { errorFromStatus, Fenced, unreachable } from './error.ts';

/** One request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the server of the kubeconfig, such as `/api/v1/nodes`, already encoded. */
  readonly path: string;
  /** Undefined and empty values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Default: `application/json`; patches have types of their own. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Called directly before the request is sent; rejects if it must not be sent. */
  readonly fence?: (() => Promise<void>) | undefined;
  /** Called for every received chunk. */
  readonly received?: ((bytes: number) => void) | undefined;
  /** The response may be silent for any time; the reader ends it. */
  readonly endless?: boolean;
}

/** The only access to the API server. Answers other than 2xx become a KubernetesError. */
export interface ApiTransport {
  /** Reads the whole answer, within limits of time and size. Rejects if it is not JSON. */
  json(request: ApiRequest): Promise<unknown>;
  /** The body as it arrives; the caller ends it with `signal` or by destroying it. */
  stream(request: Omit<ApiRequest, 'endless'>): Promise<Readable>;
  /**
   * The API server's time in milliseconds since 1970, within about a second; undefined until an
   * answer contained it.
   */
  time(): number | undefined;
  /** The time at which the API server just wrote an object. Used until an answer has a `Date`. */
  wrote(time: number): void;
  /** Ends all connections, with requests and watches that use them. */
  close(): Promise<void>;
}

type Answer = Dispatcher.ResponseData;

/**
 * For one answer held in memory. A page has 200 objects; a server without paging may send all
 * objects of a kind: 10,000 Gateways of 5 KB are 50 MB. Watches are read line by line with separate
 * limits.
 */
const LIMITS: ExchangeLimits = { total: 60_000, bytes: 256 * 1024 * 1024 };
/** For tokens and certificates, which may come from a program or a server. */
const CREDENTIALS_MS = 45_000;

/** One connection pool. Connections are replaced when the credentials change. */
export function createApiTransport(
  source: CredentialSource,
  clock: Pick<Clock, 'monotonic'>,
  limits: ExchangeLimits = LIMITS,
): ApiTransport {
  return new UndiciTransport(source, clock, limits);
}

class UndiciTransport implements ApiTransport {
  readonly #source: CredentialSource;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #limits: ExchangeLimits;
  /** Lead of the server's clock over ours, at the last answer. */
  #ahead: number | undefined;
  /** An answer had a `Date`. */
  #dated = false;
  #current: { readonly fingerprint: string; readonly dispatcher: Dispatcher } | undefined;

  constructor(source: CredentialSource, clock: Pick<Clock, 'monotonic'>, limits: ExchangeLimits) {
    this.#source = source;
    this.#clock = clock;
    this.#limits = limits;
  }

  async json(call: ApiRequest): Promise<unknown> {
    const answer = await this.#send(call);
    return readJson(answer, this.#limits, call.received).catch((cause: unknown) =>
      Promise.reject(unreachable(textOf(call), cause)),
    );
  }

  async stream(call: ApiRequest): Promise<Readable> {
    return (await this.#send({ ...call, endless: true })).body;
  }

  time(): number | undefined {
    return this.#ahead === undefined ? undefined : this.#ahead + this.#clock.monotonic();
  }

  wrote(time: number): void {
    if (!this.#dated) this.#ahead = time - this.#clock.monotonic();
  }

  async close(): Promise<void> {
    await this.#current?.dispatcher.destroy();
    this.#current = undefined;
  }

  /**
   * Sends a request and notes the clock of the server. After a 401 the credentials are read once
   * more. Throws a KubernetesError with the status for every answer from 300 on.
   */
  async #send(call: ApiRequest): Promise<Answer> {
    let answer = await this.#attempt(call);
    const date = dateOf(answer);
    if (date !== undefined) {
      this.#dated = true;
      this.#ahead = date - this.#clock.monotonic();
    }
    if (answer.statusCode === 401) {
      // A cached token may have expired; one fresh read decides.
      await answer.body.dump();
      this.#source.reload();
      answer = await this.#attempt(call);
    }
    if (answer.statusCode < 300) return answer;
    const retryAfter = answer.headers['retry-after'];
    throw errorFromStatus(
      textOf(call),
      answer.statusCode,
      await readJson(answer, this.#limits).catch(() => undefined),
      typeof retryAfter === 'string' ? retryAfter : undefined,
    );
  }

  /** One attempt with fresh credentials. The fence is asked last, right before the request. */
  async #attempt(call: ApiRequest): Promise<Answer> {
    try {
      const credentials = await within(
        this.#source.read(),
        CREDENTIALS_MS,
        () => new Error(`no credentials within ${CREDENTIALS_MS / 1000} s`),
      );
      const dispatcher = this.#dispatcherFor(credentials);
      await call.fence?.();
      return await dispatcher.request(requestOptions(call, credentials));
    } catch (cause) {
      throw cause instanceof Fenced ? cause : unreachable(textOf(call), cause);
    }
  }

  /** Connections for these credentials; new ones if certificate or CA changed. */
  #dispatcherFor(credentials: ApiCredentials): Dispatcher {
    const { fingerprint } = credentials;
    if (this.#current?.fingerprint === fingerprint) return this.#current.dispatcher;
    // Streams on old connections end within their timeout; new ones use the new certificate.
    this.#current?.dispatcher.close().catch(() => undefined);
    this.#current = { fingerprint, dispatcher: credentials.createDispatcher() };
    return this.#current.dispatcher;
  }
}

/** Options for undici. An endless answer, such as a watch, has no time limit for its body. */
function requestOptions(
  { method, path, query, body, contentType, signal, endless }: ApiRequest,
  credentials: ApiCredentials,
): Dispatcher.RequestOptions {
  // The server of a kubeconfig may have a path of its own.
  const { origin, pathname, search } = new URL(`${credentials.server}${path}${queryOf(query)}`);
  return {
    origin,
    path: `${pathname}${search}`,
    method,
    headers: {
      accept: 'application/json',
      'user-agent': 'sluice',
      ...credentials.headers,
      ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
    ...(endless === true && { bodyTimeout: 0 }),
  };
}

/** The request in messages, without its query. */
function textOf({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}

/** HTTP dates are whole seconds, rounded down. */
const HALF_A_SECOND_MS = 500;

/**
 * The middle of the second that `Date` names, in milliseconds; undefined if it is missing or
 * unreadable.
 */
function dateOf({ headers }: Answer): number | undefined {
  const date = Date.parse(String(headers['date']));
  return Number.isNaN(date) ? undefined : date + HALF_A_SECOND_MS;
}

/** Reads an answer completely, within its limits of time and size. */
async function readJson(
  answer: Answer,
  limits: ExchangeLimits,
  received?: (bytes: number) => void,
): Promise<unknown> {
  const meter = startMeter(limits);
  const giveUp = (): void => void answer.body.destroy(meter.signal.reason as Error);
  meter.signal.addEventListener('abort', giveUp, { once: true });
  try {
    const text = await readBody(answer.body, answer.headers['content-encoding'], meter);
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
