/**
 * The host runs the packed functions, with the settings of the compiled template, over SQS or the
 * queue of one host.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { strToU8, zipSync } from 'fflate';
import { randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { compileTemplate } from '../../../infra/lab/host/compile.ts';
import { startHost, type Host } from '../../../infra/lab/host/host.ts';
import { createQueuesOn, startLocalSqs, type LocalSqs } from '../../../infra/lab/host/sqs.ts';
import { functionsOf, queuesOf, type Template } from '../../../infra/lab/host/template.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import { FailuresConfig } from '../../../shared/config/schema.ts';
import { openFailures } from '../../../shared/failures/open.ts';
import { build } from '../../../infra/build/bundle.ts';
import { MAX_RECEIVE_COUNT } from '../../../shared/queue/limits.ts';
import type { Queues } from '../../../shared/queue/port.ts';
import { createSqliteQueues } from '../../../shared/queue/sqlite/queues.ts';
import { createSqsQueues } from '../../../shared/queue/sqs/queues.ts';
import { processClock } from '../../../shared/runtime/process.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import { runtimeWith } from '../../fixtures/runtime.ts';
import { NO_SECRETS } from '../../fixtures/secrets.ts';

const root = resolve(import.meta.dirname, '../../..');
const EXAMPLE = join(root, 'infra', 'aws', 'example.yaml');
const HANDLER = join(root, 'tests', 'fixtures', 'host', 'handler.mjs');

interface Line {
  readonly message: string;
  readonly body?: string;
  readonly group?: string;
  readonly name?: string;
  readonly here?: string;
}

/** Log lines, and a way to wait for one. */
function createListener(): {
  readonly log: Logger;
  readonly lines: Line[];
  until(found: (lines: readonly Line[]) => boolean): Promise<void>;
} {
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const write = (fields: object, message: string): void => {
    lines.push({ ...fields, message });
    for (const look of waiting) look();
  };
  const log: Logger = { debug: write, info: write, warn: write, error: write, child: () => log };
  return {
    log,
    lines,
    until: (found) => {
      const { promise, resolve: done } = Promise.withResolvers<void>();
      const look = (): void => {
        if (!found(lines)) return;
        waiting.delete(look);
        done();
      };
      waiting.add(look);
      look();
      return promise;
    },
  };
}

let template: Template;
beforeAll(async () => {
  await build({
    root,
    out: join(root, 'dist'),
    only: ['map', 'apply', 'express', 'park'],
    say: () => undefined,
  });
  template = await compileTemplate({ root, config: EXAMPLE });
}, 120_000);

let dist: string;
let heard: ReturnType<typeof createListener>;
let queues: Queues;
let host: Host | undefined;
beforeEach(() => {
  dist = mkdtempSync(join(tmpdir(), 'sluice-host-'));
  heard = createListener();
  for (const name of ['map', 'apply', 'express', 'park']) {
    mkdirSync(join(dist, name));
    copyFileSync(HANDLER, join(dist, name, 'handler.mjs'));
    writeFileSync(
      join(dist, `${name}.zip`),
      zipSync({ 'handler.mjs': strToU8(readFileSync(HANDLER, 'utf8')) }),
    );
  }
});
afterEach(async () => {
  await host?.stop();
  host = undefined;
  await queues.close();
  rmSync(dist, { recursive: true });
});

function runtime(): Runtime {
  const config = parseConfig(readFileSync(EXAMPLE, 'utf8'), EXAMPLE, 1);
  // The example stores failures in a bucket.
  const failures = FailuresConfig.parse({ kind: 'fs', path: join(dist, 'failures') });
  return runtimeWith({
    config: { ...config, failures },
    secrets: { resolve: async () => 'secret' },
    queues,
    log: heard.log,
  });
}

const handled = (lines: readonly Line[]): string[] =>
  lines.filter((line) => line.message === 'handled').map((line) => line.body ?? '');

async function playBoth(): Promise<void> {
  await queues.queue('snapshots').send({ group: 'a', deduplicationId: '1', body: 'fail-once' });
  await queues.queue('snapshots').send({ group: 'b', deduplicationId: '2', body: 'other' });
  await queues.queue('slices').send({ group: 'bigip', deduplicationId: '3', body: 'slice' });
  await heard.until((lines) => handled(lines).length === 3);
}

