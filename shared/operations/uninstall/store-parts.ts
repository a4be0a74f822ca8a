/** What Sluice keeps outside of clusters and devices: the queue and the failure store. */
import { existsSync, rmSync } from 'node:fs';
import type { PostgresServer } from '../../config/postgres.ts';
import { removeStoreFiles, storeFiles } from '../../failures/fs/remains.ts';
import { BLOB_MIGRATIONS } from '../../failures/postgres/blobs.ts';
import { postgresLocation } from '../../postgres/options.ts';
import { lookAtSchema, removeSchema } from '../../postgres/removal.ts';
import type { SchemaPlace } from '../../postgres/removal.ts';
import { QUEUE_MIGRATIONS } from '../../queue/postgres/migrations.ts';
import { ARRIVAL_MIGRATIONS } from '../store/arrival-note.ts';
import { heldClusters, queueFiles } from '../../queue/sqlite/files.ts';
import { processesWith } from '../../runtime/open-files.ts';
import { errorMessage } from '../../telemetry/errors.ts';
import type { OperationContext } from '../context.ts';
import { uninstallItems, joinParts, NOTHING } from './part.ts';
import type { UninstallPart } from './part.ts';
import { waitingFailures, waitingMessages } from './still-waiting.ts';

/** The stores, and whether what waits in them may be lost. */
export interface StorePlace {
  readonly context: Pick<OperationContext, 'runtime' | 'store' | 'waiting' | 'close'>;
  readonly discard: boolean;
}

/** Reads only, and creates nothing. */
export async function storeParts(place: StorePlace): Promise<UninstallPart> {
  const { queue, failures } = place.context.runtime.config;
  const isOne =
    queue.kind === 'postgres' &&
    failures.kind === 'postgres' &&
    postgresLocation(queue) === postgresLocation(failures);
  return joinParts([
    await safely('queue', () => queuePart(place)),
    // One schema has both.
    ...(isOne ? [] : [await safely('failures', () => failurePart(place))]),
  ]);
}

async function safely(where: string, look: () => Promise<UninstallPart>): Promise<UninstallPart> {
  try {
    return await look();
  } catch (error) {
    return { ...NOTHING, items: [uninstallItems(where).unknown('all of it', errorMessage(error))] };
  }
}

/** A reason not to lose it, or undefined. */
const unlessDiscarded = (waits: string | undefined, { discard }: StorePlace): string | undefined =>
  waits === undefined || discard ? undefined : `${waits}; empty it, or discard what waits`;

async function queuePart(place: StorePlace): Promise<UninstallPart> {
  const { runtime } = place.context;
  const { queue } = runtime.config;
  const { keep } = uninstallItems('queue');
  if (queue.kind === 'postgres') return schemaPart('queue', queue, place);
  if (queue.kind === 'sqlite') return sqlitePart(queue.path, place);
  const where = `queues ${queue.prefix}-*.fifo in ${queue.endpoint ?? queue.region}`;
  return {
    ...NOTHING,
    items: [
      keep(where, 'they are of the stack: npx serverless remove, then delete what it retains'),
    ],
  };
}

async function sqlitePart(path: string, place: StorePlace): Promise<UninstallPart> {
  const { runtime } = place.context;
  const { keep, remove } = uninstallItems('queue');
  const files = queueFiles(path);
  if (!existsSync(path)) return filesPart(files);
  const running = [
    ...heldClusters(path).map((id) => `a "sluice up" of cluster ${id} uses ${path}: stop it`),
    ...processesWith(files).map((pid) => `process ${pid} uses ${path}: stop it`),
  ];
  const held = unlessDiscarded(await waitingMessages(runtime), place);
  if (held !== undefined) return { items: [keep(path, held)], steps: [], running };
  return {
    items: [remove(path, 'the queue file, with the files beside it')],
    steps: [
      {
        what: path,
        run: async () => {
          await runtime.queues.close();
          for (const file of queueFiles(path)) rmSync(file, { force: true });
        },
      },
    ],
    running,
  };
}

