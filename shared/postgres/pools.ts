/**
 * One pool for each server in a process, whatever the number of functions in it that have queues
 * and a failure store of their own, so that its connections are bounded.
 */
import { Pool } from 'pg';
import type { PostgresServer } from '../config/postgres.ts';
import type { Secrets } from '../config/secrets.ts';
import { lazily } from '../runtime/lazy.ts';
import type { Lazy } from '../runtime/lazy.ts';
import { connectionOptions } from './options.ts';
import { STATEMENT_MS } from './transaction.ts';

/** A use of a pool. */
export interface PoolUse {
  /** Opens it with the first call. */
  get(): Promise<Pool>;
  /** Once. The last one closes the pool; resolves when its connections are closed. */
  end(): Promise<void>;
}

/** Milliseconds of one answer: longer than the server's limit, so that the client hears the reason. */
const ANSWER_MS = STATEMENT_MS + 5_000;
/** Milliseconds of a login, and until an unused connection is closed. */
const CONNECT_MS = 10_000;
const IDLE_MS = 30_000;

const pools = new Map<string, { readonly pool: Lazy<Pool>; users: number }>();

async function openPool(server: PostgresServer, secrets: Pick<Secrets, 'resolve'>): Promise<Pool> {
  const pool = new Pool({
    ...(await connectionOptions(server, secrets)),
    max: server.connections,
    query_timeout: ANSWER_MS,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
  });
  // A server that restarts ends idle connections; the next call opens another one.
  pool.on('error', () => undefined);
  return pool;
}

/** The same pool for the same login to the same server. */
export function usePool(server: PostgresServer, secrets: Pick<Secrets, 'resolve'>): PoolUse {
  const { host, port, database, user, password, ca, connections } = server;
  const key = JSON.stringify([host, port, database, user, password, ca, connections]);
  const entry = pools.get(key) ?? { pool: lazily(() => openPool(server, secrets)), users: 0 };
  pools.set(key, entry);
  entry.users += 1;
  return {
    get: () => entry.pool.get(),
    end: async () => {
      entry.users -= 1;
      if (entry.users > 0) return;
      pools.delete(key);
      await entry.pool.close((pool) => pool.end());
    },
  };
}