describe('the host, on the queue of one host', () => {
  beforeEach(() => {
    queues = createSqliteQueues({ path: ':memory:', clock: processClock, id: randomUUID });
  });

  test('runs the built bundles: each takes from its own queue, and what is reported is retried', async () => {
    host = await startHost({ dist, runtime: runtime() });
    expect(host.functions).toEqual(['map', 'apply', 'express', 'park', 'park']);
    await playBoth();
    expect(handled(heard.lines).sort()).toEqual(['fail-once', 'other', 'slice']);
    expect(heard.lines.find((line) => line.body === 'slice')).toMatchObject({
      name: 'apply',
      group: 'bigip',
      here: join(dist, 'apply'),
    });
    expect(heard.lines.filter((line) => line.message === 'reported')).toHaveLength(1);
  });

  test('runs the packed zips, each in a separate folder that is removed afterwards', async () => {
    host = await startHost({ dist, runtime: runtime(), template });
    await playBoth();
    const folders = [...new Set(heard.lines.flatMap((line) => line.here ?? []))];
    expect(folders).toHaveLength(2);
    expect(folders.filter((folder) => folder.startsWith(dist))).toEqual([]);
    await host.stop();
    expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
  });

  test('stops by finishing messages in progress, then closing the functions', async () => {
    host = await startHost({ dist, runtime: runtime() });
    await playBoth();
    await host.stop();
    expect(heard.lines.filter((line) => line.message === 'closed')).toHaveLength(5);
    expect(await queues.queue('snapshots').depth()).toEqual({ waiting: 0, inFlight: 0 });
  });

  test('starts all functions or none', async () => {
    rmSync(join(dist, 'apply', 'handler.mjs'));
    await expect(startHost({ dist, runtime: runtime() })).rejects.toThrow(
      /apply\/handler\.mjs cannot be loaded.*npm run build/,
    );
  });

  test('refuses a file that is no function', async () => {
    writeFileSync(join(dist, 'map', 'handler.mjs'), 'export const handler = async () => {};');
    await expect(startHost({ dist, runtime: runtime() })).rejects.toThrow(
      'does not export both create and handler',
    );
  });

  test('runs the built functions: a message that is no event ends in the failure store', async () => {
    host = await startHost({ dist: join(root, 'dist'), runtime: runtime(), template });
    await queues
      .queue('snapshots')
      .send({ group: 'a', deduplicationId: '1', body: 'not an event' });
    await heard.until((lines) => lines.some((line) => line.message === 'parked'));
    await host.stop();
    const failures = openFailures(runtime().config.failures, {
      clock: processClock,
      id: randomUUID,
      secrets: NO_SECRETS,
    });
    const [head, ...more] = await failures.store.list();
    expect(more).toEqual([]);
    expect(await failures.store.get(head?.id ?? '')).toMatchObject({
      code: 'Q610',
      state: 'open',
      details: { event: { body: 'not an event', queue: 'snapshots', group: 'a' } },
    });
    await failures.close();
    expect(await queues.queue('snapshots-dead').depth()).toEqual({ waiting: 0, inFlight: 0 });
  });
});

describe('the host, over SQS with the real client', () => {
  let sqs: LocalSqs;
  beforeEach(async () => {
    sqs = await startLocalSqs();
    await createQueuesOn(sqs, queuesOf(template));
    queues = createSqsQueues({
      region: sqs.region,
      endpoint: sqs.endpoint,
      credentials: sqs.credentials,
      prefix: 'sluice',
    });
  });
  afterEach(() => sqs.stop());

  test('runs the packed zips on the queues of the template', async () => {
    host = await startHost({ dist, runtime: runtime(), template, waitMs: 1_000 });
    await playBoth();
    expect(handled(heard.lines).sort()).toEqual(['fail-once', 'other', 'slice']);
  });

  test('the queues have the redrive of the template', async () => {
    const snapshots = queues.queue('snapshots');
    await snapshots.send({ group: 'a', deduplicationId: '1', body: 'poison' });
    for (let i = 0; i < MAX_RECEIVE_COUNT; i += 1) {
      const [message] = await snapshots.receive({ max: 1, waitMs: 0, visibilityMs: 30_000 });
      await snapshots.changeVisibility(message?.receipt ?? '', 0);
    }
    expect(await snapshots.receive({ max: 1, waitMs: 0, visibilityMs: 30_000 })).toEqual([]);
    expect(
      await queues.queue('snapshots-dead').receive({ max: 1, waitMs: 0, visibilityMs: 30_000 }),
    ).toMatchObject([{ body: 'poison' }]);
  });
});

describe('a template', () => {
  beforeEach(() => {
    queues = createSqliteQueues({ path: ':memory:', clock: processClock, id: randomUUID });
  });

  function without(id: string): Template {
    return {
      ...template,
      Resources: Object.fromEntries(
        Object.entries(template.Resources).filter(([key]) => key !== id),
      ),
    };
  }

  test.each(['SnapshotsQueue', 'MapLambdaFunction'])(
    'without %s is refused, and the missing resource is named',
    (id) => {
      expect(() => functionsOf(without(id))).toThrow(`The template has no ${id}`);
    },
  );

  test('whose redrive leads nowhere is refused, and the missing queue is named', () => {
    expect(() => queuesOf(without('SlicesDeadQueue'))).toThrow(
      'The template has no SlicesDeadQueue',
    );
  });
});
