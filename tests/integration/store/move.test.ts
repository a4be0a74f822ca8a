/** `sluice store move` from SQLite and files to a real PostgreSQL. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import type { PostgresServer } from '../../../shared/config/postgres.ts';
import { FailuresConfig } from '../../../shared/config/schema.ts';
import type { SluiceConfig } from '../../../shared/config/schema.ts';
import { openBlobs, openFailures } from '../../../shared/failures/open.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import { moveStores } from '../../../shared/operations/store/move.ts';
import type { MoveReport } from '../../../shared/operations/store/move.ts';
import { openQueues } from '../../../shared/queue/open.ts';
import type { QueueMessage, QueueName, Queues } from '../../../shared/queue/port.ts';
import { processClock, processId } from '../../../shared/runtime/process.ts';
import { sighting, T0 } from '../../fixtures/failures/sighting.ts';
import { startDyingProxy } from '../../fixtures/postgres/dying-proxy.ts';
import type { Death } from '../../fixtures/postgres/dying-proxy.ts';
import { describeWithPostgres, startPostgres } from '../../fixtures/postgres/server.ts';
import type { TestServer } from '../../fixtures/postgres/server.ts';
import { NO_SECRETS } from '../../fixtures/secrets.ts';

const RUNTIME = { clock: processClock, id: processId, secrets: NO_SECRETS };
const ALL = { max: 10, waitMs: 0, visibilityMs: 60_000 };
const QUEUES = ['snapshots', 'slices', 'snapshots-dead', 'settled-east'] as const;

type Stores = Pick<SluiceConfig, 'queue' | 'failures' | 'clusters'>;

const inFiles = (dir: string): Stores => ({
  queue: { kind: 'sqlite', path: join(dir, 'queue.sqlite') },
  failures: FailuresConfig.parse({ kind: 'fs', path: join(dir, 'failures') }),
  clusters: [],
});
const inPostgres = (server: PostgresServer): Stores => ({
  queue: { kind: 'postgres', ...server },
  failures: { kind: 'postgres', ...server, retentionDays: 90, replayers: [], replay: [] },
  clusters: [],
});
const move = (from: Stores, to: Stores, dryRun = false): Promise<MoveReport> =>
  moveStores({
    from: { file: 'old.yaml', config: from },
    to: { file: 'new.yaml', config: to },
    secrets: NO_SECRETS,
    clock: processClock,
    dryRun,
  });

/** What a receiver sees of all queues. */
async function drain(queues: Queues): Promise<Partial<Record<QueueName, unknown[]>>> {
  const found: Partial<Record<QueueName, unknown[]>> = {};
  for (const name of QUEUES) {
    const queue = queues.queue(name);
    const all: QueueMessage[] = [];
    for (let some = await queue.receive(ALL); some.length > 0; some = await queue.receive(ALL)) {
      all.push(...some);
      for (const { receipt } of some) await queue.delete(receipt);
    }
    found[name] = all.map(({ receipt: _receipt, sender: _sender, ...message }) => message);
  }
  return found;
}

async function fill(dir: string): Promise<void> {
  const { queue, failures: config } = inFiles(dir);
  const queues = openQueues(queue, RUNTIME);
  for (const [i, body] of ['{"a":1}', 'no JSON ☃ \\u0000', '"é"'].entries())
    for (const name of QUEUES)
      await queues.queue(name).send({ group: `g${i % 2}`, deduplicationId: `${name}-${i}`, body });
  const [tried] = await queues.queue('slices').receive({ ...ALL, max: 1 });
  await queues.queue('slices').changeVisibility(tried!.receipt, 0);
  await queues.close();
  const failures = openFailures(config, RUNTIME);
  await failures.store.record(sighting(1, { body: 'no "event"' }));
  await failures.audit.append({ who: 'a', action: 'b', selection: 'c', why: 'd', result: 'e' });
  await failures.turns.update('nightly', (turn) => ({ ...turn, due: T0 }));
  await failures.waiting.keep({
    kind: 'order',
    device: 'bigip',
    subject: 'east',
    what: 'drain',
    group: 'g',
    sentAt: T0,
    since: T0,
    body: 'order',
    deduplicationId: 'd',
    attempts: [],
  });
  await failures.close();
}

const seen = async ({ store, audit, turns, waiting }: Failures): Promise<unknown> => {
  const heads = await store.list();
  return {
    failures: await Promise.all(heads.map(({ id }) => store.get(id))),
    audit: await audit.list(),
    turn: await turns.get('nightly'),
    waiting: await waiting.list(),
  };
};

async function read(stores: Stores): Promise<unknown> {
  const failures = openFailures(stores.failures, RUNTIME);
  try {
    return await seen(failures);
  } finally {
    await failures.close();
  }
}

