/** Keys of a PostgreSQL server, the same for the queue and the failure store. */
import { isIP } from 'node:net';
import * as z from 'zod';
import { SecretReference } from './secret-reference.ts';

const HOST = /^(?:\/[^\0]+|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?)$/;

/** A name that PostgreSQL takes as it is written. */
const Identifier = z
  .string()
  .regex(
    /^(?!pg_)[a-z_][a-z0-9_]{0,39}$/,
    'must be a name of small letters, digits and _, of at most 40 characters, that does not begin with pg_',
  );

/** Where the database is, and how it is reached. */
export const POSTGRES_KEYS = {
  host: z
    .string()
    .refine(
      (text) => isIP(text) !== 0 || HOST.test(text),
      'must be a host name, an IP address, or the directory of a Unix socket (`/run/postgresql`); ' +
        'port, database and user have keys of their own',
    )
    .describe(
      'Host name, IP address, or directory of a Unix socket (`/run/postgresql`). ' +
        'Connections to other machines use TLS and verify certificate and name (`verify-full`).',
    ),
  port: z.int().min(1).max(65_535).default(5432).describe('Port.'),
  database: z.string().min(1).max(63).default('sluice').describe('Name of the database.'),
  user: z.string().min(1).max(63).default('sluice').describe('Role with which Sluice logs in.'),
  password: SecretReference.optional().describe(
    'Reference to the password, which is read for each new connection. ' +
      'Omit it if the server asks for none.',
  ),
  ca: SecretReference.optional().describe(
    'PEM bundle of a private CA, by reference. With it, connections to this machine use TLS too.',
  ),
  schema: Identifier.default('sluice').describe(
    'Schema of the tables. Sluice creates it if it does not exist.',
  ),
  connections: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('Connections of one process at most, besides the one that waits for new messages.'),
};

/** The server of a configuration, after parsing; secrets are still references. */
export type PostgresServer = z.infer<z.ZodObject<typeof POSTGRES_KEYS>>;
