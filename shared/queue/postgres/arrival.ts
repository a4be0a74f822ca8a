/** Messages from another queue, in the tables of the queue. */
import type { PostgresServer } from '../../config/postgres.ts';
import { countKinds } from '../../postgres/moving.ts';
import type { MoveTarget } from '../../postgres/moving.ts';
import type { MovedMessage } from '../sqlite/leaving.ts';
import { QUEUE_MIGRATIONS } from './migrations.ts';

/**
 * Ids, times and receives are kept, and `seq` follows the order of the page. The sender is who
 * moves, as of everything that this role sends. Nothing is in flight: its process is gone.
 */
const WRITE = `
  WITH item AS (
    SELECT * FROM unnest(
      $1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::integer[]
    ) WITH ORDINALITY AS i (queue, grp, dedup, id, body, sent_at, receives, place)
  ), groups AS (
    INSERT INTO $schema.message_group (queue, grp, used_at)
      SELECT g.queue, g.grp, clock_timestamp() FROM (SELECT DISTINCT queue, grp FROM item) g
      ON CONFLICT DO NOTHING
  )
  INSERT INTO $schema.message (queue, grp, dedup, id, body, sender, sent_at, receive_count)
    SELECT queue, grp, dedup, id, body, session_user,
      'epoch'::timestamptz + sent_at * interval '1 ms', receives
    FROM item ORDER BY place`;

const COUNT =
  'SELECT queue AS kind, count(*)::integer AS count FROM $schema.message GROUP BY queue';

/** The tables of this server. */
export function postgresArrival(server: PostgresServer): MoveTarget<MovedMessage> {
  return {
    server,
    migrations: QUEUE_MIGRATIONS,
    tables: ['message', 'message_group'],
    count: (call) => countKinds(call, COUNT),
    write: async (call, items) => {
      await call(WRITE, [
        items.map(({ kind }) => kind),
        items.map(({ group }) => group),
        items.map(({ deduplicationId }) => deduplicationId),
        items.map(({ id }) => id),
        items.map(({ body }) => body),
        items.map(({ sentAt }) => sentAt),
        items.map(({ receiveCount }) => receiveCount),
      ]);
    },
  };
}