/** What an interrupted removal left beside a queue file that is gone. */
function filesPart(files: readonly string[]): UninstallPart {
  return {
    items: files.map((file) => uninstallItems('queue').remove(file, 'left beside the queue file')),
    steps: files.map((file) => ({
      what: file,
      run: () => Promise.resolve(rmSync(file, { force: true })),
    })),
    running: [],
  };
}

async function failurePart(place: StorePlace): Promise<UninstallPart> {
  const { context } = place;
  const { failures } = context.runtime.config;
  const { keep, remove } = uninstallItems('failures');
  if (failures.kind === 'postgres') return schemaPart('failures', failures, place);
  if (failures.kind === 's3')
    return {
      ...NOTHING,
      items: [
        keep(
          `bucket ${failures.bucket}`,
          'it is of the stack, which retains it: empty and delete it',
        ),
      ],
    };
  const { path } = failures;
  const files = storeFiles(path);
  if (files === undefined) return NOTHING;
  const running =
    files.own.length === 0
      ? []
      : processesWith(files.own).map((pid) => `process ${pid} uses ${path}: stop it`);
  const held = unlessDiscarded(await waitingFailures(context), place);
  if (held !== undefined) return { items: [keep(path, held)], steps: [], running };
  const others = files.others.map((file) => keep(file, 'Sluice did not make it'));
  return {
    items: [remove(path, 'failures, replay jobs, audit log, views'), ...others],
    steps: [
      {
        what: path,
        run: async () => {
          await context.close();
          removeStoreFiles(path);
        },
      },
    ],
    running,
  };
}

/** Queue and failures in PostgreSQL; they may share a schema. */
async function schemaPart(
  where: 'queue' | 'failures',
  server: PostgresServer,
  place: StorePlace,
): Promise<UninstallPart> {
  const { runtime } = place.context;
  const { keep, remove } = uninstallItems(where);
  const schema: SchemaPlace = {
    server,
    secrets: runtime.secrets,
    steps: [QUEUE_MIGRATIONS, BLOB_MIGRATIONS, ARRIVAL_MIGRATIONS].flatMap(({ steps }) => steps),
  };
  const found = await lookAtSchema(schema);
  if (found === undefined) return NOTHING;
  const object = postgresLocation(server);
  const running = found.users.map(
    (one) => `${one} to ${object}: stop the processes of Sluice there`,
  );
  const roles = found.roles.map((role) =>
    keep(
      `role ${role}`,
      `as its administrator: REVOKE CONNECT ON DATABASE "${server.database}" FROM "${role}"; DROP ROLE "${role}"`,
    ),
  );
  const held = unlessDiscarded(await waitingInSchema(place, found.own), place);
  if (held !== undefined) return { items: [keep(object, held), ...roles], steps: [], running };
  const others = found.others.map((one) =>
    keep(one, 'Sluice did not make it, so the schema stays, too'),
  );
  return {
    items: [...found.own.map((one) => remove(one, `in ${object}`)), ...others, ...roles],
    steps: [{ what: object, run: () => removeSchema(schema) }],
    running,
  };
}

/** Reading a part that is not there would create its tables. */
async function waitingInSchema(
  { context }: StorePlace,
  own: readonly string[],
): Promise<string | undefined> {
  const has = (table: string): boolean =>
    own.some((one) => one.endsWith(`.${table}`) || one === `table ${table}`);
  const { queue, failures } = context.runtime.config;
  const messages =
    queue.kind === 'postgres' && has('message')
      ? await waitingMessages(context.runtime)
      : undefined;
  const open =
    failures.kind === 'postgres' && has('blob') ? await waitingFailures(context) : undefined;
  return [messages, open].filter((one) => one !== undefined).join('; ') || undefined;
}
