/**
 * Connections to one PostgreSQL server. Every call is one transaction without state in the session,
 * so that a pooler such as PgBouncer may give each one another connection.
 */
import { escapeIdentifier } from 'pg';
import type { Pool, QueryResultRow } from 'pg';
import type { Secrets } from '../config/secrets.ts';
import type { PostgresServer } from '../config/postgres.ts';
import type { Clock } from '../runtime/clock.ts';
import { lazily } from '../runtime/lazy.ts';
import type { Lazy } from '../runtime/lazy.ts';
import { migrate } from './migrate.ts';
import type { Migrations } from './migrate.ts';
import { startNotices } from './notices.ts';
import { connectionOptions } from './options.ts';
import { usePool } from './pools.ts';
import type { PoolUse } from './pools.ts';
import { inTransaction } from './transaction.ts';

/** What a database needs besides its configuration. */
export interface DatabaseOptions {
  readonly server: PostgresServer;
  readonly secrets: Pick<Secrets, 'resolve'>;
  readonly clock: Clock;
  /** Tables of the caller, which are created before the first call. */
  readonly migrations: readonly Migrations[];
}

/** Runs one statement with a time limit. `$schema` is the schema of the database. */
export type DatabaseCall = <Row extends QueryResultRow>(
  text: string,
  values: readonly unknown[],
) => Promise<readonly Row[]>;

/** One server. All methods reject with the error of the server or of its client. */
export interface Database {
  /** In a transaction of its own. */
  readonly call: DatabaseCall;
  /** All calls of the work, which are undone if it rejects. */
  transaction<T>(work: (call: DatabaseCall) => Promise<T>): Promise<T>;
  /** Calls `hear` for each notice on the channel. Notices may be lost, so poll as well. */
  listen(channel: string, hear: (payload: string) => void): void;
  /** Resolves when the calls in progress have ended; later ones are refused. */
  close(): Promise<void>;
}

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
  readonly #pool: PoolUse;
  /** The pool, with all tables. */
  readonly #ready: Lazy<Pool>;

  constructor(options: DatabaseOptions) {
    const { server, secrets } = options;
    this.#options = options;
    this.#schema = escapeIdentifier(server.schema);
    this.#pool = usePool(server, secrets);
    this.#ready = lazily(() => this.#migrated());
  }

  readonly call: DatabaseCall = (text, values) => this.transaction((call) => call(text, values));

  async transaction<T>(work: (call: DatabaseCall) => Promise<T>): Promise<T> {
    if (this.#over.signal.aborted)
      throw new Error('the connection is closed: the process is stopping');
    const one = this.#run(work);
    this.#running.add(one);
    try {
      return await one;
    } finally {
      this.#running.delete(one);
    }
  }

  listen(channel: string, hear: (payload: string) => void): void {
    const { server, secrets, clock } = this.#options;
    void startNotices({
      connection: () => connectionOptions(server, secrets),
      clock,
      channel,
      hear,
      signal: this.#over.signal,
    });
  }

  async close(): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    // The pool would leave calls that wait for a connection waiting.
    await Promise.allSettled(this.#running);
    await this.#pool.end();
  }

  async #migrated(): Promise<Pool> {
    const pool = await this.#pool.get();
    for (const part of this.#options.migrations)
      await migrate(pool, this.#options.server.schema, part);
    return pool;
  }

  async #run<T>(work: (call: DatabaseCall) => Promise<T>): Promise<T> {
    return inTransaction(await this.#ready.get(), (client) =>
      work(async <Row extends QueryResultRow>(text: string, values: readonly unknown[]) => {
        const whole = text.replaceAll('$schema', this.#schema);
        return (await client.query<Row>(whole, [...values])).rows;
      }),
    );
  }
}
