/** How to connect to the server of a configuration. */
import { isIP } from 'node:net';
import type { ClientConfig } from 'pg';
import type { PostgresServer } from '../config/postgres.ts';
import type { Secrets } from '../config/secrets.ts';
import { isThisHost } from '../runtime/this-host.ts';

/** Nothing that leaves this machine goes without TLS; a host with a slash is a Unix socket. */
export function usesTls({ host, ca }: Pick<PostgresServer, 'host' | 'ca'>): boolean {
  return ca !== undefined || !(host.startsWith('/') || isThisHost(host));
}

/**
 * The password is read for each new connection, so that a rotated one is used. Rejects with a
 * ConfigError if the CA cannot be read.
 */
export async function connectionOptions(
  { host, port, database, user, password, ca }: PostgresServer,
  secrets: Pick<Secrets, 'resolve'>,
): Promise<ClientConfig> {
  return {
    host,
    port,
    database,
    user,
    application_name: 'sluice',
    keepAlive: true,
    // Without a value, the client would read variables of the environment.
    ssl: usesTls({ host, ca })
      ? {
          rejectUnauthorized: true,
          ...(ca === undefined ? {} : { ca: await secrets.resolve(ca) }),
        }
      : false,
    ...(password === undefined ? {} : { password: () => secrets.resolve(password) }),
  };
}

/** Location of the server, for messages. */
export function postgresLocation({ host, port, database, schema }: PostgresServer): string {
  const at = isIP(host) === 6 ? `[${host}]` : host;
  return `PostgreSQL at ${at}:${port}, database ${database}, schema ${schema}`;
}
