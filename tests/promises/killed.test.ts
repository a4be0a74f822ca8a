/**
 * Processes that really crash while they handle a message: each crash delays the other messages by
 * one visibility timeout, and all crashes together by at most two.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DEAD_LETTER_EVENTS } from '../../shared/queue/dead-letter.ts';
import { parseEvent, serialiseEvent } from '../../shared/queue/envelope.ts';
import { INGRESS_OBSERVED, SLICE_EVENTS } from '../../shared/queue/events.ts';
import type { Queues } from '../../shared/queue/port.ts';
import { newKeyPair, readSigner } from '../../shared/queue/signature.ts';
import { createSqliteQueues } from '../../shared/queue/sqlite/queues.ts';
import { processClock } from '../../shared/runtime/process.ts';

const MAP = join(import.meta.dirname, '../fixtures/killed/map.ts');
const NEIGHBOURS = [0, 1, 2, 3, 4].map((i) => `east/a/gateway-${i}`);
/** Milliseconds. */
const VISIBILITY = 2_000;

const read = readSigner(newKeyPair().privatePem);
if ('problem' in read) throw new Error(read.problem);
const signer = read.ok;

let folder: string;
let queues: Queues;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-killed-'));
  queues = createSqliteQueues({
    path: join(folder, 'queue.sqlite'),
    clock: processClock,
    id: () => crypto.randomUUID(),
  });
});
afterEach(async () => {
  await queues.close();
  rmSync(folder, { recursive: true });
});

async function send(owner: string): Promise<void> {
  const [cluster = '', namespace = '', service = ''] = owner.split('/');
  const objects = Object.fromEntries(
    [
      'gateways virtualServices services pods nodes endpointSlices configMaps',
      'apiGateways listenerSets apiRoutes namespaces',
    ]
      .flatMap((names) => names.split(' '))
      .map((name) => [name, []]),
  );
  const body = serialiseEvent(
    INGRESS_OBSERVED,
    {
      cluster,
      clusterUid: `uid-${cluster}`,
      ingress: { namespace, service },
      revision: { epoch: 1, counter: 1 },
      changes: [],
      removed: true,
      objects,
    },
    { id: owner, cluster, subject: owner, time: new Date().toISOString() },
    // A message that claims to be signed makes map look for the keys of its cluster.
    cluster === 'deadly' ? signer : undefined,
  );
  await queues.queue('snapshots').send({ group: owner, deduplicationId: owner, body });
}

/** Runs a process until it crashes, or stops it when nothing is left to do. */
async function live(isDone: () => Promise<boolean>): Promise<NodeJS.Signals | 'done'> {
  const child = fork(MAP, [folder, String(VISIBILITY)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const death = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals);
  for (;;) {
    const over = await Promise.race([death, processClock.sleep(50).then(() => undefined)]);
    if (over !== undefined) return over;
    if (!(await isDone())) continue;
    child.kill('SIGTERM');
    await death;
    return 'done';
  }
}

test('a message that crashes its process delays others by at most two visibility timeouts', async () => {
  await send('deadly/a/gateway');
  for (const owner of NEIGHBOURS) await send(owner);
  const waiting = async (): Promise<number> => {
    const { waiting: visible, inFlight } = await queues.queue('snapshots').depth();
    return visible + inFlight;
  };
  /** The number of other messages that were handled when each process had ended. */
  const served: number[] = [];
  const ends: (NodeJS.Signals | 'done')[] = [];
  while (ends.at(-1) !== 'done') {
    ends.push(await live(async () => (await waiting()) === 0));
    const { waiting: visible, inFlight } = await queues.queue('slices').depth();
    served.push(visible + inFlight);
  }
  // Once with the others, three times alone; the next process does not parse it.
  expect(ends).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL', 'done']);
  // The first and the second crash each hide the other messages for one visibility timeout; later
  // crashes no longer affect them.
  expect(served.slice(2)).toEqual([5, 5, 5]);

  const slices = await queues.queue('slices').receive({ max: 10, waitMs: 0, visibilityMs: 60_000 });
  expect(
    slices
      .map(({ body }) => parseEvent(body, SLICE_EVENTS))
      .flatMap((event) => ('ok' in event ? [event.ok.subject] : []))
      .toSorted(),
  ).toEqual(NEIGHBOURS);
  const letters = await queues
    .queue('snapshots-dead')
    .receive({ max: 10, waitMs: 0, visibilityMs: 60_000 });
  expect(letters.map(({ body }) => parseEvent(body, DEAD_LETTER_EVENTS))).toMatchObject([
    { ok: { data: { code: 'Q617', original: { receiveCount: 5 } } } },
  ]);
});
