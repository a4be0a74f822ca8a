/** How to connect to the server of a configuration. */
import { isIP } from 'node:net';
import type { ClientConfig } from 'pg';
import type { PostgresServer } from '../config/postgres.ts';
import type { Secrets } from '../config/secrets.ts';

/** Nothing that leaves this machine goes without TLS. */
function isThisMachine(host: string): boolean {
  if (host.startsWith('/') || host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/**
 * The password is read for each new connection, so that a rotated one is used. Rejects with a
 * ConfigError if the CA cannot be read.
 */
export async function connectionOptions(
  { host, port, database, user, password, ca }: PostgresServer,
  secrets: Pick<Secrets, 'resolve'>,
): Promise<ClientConfig> {
  const plain = ca === undefined && isThisMachine(host);
  return {
    host,
    port,
    database,
    user,
    application_name: 'sluice',
    keepAlive: true,
    // Without a value, the client would read variables of the environment.
    ssl: plain
      ? false
      : {
          rejectUnauthorized: true,
          ...(ca === undefined ? {} : { ca: await secrets.resolve(ca) }),
        },
    ...(password === undefined ? {} : { password: () => secrets.resolve(password) }),
  };
}

/** Location of the server, for messages. */
export function postgresLocation({ host, port, database, schema }: PostgresServer): string {
  const at = isIP(host) === 6 ? `[${host}]` : host;
  return `PostgreSQL at ${at}:${port}, database ${database}, schema ${schema}`;
}
