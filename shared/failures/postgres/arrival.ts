/** Files from another failure store, as rows. */
import type { PostgresServer } from '../../config/postgres.ts';
import { countKinds } from '../../postgres/moving.ts';
import type { MoveTarget } from '../../postgres/moving.ts';
import type { MovedBlob } from '../fs/leaving.ts';
import { BLOB_MIGRATIONS } from './blobs.ts';

const WRITE = `
  INSERT INTO $schema.blob (key, text, written)
    SELECT key, text, 'epoch'::timestamptz + written * interval '1 ms'
    FROM unnest($1::text[], $2::text[], $3::float8[]) AS i (key, text, written)`;

const COUNT =
  "SELECT split_part(key, '/', 1) AS kind, count(*)::integer AS count FROM $schema.blob GROUP BY 1";

/** The table of this server. */
export function postgresBlobArrival(server: PostgresServer): MoveTarget<MovedBlob> {
  return {
    server,
    migrations: BLOB_MIGRATIONS,
    tables: ['blob'],
    count: (call) => countKinds(call, COUNT),
    write: async (call, items) => {
      await call(WRITE, [
        items.map(({ key }) => key),
        items.map(({ text }) => text),
        items.map(({ written }) => written),
      ]);
    },
  };
}
