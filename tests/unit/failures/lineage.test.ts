/** After a failover that lost writes, or a restore, people are told once what they may have to repeat. */
import { expect, test } from '@jest/globals';
import { createLookBack } from '../../../functions/audit/look-back.ts';
import type { BlobLineage } from '../../../shared/failures/blobs.ts';
import { failuresOver } from '../../../shared/failures/open.ts';
import type { Failures } from '../../../shared/failures/open.ts';
import { troublesOf } from '../../../shared/operations/now/troubles.ts';
import { memoryBlobs } from '../../fixtures/failures/blobs.ts';
import { testRuntime } from '../../fixtures/failures/runtime.ts';

const HOUR_MS = 3_600_000;

function start(lineage: BlobLineage | 'none' = { id: 'a/1', waits: false }) {
  const runtime = testRuntime();
  const blobs = memoryBlobs(() => runtime.clock.now());
  const held = { lineage: lineage === 'none' ? undefined : lineage };
  const storage = { ...blobs, lineage: async () => held.lineage };
  const logged: unknown[] = [];
  const log = { ...runtime.log, warn: (fields: object) => void logged.push(fields) };
  const replica = (): { readonly failures: Failures; look(): Promise<void> } => {
    const failures = failuresOver(storage, runtime);
    return { failures, look: createLookBack({ ...runtime, log }, async () => failures) };
  };
  const calm = {
    heads: [],
    waiting: [],
    clusters: [],
    audits: [],
    queues: [],
    jobs: [],
    unseen: [],
  };
  return {
    runtime,
    held,
    logged,
    replica,
    troubles: async () =>
      troublesOf({
        ...calm,
        now: runtime.clock.now(),
        rollback: await replica().failures.lineage.recent(),
      }).map(({ code, sentence }) => [code, sentence]),
  };
}

test('one of several replicas tells it, with the time from which changes may be missing', async () => {
  const site = start();
  const [a, b] = [site.replica(), site.replica()];
  await a.look();
  site.runtime.advance(60_000);
  await Promise.all([a.look(), b.look()]);
  const sign = new Date(site.runtime.clock.now()).toISOString();
  site.runtime.advance(20_000);
  site.held.lineage = { id: 'a/2', waits: false };
  for (let i = 0; i < 3; i += 1) await Promise.all([a.look(), b.look()]);
  const entries = await a.failures.audit.list();
  expect(entries).toMatchObject([
    { who: 'sluice', action: 'store rolled back', result: expect.stringContaining(sign) },
  ]);
  expect(site.logged).toEqual([{ code: 'RPL717', store: 'memory' }]);
  expect(await site.troubles()).toEqual([['RPL717', entries[0]?.result]]);
  site.runtime.advance(25 * HOUR_MS);
  expect(await site.troubles()).toEqual([]);
});

test('with a synchronous standby nothing is missing, which the entry says, and nothing is wrong', async () => {
  const site = start({ id: 'a/1', waits: true });
  const one = site.replica();
  await one.look();
  site.held.lineage = { id: 'a/2', waits: true };
  await one.look();
  expect(await one.failures.audit.list()).toMatchObject([
    { result: expect.stringMatching(/nothing is lost if it was that one/) },
  ]);
  expect(await site.troubles()).toEqual([]);
});

test('storages that do not tell their lineage are left alone', async () => {
  const site = start('none');
  const one = site.replica();
  await one.look();
  expect(await one.failures.audit.list()).toEqual([]);
  expect(await site.troubles()).toEqual([]);
});
