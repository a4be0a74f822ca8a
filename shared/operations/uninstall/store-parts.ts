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

/** A store, and whether the audit log is in it. */
interface StorePart extends UninstallPart {
  readonly hasLog: boolean;
}

const NO_STORE: StorePart = { ...NOTHING, hasLog: false };

/** Where the entry of the removal is, if the audit log goes with its store. */
const PRINTED = 'the entry of this removal is printed at its end';

/** Reads only, and creates nothing. */
export async function storeParts(place: StorePlace): Promise<StorePart> {
  const { queue, failures } = place.context.runtime.config;
  const isOne =
    queue.kind === 'postgres' &&
    failures.kind === 'postgres' &&
    postgresLocation(queue) === postgresLocation(failures);
  const parts = [
    await safely('queue', () => queuePart(place)),
    // One schema has both.
    ...(isOne ? [] : [await safely('failures', () => failurePart(place))]),
  ];
  return { ...joinParts(parts), hasLog: parts.some(({ hasLog }) => hasLog) };
}

async function safely(where: string, look: () => Promise<StorePart>): Promise<StorePart> {
  try {
    return await look();
  } catch (error) {
    const items = [uninstallItems(where).unknown('all of it', errorMessage(error))];
    return { ...NO_STORE, items };
  }
}

/** A reason not to lose it, or undefined. */
const unlessDiscarded = (waits: string | undefined, { discard }: StorePlace): string | undefined =>
  waits === undefined || discard ? undefined : `${waits}; empty it, or discard what waits`;

async function queuePart(place: StorePlace): Promise<StorePart> {
  const { runtime } = place.context;
  const { queue } = runtime.config;
  const { keep } = uninstallItems('queue');
  if (queue.kind === 'postgres') return schemaPart('queue', queue, place);
  if (queue.kind === 'sqlite') return { ...(await sqlitePart(queue.path, place)), hasLog: false };
  const where = `queues ${queue.prefix}-*.fifo in ${queue.endpoint ?? queue.region}`;
  return {
    ...NO_STORE,
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

async function failurePart(place: StorePlace): Promise<StorePart> {
  const { context } = place;
  const { failures } = context.runtime.config;
  const { keep, remove } = uninstallItems('failures');
  if (failures.kind === 'postgres') return schemaPart('failures', failures, place);
  if (failures.kind === 's3')
    return {
      ...NOTHING,
      hasLog: true,
      items: [
        keep(
          `bucket ${failures.bucket}`,
          'it is of the stack, which retains it: empty and delete it',
        ),
      ],
    };
  const { path } = failures;
  const files = storeFiles(path);
  if (files === undefined) return NO_STORE;
  const running =
    files.own.length === 0
      ? []
      : processesWith(files.own).map((pid) => `process ${pid} uses ${path}: stop it`);
  const held = unlessDiscarded(await waitingFailures(context), place);
  if (held !== undefined) return { items: [keep(path, held)], steps: [], running, hasLog: true };
  const others = files.others.map((file) => keep(file, 'Sluice did not make it'));
  return {
    items: [remove(path, `failures, replay jobs, audit log, views; ${PRINTED}`), ...others],
    steps: [
      {
        what: path,
        run: async () => {
          await context.close();
          removeStoreFiles(path);
        },
        endsLog: true,
      },
    ],
    running,
    hasLog: true,
  };
}

/** Queue and failures in PostgreSQL; they may share a schema. */
async function schemaPart(
  where: 'queue' | 'failures',
  server: PostgresServer,
  place: StorePlace,
): Promise<StorePart> {
  const { runtime } = place.context;
  const { keep, remove } = uninstallItems(where);
  const schema: SchemaPlace = {
    server,
    secrets: runtime.secrets,
    steps: [QUEUE_MIGRATIONS, BLOB_MIGRATIONS, ARRIVAL_MIGRATIONS].flatMap(({ steps }) => steps),
  };
  const found = await lookAtSchema(schema);
  if (found === undefined) return NO_STORE;
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
  const hasLog = runtime.config.failures.kind === 'postgres' && hasTable(found.own, 'blob');
  if (held !== undefined)
    return { items: [keep(object, held), ...roles], steps: [], running, hasLog };
  const others = found.others.map((one) =>
    keep(one, 'Sluice did not make it, so the schema stays, too'),
  );
  return {
    items: [
      ...found.own.map((one) => remove(one, `in ${object}${hasLog ? `; ${PRINTED}` : ''}`)),
      ...others,
      ...roles,
    ],
    steps: [
      { what: object, run: () => removeSchema(schema), ...(hasLog && { endsLog: true as const }) },
    ],
    running,
    hasLog,
  };
}

/** `own`: what Sluice made in a schema, in words. */
function hasTable(own: readonly string[], table: string): boolean {
  return own.some((one) => one.endsWith(`.${table}`) || one === `table ${table}`);
}

/** Reading a part that is not there would create its tables. */
async function waitingInSchema(
  { context }: StorePlace,
  own: readonly string[],
): Promise<string | undefined> {
  const has = (table: string): boolean => hasTable(own, table);
  const { queue, failures } = context.runtime.config;
  const messages =
    queue.kind === 'postgres' && has('message')
      ? await waitingMessages(context.runtime)
      : undefined;
  const open =
    failures.kind === 'postgres' && has('blob') ? await waitingFailures(context) : undefined;
  return [messages, open].filter((one) => one !== undefined).join('; ') || undefined;
}