/** JSON is YAML. */
const configOf = (stores: string): string =>
  `{"devices": [{"name": "b", "url": "https://192.0.2.1", "username": "a", "password": "env:P", "partitions": ["k8s"]}],
    "clusters": [{"id": "east"}],
    "ingresses": [{"cluster": "east", "service": "istio-system/gw", "devices": ["b"]}],
    ${stores}`;

const states = ({ parts }: MoveReport): readonly string[] => parts.map(({ state }) => state);

describeWithPostgres('sluice store move', () => {
  let server: TestServer;
  let runs = 0;
  let dir: string;
  let old: Stores;
  let next: Stores;
  let schema: string;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'sluice-move-'));
    await fill(dir);
    old = inFiles(dir);
    schema = `move_${(runs += 1)}`;
    next = inPostgres(server.config(schema));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));
  /** Exit code and standard output of the command. */
  const command = async (): Promise<[number | null, string]> => {
    for (const [side, { queue, failures }] of [['old', old] as const, ['new', next] as const])
      writeFileSync(join(dir, side), configOf(JSON.stringify({ queue, failures }).slice(1)));
    const [from, to] = ['old', 'new'].map((side) => join(dir, side));
    const main = join(import.meta.dirname, '../../../functions/cli/main.ts');
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        main,
        'store',
        'move',
        '--from',
        from!,
        '--to',
        to!,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const [out, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return [code as number | null, out];
  };
  const rows = async (table: string): Promise<number> =>
    (await server.run(`SELECT count(*)::int AS n FROM ${schema}.${table}`)).rows[0].n as number;

  test('carries messages with order, ids and receives, and everything in the failure store', async () => {
    const before = await read(old);
    const report = await move(old, next);
    expect(states(report)).toEqual(['moved', 'moved']);
    expect(report.parts.flatMap((part) => part.rows)).toEqual([
      ...QUEUES.toSorted().map((kind) => ({ kind, source: 3, target: 3 })),
      ...['audit', 'evidence', 'index', 'policies', 'waiting'].map((kind) => ({
        kind,
        source: 1,
        target: 1,
      })),
    ]);
    expect(await read(next)).toEqual(before);
    rmSync(join(dir, 'queue.sqlite.moved'));
    const [source, target] = [openQueues(old.queue, RUNTIME), openQueues(next.queue, RUNTIME)];
    const [here, there] = [await drain(source), await drain(target)];
    expect(there).toEqual(here);
    expect(there['slices']).toMatchObject([{ receiveCount: 2 }, { receiveCount: 1 }, {}]);
    await source.close();
    await target.close();
  });

  test('leaves the old place as it was but for a mark, and nobody goes on with it until that is deleted', async () => {
    const before = await read(old);
    await move(old, next);
    expect(() => openQueues(old.queue, RUNTIME)).toThrow(
      expect.objectContaining({
        code: 'Q606',
        message: expect.stringMatching(
          /queue\.sqlite was moved to PostgreSQL at .*delete .*\.moved/,
        ),
      }),
    );
    expect(() => openFailures(old.failures, RUNTIME)).toThrow(
      expect.objectContaining({
        code: 'RPL718',
        message: expect.stringMatching(/failures was moved to PostgreSQL at .*delete .*\.moved/),
      }),
    );
    rmSync(join(dir, 'queue.sqlite.moved'));
    rmSync(join(dir, 'failures', '.moved'));
    expect(await read(old)).toEqual(before);
    const queues = openQueues(old.queue, RUNTIME);
    expect(await queues.queue('slices').depth()).toMatchObject({ waiting: 3 });
    await queues.close();
  });

  test('with --dry-run shows the same numbers, and creates nothing', async () => {
    const planned = await move(old, next, true);
    expect(states(planned)).toEqual(['planned', 'planned']);
    const schemas = await server.run('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
    expect(schemas.rowCount).toBe(0);
    expect(existsSync(join(dir, 'queue.sqlite.moved'))).toBe(false);
    const moved = await move(old, next);
    const sources = ({ parts }: MoveReport): unknown =>
      parts.map((part) => part.rows.map(({ kind, source }) => [kind, source]));
    expect(sources(moved)).toEqual(sources(planned));
  });

  test('copies nothing again after it ended, even if the new place has been in use since', async () => {
    await move(old, next);
    const target = openQueues(next.queue, RUNTIME);
    await drain(target);
    await target.close();
    rmSync(join(dir, 'queue.sqlite.moved'));
    const again = await move(old, next);
    expect(states(again)).toEqual(['already', 'already']);
    expect(again.parts[0]?.rows[0]).toEqual({ kind: 'settled-east', source: 3, target: 3 });
    expect(await rows('message')).toBe(0);
    expect(existsSync(join(dir, 'queue.sqlite.moved'))).toBe(true);
    expect(states(await move(old, next, true))).toEqual(['already', 'already']);
  });

  test('only one of the two stores moves, if only one differs', async () => {
    const report = await move(old, { ...old, queue: next.queue });
    expect(report.parts.map(({ part }) => part)).toEqual(['queue']);
    expect(report.staying).toEqual([{ part: 'failures', where: join(dir, 'failures') }]);
    await expect(read(old)).resolves.toBeDefined();
    const other = await move({ ...old, queue: next.queue }, next);
    expect(other.parts.map(({ part, state }) => [part, state])).toEqual([['failures', 'moved']]);
  });

  test('two databases take one store each', async () => {
    await server.run(`CREATE DATABASE second_${schema}`);
    const second = inPostgres(server.config('other', { database: `second_${schema}` }));
    const to = { ...next, failures: second.failures };
    expect(states(await move(old, to))).toEqual(['moved', 'moved']);
    expect(states(await move(old, to))).toEqual(['already', 'already']);
  });

  test('killed at any packet, and repeated, it carries everything once', async () => {
    const proxy = await startDyingProxy(server.host);
    const through = inPostgres(server.config(schema, { host: proxy.host }));
    const tables = ['message', 'message_group', 'blob', 'arrival'].map((one) => `${schema}.${one}`);
    const digest = `SELECT
      (SELECT md5(string_agg(concat_ws(' ', seq - first, queue, grp, dedup, id, body, sent_at, receive_count), ',' ORDER BY seq))
       FROM ${schema}.message, (SELECT min(seq) AS first FROM ${schema}.message) f) AS messages,
      (SELECT md5(string_agg(concat_ws(' ', key, text, written), ',' ORDER BY key)) FROM ${schema}.blob) AS files`;
    await move(old, through);
    const whole = (await server.run(digest)).rows;
    /** Whether the move failed; it is then repeated. */
    const dies = async (packet: number, death: Death): Promise<boolean> => {
      await server.run(`TRUNCATE ${tables.join()}`);
      proxy.arm(packet, death);
      const failed = await move(old, through).then(
        () => false,
        () => true,
      );
      const ended = proxy.packets() < packet;
      proxy.arm(0, death);
      if (failed) await move(old, through);
      expect([packet, failed, (await server.run(digest)).rows]).toEqual([packet, !ended, whole]);
      return failed;
    };
    // Before that, it only looks.
    proxy.arm(0, 'before');
    await move(old, through, true);
    const looks = proxy.packets();
    let packets = looks;
    while (await dies(packets + 1, 'before')) packets += 1;
    expect(packets - looks).toBeGreaterThan(10);
    // Only the answer to a commit matters: whether it ended is then unknown.
    for (let last = packets - 3; last <= packets; last += 1) await dies(last, 'after');
    await proxy.close();
  }, 60_000);

  describe('refuses, before anything is changed,', () => {
    const refused = (said: RegExp): Promise<void> =>
      expect(move(old, next)).rejects.toMatchObject({
        name: 'MoveRefusal',
        message: expect.stringMatching(said),
      });

    test('a queue file that another process has open', async () => {
      const holder = openQueues(old.queue, RUNTIME);
      await refused(/^old\.yaml: the queue file .*queue\.sqlite is in use; stop "sluice up"/);
      await holder.close();
    });

    test('a failure store in which a process has written', async () => {
      const holder = openBlobs(old.failures, RUNTIME);
      await holder.put('views/a', '1');
      await refused(/^old\.yaml: the failure store .*failures is in use; stop "sluice up"/);
      await holder.close();
    });

    test('places that are not there', async () => {
      old = inFiles(join(dir, 'nowhere'));
      await refused(/the queue file .*nowhere\/queue\.sqlite does not exist; a relative path/);
      old = { ...inFiles(dir), failures: inFiles(join(dir, 'nowhere')).failures };
      await refused(/the failure store .*nowhere\/failures is no directory/);
      expect(existsSync(join(dir, 'nowhere'))).toBe(false);
    });

    test('a file that is no queue', async () => {
      rmSync(join(dir, 'queue.sqlite'));
      new DatabaseSync(join(dir, 'queue.sqlite')).exec('CREATE TABLE other (x)');
      await refused(/queue\.sqlite cannot be read \(no such table: message\)/);
    });

    test('a new place with other content, and says how to empty it', async () => {
      const blobs = openBlobs(next.failures, RUNTIME);
      await blobs.put('views/a', '1');
      await blobs.close();
      const said = new RegExp(`other content \\(failures: 1\\).*TRUNCATE ${schema}\\.blob;$`);
      await refused(said);
      await expect(move(old, next, true)).rejects.toThrow(said);
      expect(existsSync(join(dir, 'failures', '.moved'))).toBe(false);
      await server.run(`TRUNCATE ${schema}.blob`);
      expect(states(await move(old, next))).toEqual(['moved', 'moved']);
    });

    test('what is sent there at the same time, after it has waited for it', async () => {
      const queues = openQueues(next.queue, RUNTIME);
      await queues.queue('slices').depth();
      const sender = new Client({ host: server.host, user: 'sluice', database: 'postgres' });
      await sender.connect();
      await sender.query(`BEGIN; SELECT ${schema}.send('slices', 'g', 'd', 'b')`);
      const moving = refused(/other content \(queue: 1\)/);
      const waits = `SELECT FROM pg_locks WHERE NOT granted AND mode = 'ExclusiveLock'`;
      while ((await server.run(waits)).rowCount === 0);
      await sender.query('COMMIT');
      await moving;
      await sender.end();
      await queues.close();
    });

    test('an old place that is no longer what was moved', async () => {
      await move(old, next);
      rmSync(join(dir, 'queue.sqlite.moved'));
      const queues = openQueues(old.queue, RUNTIME);
      await queues.queue('slices').send({ group: 'g', deduplicationId: 'late', body: 'late' });
      await queues.close();
      await refused(
        new RegExp(
          `is not what was moved from .*DELETE FROM ${schema}\\.arrival WHERE part = 'queue'`,
        ),
      );
      expect(await rows('message')).toBe(12);
    });

    test('a role that may not create tables, or does not own them', async () => {
      await server.run(`CREATE ROLE low_${schema} LOGIN`);
      const low = inPostgres(server.config(schema, { user: `low_${schema}` }));
      const owner = next;
      next = low;
      await refused(new RegExp(`role low_${schema} may not create the missing tables; run GRANT`));
      await move(old, owner);
      await server.run(`GRANT USAGE ON SCHEMA ${schema} TO low_${schema}`);
      await refused(new RegExp(`role low_${schema} does not own arrival, message, message_group`));
    });

    test.each([
      [
        'cannot be reached',
        { host: '/nonexistent' },
        /PostgreSQL at \/nonexistent.*state of PostgreSQL\. The old place is unchanged/,
      ],
      [
        'has no such database',
        { database: 'none' },
        /database "none" does not exist.*Create the database/,
      ],
      [
        'has no such role',
        { user: 'nobody' },
        /role "nobody" does not exist.*Check user and password/,
      ],
    ])('a server that %s', async (_, more, said) => {
      next = inPostgres(server.config(schema, more));
      await refused(said);
    });

    test('a database of another encoding', async () => {
      await server.run(
        `CREATE DATABASE latin_${schema} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`,
      );
      next = inPostgres(server.config(schema, { database: `latin_${schema}` }));
      await refused(/has the encoding LATIN1; create one with ENCODING 'UTF8'/);
    });

    test('a message that PostgreSQL cannot hold, by its id', async () => {
      const queues = openQueues(old.queue, RUNTIME);
      await queues.queue('slices').send({ group: 'g', deduplicationId: 'nul', body: 'a\0b' });
      await queues.close();
      await refused(/message [0-9a-f-]{36} of slices in .* contains a NUL character/);
      const file = new DatabaseSync(join(dir, 'queue.sqlite'));
      file.exec("UPDATE message SET body = CAST(x'61ff62' AS TEXT) WHERE dedup = 'nul'");
      file.close();
      await refused(/message [0-9a-f-]{36} of slices in .* is no UTF-8 text/);
      expect(await rows('message')).toBe(0);
    });
  });

  test('numbers that differ at the end undo it', async () => {
    const blobs = openBlobs(next.failures, RUNTIME);
    await blobs.list('');
    await blobs.close();
    await server.run(`
      CREATE FUNCTION ${schema}.drop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER drop BEFORE INSERT ON ${schema}.blob FOR EACH ROW
        WHEN (NEW.key LIKE 'audit/%') EXECUTE FUNCTION ${schema}.drop()`);
    const report = await move(old, next);
    expect(states(report)).toEqual(['differs']);
    expect(report.parts[0]?.rows[0]).toEqual({ kind: 'audit', source: 1, target: 0 });
    expect([await rows('message'), await rows('blob')]).toEqual([0, 0]);
    expect(existsSync(join(dir, 'failures', '.moved'))).toBe(false);
    const [code, out] = await command();
    expect([code, out]).toEqual([1, expect.stringMatching(/DIFFERS[^]*audit entries +1 +0\n/)]);
  });
});
