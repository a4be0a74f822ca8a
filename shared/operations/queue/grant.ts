/** The SQL of a database role that may only be the watcher of one cluster. */
import type { SluiceConfig } from '../../config/schema.ts';
import { WATCHER_FUNCTIONS } from '../../queue/postgres/migrations.ts';

/** What is wanted. */
export interface GrantOptions {
  /** Id of a cluster of the configuration. */
  readonly cluster: string;
  /** Name of the role; default: `sluice_` and the id of the cluster. */
  readonly role?: string | undefined;
}

/** SQL for a role, and what to write into `sluice.yaml`. */
export interface QueueGrant {
  readonly role: string;
  /** For the owner of the schema; it may be run again. */
  readonly sql: string;
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** PostgreSQL cuts longer names off. */
const ROLE = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/;

/** Throws if the queue is none in PostgreSQL, the cluster is unknown, or the role has no valid name. */
export function grantQueue(
  { queue, clusters }: Pick<SluiceConfig, 'queue' | 'clusters'>,
  { cluster, role = `sluice_${cluster.replaceAll('-', '_')}` }: GrantOptions,
): QueueGrant {
  if (queue.kind !== 'postgres')
    throw new Error(
      `queue.kind is ${queue.kind}, which has no roles of its own; set it to postgres, ` +
        'or sign the events of the cluster ("sluice keys new")',
    );
  if (!clusters.some(({ id }) => id === cluster))
    throw new Error(
      `cluster ${JSON.stringify(cluster)} is not in clusters of sluice.yaml; ` +
        `there are ${clusters.map(({ id }) => id).join(', ')}`,
    );
  if (!ROLE.test(role))
    throw new Error(
      `role ${JSON.stringify(role)} must be a name of small letters, digits and _, ` +
        'of at most 63 characters, that does not begin with pg_',
    );
  if (role === queue.user)
    throw new Error(
      `role ${role} is queue.user, which owns the queues; give the watcher a role of its own`,
    );
  const schema = identifier(queue.schema);
  const name = identifier(role);
  const functions = WATCHER_FUNCTIONS.map((one) => `${schema}.${one}`).join(',\n  ');
  const sql = `BEGIN;
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal(role)}) THEN
    CREATE ROLE ${name} LOGIN;
  END IF;
END $$;
GRANT CONNECT ON DATABASE ${identifier(queue.database)} TO ${name};
GRANT USAGE ON SCHEMA ${schema} TO ${name};
GRANT SELECT ON ${schema}.migration TO ${name};
GRANT EXECUTE ON FUNCTION
  ${functions}
  TO ${name};
DELETE FROM ${schema}.queue_right WHERE role = ${literal(role)};
INSERT INTO ${schema}.queue_right (role, queue, may, groups) VALUES
  (${literal(role)}, 'snapshots', 'send', ${literal(cluster)}),
  (${literal(role)}, ${literal(`settled-${cluster}`)}, 'work', NULL);
COMMIT;
`;
  return { role, sql };
}
