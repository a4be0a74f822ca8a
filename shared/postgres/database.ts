/**
 * Connections to one PostgreSQL server. Every call is one transaction without state in the session,
 * so that a pooler such as PgBouncer may give each one another connection.
 */
import { Pool, escapeIdentifier } from 'pg';
import type { ClientConfig, QueryResultRow } from 'pg';
import type { Secrets } from '../config/secrets.ts';
import type { PostgresServer } from '../config/postgres.ts';
import type { Clock } from '../runtime/clock.ts';
import { lazily } from '../runtime/lazy.ts';
import type { Lazy } from '../runtime/lazy.ts';
import { migrate } from './migrate.ts';
import type { Migrations } from './migrate.ts';
import { startNotices } from './notices.ts';
import { connectionOptions } from './options.ts';
import { inTransaction, STATEMENT_MS } from './transaction.ts';

/** What a database needs besides its configuration. */
export interface DatabaseOptions {
  readonly server: PostgresServer;
  readonly secrets: Pick<Secrets, 'resolve'>;
  readonly clock: Clock;
  /** Tables of the caller, which are created before the first call. */
  readonly migrations: Migrations;
}

/** One server. All methods reject with the error of the server or of its client. */
export interface Database {
  /** Of one statement, in a transaction of its own with a time limit. `$schema` is its schema. */
  call<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]>;
  /** Calls `hear` for each notice on the channel. Notices may be lost, so poll as well. */
  listen(channel: string, hear: (payload: string) => void): void;
  /** Resolves when the calls in progress have ended; later ones are refused. */
  close(): Promise<void>;
}

/** Milliseconds of one answer: longer than the server's limit, so that the client hears the reason. */
const ANSWER_MS = STATEMENT_MS + 5_000;
/** Milliseconds of a login, and until an unused connection is closed. */
const CONNECT_MS = 10_000;
const IDLE_MS = 30_000;

/** Connects with the first call. */
export function connectPostgres(options: DatabaseOptions): Database {
  return new Server(options);
}

class Server implements Database {
  readonly #options: DatabaseOptions;
  /** Quoted. */
  readonly #schema: string;
  readonly #over = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #connection: Lazy<ClientConfig>;
  readonly #pool: Lazy<Pool>;

  constructor(options: DatabaseOptions) {
    const { server, secrets } = options;
    this.#options = options;
    this.#schema = escapeIdentifier(server.schema);
    this.#connection = lazily(() => connectionOptions(server, secrets));
    this.#pool = lazily(() => this.#open());
  }

  async call<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    if (this.#over.signal.aborted)
      throw new Error('the connection is closed: the process is stopping');
    const one = this.#run<Row>(text.replaceAll('$schema', this.#schema), values);
    this.#running.add(one);
    try {
      return await one;
    } finally {
      this.#running.delete(one);
    }
  }

  listen(channel: string, hear: (payload: string) => void): void {
    void startNotices({
      connection: () => this.#connection.get(),
      clock: this.#options.clock,
      channel,
      hear,
      signal: this.#over.signal,
    });
  }

  async close(): Promise<void> {
    this.#over.abort();
    // The pool would leave calls that wait for a connection waiting.
    await Promise.allSettled(this.#running);
    await this.#pool.close((pool) => pool.end());
  }

  async #open(): Promise<Pool> {
    const { server, migrations } = this.#options;
    const pool = new Pool({
      ...(await this.#connection.get()),
      max: server.connections,
      query_timeout: ANSWER_MS,
      connectionTimeoutMillis: CONNECT_MS,
      idleTimeoutMillis: IDLE_MS,
    });
    // A server that restarts ends idle connections; the next call opens another one.
    pool.on('error', () => undefined);
    try {
      await migrate(pool, server.schema, migrations);
    } catch (error) {
      await pool.end();
      throw error;
    }
    return pool;
  }

  async #run<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<readonly Row[]> {
    const { rows } = await inTransaction(await this.#pool.get(), (client) =>
      client.query<Row>(text, [...values]),
    );
    return rows;
  }
}
